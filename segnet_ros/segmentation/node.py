"""The lifecycle node `segmentation`: class, uncertainty and drivable ground for each image.

segmentation --ros-args -r image:=/camera/image_raw -p weights:=segnet_lite_outdoor
segmentation --ros-args -r image:=/camera/image_raw -p camera_height:=1.2 -p camera_pitch:=0.1
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import SetBool

from segnet_model.base.errors import SettingsError
from segnet_model.base.signals import stop_on_signals
from segnet_model.base.terminal import escaped
from segnet_model.engines.gpu_health import gpu_health
from segnet_model.threads import use_threads
from segnet_ros.ros.log import PlainLogs, forwarded
from segnet_ros.ros.parameter_table import declare_table, read_table
from segnet_ros.ros.transitions import refuse_invalid_transitions
from segnet_ros.ros.usage import helped
from segnet_ros.segmentation import parameters
from segnet_ros.segmentation.diagnostics import Diagnostics, Observation
from segnet_ros.segmentation.pipeline import Pipeline
from segnet_ros.segmentation.reloading import LOAD_TIMEOUT, Reloader, add_services, load_network
from segnet_ros.segmentation.settings import NodeSettings

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
SPIN_TIMEOUT = 0.1  # seconds between two checks for a signal


class SegmentationNode(PlainLogs, LifecycleNode):
    """Segments the images of a camera, or of several.

    Configure loads the network and creates the outputs, activate subscribes; deactivate and cleanup
    undo exactly that. Transitions run in the executor, frames in a worker thread, and reloads in
    another thread.
    """

    def __init__(self, **arguments: Any) -> None:
        """Declare the parameters; arguments go to `rclpy.node.Node`.

        Raises:
            ParameterException: a parameter from outside is refused.
        """
        super().__init__("segmentation", **arguments)
        self._state = "unconfigured"
        self._reason = ""
        self._pipeline: Pipeline | None = None  # None while unconfigured
        self._snapshot: NodeSettings | None = None  # None where rclpy has no callback after a set
        self._reloader = Reloader(self, lambda: self._pipeline, lambda: self.settings)
        self.add_on_set_parameters_callback(self._check_changes)
        declare_table(self, NodeSettings)
        if hasattr(self, "add_post_set_parameters_callback"):  # not in Humble
            self._snapshot = read_table(self, NodeSettings)
            self.add_post_set_parameters_callback(self._apply_changes)
        refuse_invalid_transitions(self)
        self._slow_services = add_services(self, self._reloader)
        self.create_service(SetBool, "~/set_enabled", self._set_enabled)
        self._log = ExitStack()
        self._log.enter_context(forwarded(self.get_logger()))
        self._diagnostics = Diagnostics(self, self.settings.diagnostics_period, self._observe)

    @property
    def settings(self) -> NodeSettings:
        """The present parameters; parameters that were set together appear together."""
        return self._snapshot or read_table(self, NodeSettings)

    def start(self) -> bool:
        """Configure and activate; returns whether both succeeded."""
        return self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the network and create the outputs; a failure leaves nothing behind."""
        try:
            self._build(self.settings)
        except Exception as error:  # rclpy would swallow it, and with it the reason
            return self._fail("configure", error)
        self._state, self._reason = "inactive", ""
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Open the outputs and subscribe to the cameras."""
        assert self._pipeline is not None
        super().on_activate(state)
        try:
            self._pipeline.start()
        except Exception as error:
            self._pipeline.stop()
            super().on_deactivate(state)
            return self._fail("activate", error)
        self._state, self._reason = "active", ""
        return SUCCESS

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe; the answer to the frame in work is still published."""
        assert self._pipeline is not None
        self._pipeline.stop()
        self._state = "inactive"
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the network and the outputs."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything, in any state."""
        self._release()
        self._state = "finalized"
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything after an error in a transition."""
        self._release()
        return super().on_error(state)

    def destroy_node(self) -> None:
        """Stop the threads before the publishers that they use are destroyed."""
        self._slow_services.stop(LOAD_TIMEOUT)
        self._release()
        self._log.close()
        super().destroy_node()

    def _build(self, settings: NodeSettings) -> None:
        if reason := parameters.conflict(settings):
            raise SettingsError(reason)
        use_threads(settings.threads)
        network = load_network(settings)
        # Last, so that a failure before leaves nothing behind.
        self._pipeline = Pipeline(self, network, lambda: self.settings, self._diagnostics.hasten)
        self.get_logger().info(network.describe_bound(settings.max_uncertainty))
        if network.place_note:
            self.get_logger().info(network.place_note)
        self.get_logger().info(f"ready: {', '.join(network.facts.values())}")

    def _release(self) -> None:
        with self._reloader.exclusive():
            if self._pipeline is not None:
                self._pipeline.destroy()
            self._pipeline = None
        self._state, self._reason = "unconfigured", ""

    def _fail(self, transition: str, error: Exception) -> TransitionCallbackReturn:
        self._reason = f"cannot {transition}: {error}"
        if self.context.ok():
            self.get_logger().error(self._reason)
        return FAILURE

    def _set_enabled(self, request: SetBool.Request, response: SetBool.Response) -> Any:
        """Answer ~/set_enabled: set the parameter `enabled`."""
        (result,) = self.set_parameters([Parameter("enabled", value=request.data)])
        response.success = result.successful
        response.message = result.reason or ("enabled" if request.data else "disabled")
        return response

    def _check_changes(self, changes: list[Parameter]) -> SetParametersResult:
        reason = parameters.refusals(changes, configured=self._pipeline is not None)
        if not reason and self._pipeline is not None:  # else configure checks it
            reason = parameters.conflict(parameters.changed(self.settings, changes))
        reason = reason or self._reloader.prepare(changes)  # last: it may load a network
        return SetParametersResult(successful=not reason, reason=reason)

    def _apply_changes(self, changes: list[Parameter]) -> None:
        self._snapshot = read_table(self, NodeSettings)
        if parameters.affect_network(changes):
            self._reloader.apply()

    def _observe(self) -> dict[str, Observation]:
        pipeline, settings = self._pipeline, self.settings
        observation = Observation(self._state, self._reason, settings=settings)
        if pipeline is None:  # with the names of later, so that no status disappears then
            return dict.fromkeys(settings.cameras or ("",), observation)
        facts, gpu = pipeline.network.facts, gpu_health(pipeline.network.predictor.device)
        undrivable = pipeline.network.undrivable_reason(settings.max_uncertainty)
        return pipeline.observe(replace(
            observation, reload_reason=self._reloader.reason, undrivable_reason=undrivable,
            gpu=gpu, facts=facts,
        ))  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until a signal; the exit code is 1 where it could not start."""
    if helped(arguments, "segmentation", __doc__, NodeSettings):
        return 0
    node = None
    gc.freeze()  # what is imported would be searched again and again; PyTorch comes later
    try:
        with stop_on_signals() as stop_requested:
            # rclpy's own handlers would end the context while the worker publishes.
            rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
            node = SegmentationNode()
            if node.settings.autostart and not node.start():
                return 1
            _spin(node, stop_requested)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except ParameterException as error:
        print(f"segmentation: {escaped(error)}", file=sys.stderr)
        return 1
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _spin(node: SegmentationNode, stop_requested: Callable[[], bool]) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while rclpy.ok() and not stop_requested():
        executor.spin_once(SPIN_TIMEOUT)


if __name__ == "__main__":
    sys.exit(main())
