"""The lifecycle node `segmentation`: wiring, and the program around it."""

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
from segnet_model.engines.gpu_health import gpu_health
from segnet_ros.ros.log import forwarded
from segnet_ros.ros.transitions import refuse_impossible
from segnet_ros.segmentation import parameters
from segnet_ros.segmentation.diagnostics import Diagnostics, Observation
from segnet_ros.segmentation.network import use_threads
from segnet_ros.segmentation.pipeline import Pipeline
from segnet_ros.segmentation.reloading import LOAD_TIMEOUT, Reloader, load_network, serve
from segnet_ros.segmentation.settings import Settings

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
SLICE = 0.1  # seconds; the longest that a signal waits


class SegmentationNode(LifecycleNode):
    """Segments the images of a camera, or of several.

    Configure loads the network and makes the outputs, activate subscribes, and the others undo
    exactly that. They run in the executor, frames in a worker, and loads in a thread of their own.
    """

    def __init__(self, **arguments: Any) -> None:
        """Declare the parameters; arguments go to `rclpy.node.Node`.

        Raises:
            ParameterException: a parameter from outside is refused.
        """
        super().__init__("segmentation", **arguments)
        self._state = "unconfigured"
        self._reason = ""
        self._pipeline: Pipeline | None = None  # there is one while configured
        self._snapshot: Settings | None = None  # of the parameters, where rclpy tells of a change
        self._reloader = Reloader(self, lambda: self._pipeline, lambda: self.settings)
        self.add_on_set_parameters_callback(self._judge)
        parameters.declare(self)
        if hasattr(self, "add_post_set_parameters_callback"):  # not in Humble
            self._snapshot = parameters.read(self)
            self.add_post_set_parameters_callback(self._after)
        refuse_impossible(self)
        self._slow_services = serve(self, self._reloader)
        self.create_service(SetBool, "~/set_enabled", self._set_enabled)
        self._closing = ExitStack()
        self._closing.enter_context(forwarded(self.get_logger()))
        self._diagnostics = Diagnostics(self, self.settings.diagnostics_period, self._observe)

    @property
    def settings(self) -> Settings:
        """What the parameters say now; those that were set together are seen together."""
        return self._snapshot or parameters.read(self)

    def start(self) -> bool:
        """Configure and activate, and say whether that succeeded."""
        return self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the network and make the outputs, or nothing at all."""
        try:
            self._build(self.settings)
        except Exception as error:  # rclpy would swallow it, and nobody would know the reason
            return self._fail("configure", error)
        self._state, self._reason = "inactive", ""
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Open the outputs and listen to the camera."""
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
        """Stop listening; the frame in work still comes out."""
        assert self._pipeline is not None
        self._pipeline.stop()
        self._state = "inactive"
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget the network."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget everything, from whatever state."""
        self._release()
        self._state = "finalized"
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget everything after a transition that failed badly."""
        self._release()
        return super().on_error(state)

    def destroy_node(self) -> None:
        """Stop the threads before what they publish with goes away."""
        self._slow_services.stop(LOAD_TIMEOUT)
        self._release()
        self._closing.close()
        super().destroy_node()

    def _build(self, settings: Settings) -> None:
        if reason := parameters.conflict(settings):
            raise SettingsError(reason)
        use_threads(settings.threads)
        network = load_network(settings)
        # Last, so that a failure before leaves nothing behind.
        self._pipeline = Pipeline(self, network, lambda: self.settings)
        self.get_logger().info(f"ready: {', '.join(network.facts.values())}")

    def _release(self) -> None:
        with self._reloader.exclusive():
            if self._pipeline is not None:
                self._pipeline.destroy()
            self._pipeline = None
        self._state, self._reason = "unconfigured", ""

    def _fail(self, what: str, error: Exception) -> TransitionCallbackReturn:
        self._reason = f"cannot {what}: {error}"
        if self.context.ok():
            self.get_logger().error(self._reason)
        return FAILURE

    def _set_enabled(self, request: SetBool.Request, response: SetBool.Response) -> Any:
        """Answer ~/set_enabled by the live parameter `enabled`: one truth, by two ways."""
        (result,) = self.set_parameters([Parameter("enabled", value=request.data)])
        response.success = result.successful
        response.message = result.reason or ("enabled" if request.data else "disabled")
        return response

    def _judge(self, changes: list[Parameter]) -> SetParametersResult:
        reason = parameters.judge(changes, configured=self._pipeline is not None)
        if not reason and self._pipeline is not None:  # else it is judged when configured
            reason = parameters.conflict(parameters.changed(self.settings, changes))
        reason = reason or self._reloader.judge(changes)  # last: it may load a network
        return SetParametersResult(successful=not reason, reason=reason)

    def _after(self, changes: list[Parameter]) -> None:
        self._snapshot = parameters.read(self)
        self._reloader.settle_after(changes)

    def _observe(self) -> dict[str, Observation]:
        pipeline, settings = self._pipeline, self.settings
        seen = Observation(self._state, self._reason, settings=settings)
        if pipeline is None:  # the names of later, as others would be taken for lost then
            return dict.fromkeys(settings.cameras or ("",), seen)
        facts, gpu = pipeline.network.facts, gpu_health(pipeline.network.predictor.device)
        reason = self._reloader.reason
        return pipeline.observe(replace(seen, reload_reason=reason, gpu=gpu, facts=facts))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until it is told to end; the exit code says whether it could start."""
    node = None
    gc.freeze()  # to look through all that PyTorch made stops each thread for 0.1 s: lost images
    try:
        with stop_on_signals() as asked:
            # rclpy's own handlers would end the context under the worker, which publishes.
            rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
            node = SegmentationNode()
            if node.settings.autostart and not node.start():
                return 1
            _spin(node, asked)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except ParameterException as error:
        print(f"segmentation: {error}", file=sys.stderr)
        return 1
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _spin(node: SegmentationNode, asked: Callable[[], bool]) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while rclpy.ok() and not asked():
        executor.spin_once(SLICE)


if __name__ == "__main__":
    sys.exit(main())
