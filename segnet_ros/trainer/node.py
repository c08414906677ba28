"""The node `trainer`: a labelled recording or folder in, weights out, its progress on a topic.

trainer --ros-args -p dataset:=my_yard -p out:=runs/yard
trainer --ros-args -p bag:=drive -p labels_topic:=/labels -p out:=runs/yard
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

import rclpy
from rclpy.duration import Duration
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from segnet_model.base.errors import SegNetError
from segnet_model.base.signals import stop_on_signals
from segnet_ros.ros.log import forwarded
from segnet_ros.ros.parameter_table import declare_table, read_table
from segnet_ros.ros.qos import publisher_qos
from segnet_ros.trainer import job
from segnet_ros.trainer.job import State, TrainingJob
from segnet_ros.trainer.settings import TrainerSettings

try:
    from segnet_ros.msg import TrainingProgress
except ImportError:  # installed by pip, where nothing builds messages
    TrainingProgress = None

PUBLISH_PERIOD = 0.25  # seconds
LOG_PERIOD = 5.0  # seconds
SLICE = 0.1  # seconds; the longest that a signal waits
# A listener that is there already needs a while to find a node that ends as soon as it starts.
ACQUAINTANCE = 4.0  # seconds; ROS usually needs half of one
DELIVERY = Duration(seconds=3)


class TrainerNode(Node):
    """Trains a network once, and tells how far it is."""

    def __init__(self, **arguments: Any) -> None:
        """Declare the parameters; arguments go to `rclpy.node.Node`.

        Raises:
            ParameterException: a parameter from outside is refused.
        """
        super().__init__("trainer", **arguments)
        declare_table(self, TrainerSettings)
        self._job: TrainingJob | None = None
        self._published: State | None = None
        self._publisher = None
        if TrainingProgress is None:
            self.get_logger().info(
                "segnet_ros.msg is not built: no ~/progress, only this log; build with colcon"
            )
        else:
            self._publisher = self.create_publisher(
                TrainingProgress, "~/progress", publisher_qos(latched=True)
            )
        self.create_service(Trigger, "~/stop", self._on_stop)

    def train(self, asked: Callable[[], bool]) -> bool:
        """Train until done or until asked to stop.

        Returns:
            Whether that went well; if not, the reason was logged and published.
        """
        executor = SingleThreadedExecutor()
        executor.add_node(self)
        with forwarded(self.get_logger()):
            state = self._train(executor.spin_once, asked)
        self._publish(state)
        self._wait_for_listeners(executor.spin_once)
        executor.remove_node(self)
        return state.phase != job.FAILED

    def _train(self, spin: Callable[[float], None], asked: Callable[[], bool]) -> State:
        try:
            self._job = TrainingJob(read_table(self, TrainerSettings))
        except SegNetError as error:
            state = State(job.FAILED, str(error))
        else:
            self._accompany(self._job, spin, asked)
            state = self._job.state
        if state.phase == job.FAILED:
            self.get_logger().error(state.message)
        else:
            self.get_logger().info(state.message)
        return state

    def _accompany(
        self, work: TrainingJob, spin: Callable[[float], None], asked: Callable[[], bool]
    ) -> None:
        self.create_timer(PUBLISH_PERIOD, lambda: self._publish(work.state))
        self.create_timer(LOG_PERIOD, lambda: self.get_logger().info(describe(work.state)))
        work.start()
        while work.is_alive():
            spin(SLICE)
            if asked():
                work.stop()

    def _wait_for_listeners(self, spin: Callable[[float], None]) -> None:
        if self._publisher is None:
            return
        end = monotonic() + ACQUAINTANCE - (self._job.seconds if self._job else 0.0)
        while monotonic() < end and not self._publisher.get_subscription_count():
            spin(SLICE)
        self._publisher.wait_for_all_acked(DELIVERY)

    def _publish(self, state: State) -> None:
        if self._publisher is None or state is self._published:
            return
        self._published = state
        message = as_message(state)
        message.header.stamp = self.get_clock().now().to_msg()
        if self._job:
            path = self._job.weights_path
            message.weights = str(path) if path.exists() else ""
            message.seconds_elapsed = self._job.seconds
        self._publisher.publish(message)

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Any:
        response.success = self._job is not None
        if self._job:
            self._job.stop()
        response.message = "stopping after this step" if self._job else "there is nothing to stop"
        return response


def as_message(state: State) -> Any:
    """A TrainingProgress without what only the node knows: time, weights."""
    message = TrainingProgress(phase=state.phase, message=state.message)
    message.loss = message.miou = message.best_miou = message.seconds_left = math.nan
    if state.best_miou is not None:
        message.best_miou = state.best_miou
    if state.phase == job.EXTRACT:
        message.step, message.steps = round(100 * state.share), 100
    elif state.progress:
        _fill(message, state.progress)
    return message


def _fill(message: Any, progress: Any) -> None:
    message.epoch, message.epochs = progress.epoch, progress.epochs
    message.steps = progress.steps // progress.epochs
    message.step = (progress.step - 1) % message.steps + 1 if progress.step else 0
    message.loss, message.learning_rate = progress.loss, progress.learning_rate
    message.seconds_left = progress.seconds_left
    if progress.miou is not None:
        message.miou = progress.miou


def describe(state: State) -> str:
    """A line of the log."""
    progress = state.progress
    if state.phase == job.EXTRACT:
        return f"{state.message}: {state.share:.0%}"
    if progress is None or not progress.step:
        return state.message
    loss = "" if math.isnan(progress.loss) else f"loss {progress.loss:.3f}, "  # before a step
    miou = "" if progress.miou is None else f"val mIoU {progress.miou:.3f}, "
    left = timedelta(seconds=round(progress.seconds_left))
    return (
        f"epoch {progress.epoch} of {progress.epochs}, step {progress.step} of {progress.steps}: "
        f"{loss}{miou}{left} left"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the parameters say; the exit code says whether that went well."""
    node = None
    try:
        with stop_on_signals() as asked:
            # With rclpy's handlers, topics would be closed before the last progress is told.
            rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
            node = TrainerNode()
            return 0 if node.train(asked) else 1
    except ParameterException as error:
        print(f"trainer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # the second Ctrl-C: whoever presses it does not want to wait
        return 130
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main())
