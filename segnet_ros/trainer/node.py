"""The node `trainer`: images in, weights out, its progress on a topic.

It learns from a labeled recording or folder once, or from live topics without labels:

trainer --ros-args -p dataset:=my_yard -p out:=runs/yard
trainer --ros-args -p bag:=drive -p labels_topic:=/labels -p out:=runs/yard
trainer --ros-args -p source:=live -p image_topic:=/camera/image_raw -p out:=runs/yard
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from segnet_model.base.errors import SegNetError
from segnet_model.base.signals import stop_on_signals
from segnet_model.base.terminal import escaped
from segnet_model.training import tracking
from segnet_ros.ros.log import PlainLogs, forwarded
from segnet_ros.ros.parameter_table import declare_table, read_table
from segnet_ros.ros.qos import deliver, publisher_qos
from segnet_ros.ros.usage import helped
from segnet_ros.trainer import job
from segnet_ros.trainer.job import Status, TrainingJob
from segnet_ros.trainer.live import LiveTraining
from segnet_ros.trainer.live_settings import LIVE
from segnet_ros.trainer.settings import TrainerSettings

try:
    from segnet_ros.msg import TrainingProgress
except ImportError:  # installed by pip, where nothing builds messages
    TrainingProgress = None

PUBLISH_PERIOD = 0.25  # seconds
LOG_PERIOD = 5.0  # seconds
SPIN_TIMEOUT = 0.1  # seconds; the longest that a signal waits
# A subscriber needs this long to discover a node that ends as soon as it starts.
DISCOVERY_WAIT = 4.0  # seconds; ROS usually needs half of one
DELIVERY_TIMEOUT = 3.0  # seconds


class TrainerNode(PlainLogs, Node):
    """Trains a network once, and publishes its progress."""

    def __init__(self, **arguments: Any) -> None:
        """Declare the parameters; arguments go to `rclpy.node.Node`.

        Raises:
            ParameterException: a parameter from outside is refused.
        """
        super().__init__("trainer", **arguments)
        declare_table(self, TrainerSettings)
        self._job: TrainingJob | LiveTraining | None = None
        self._published: Status | None = None
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

    def train(self, stop_requested: Callable[[], bool]) -> bool:
        """Train until done or until stop_requested to stop.

        Returns:
            Whether that went well; if not, the reason was logged and published.
        """
        executor = SingleThreadedExecutor()
        executor.add_node(self)
        with forwarded(self.get_logger()):
            status = self._train(executor.spin_once, stop_requested)
        self._publish(status)
        self._wait_for_subscribers(executor.spin_once)
        executor.remove_node(self)
        return status.phase != job.FAILED

    def _train(self, spin: Callable[[float], None], stop_requested: Callable[[], bool]) -> Status:
        try:
            settings = read_table(self, TrainerSettings)
            if settings.source == LIVE:
                status = self._live(settings, spin, stop_requested)
            else:
                self._job = TrainingJob(settings)
                self._run(self._job, spin, stop_requested)
                status = self._job.status
        except SegNetError as error:
            status = Status(job.FAILED, str(error))
        if status.phase == job.FAILED:
            self.get_logger().error(status.message)
        else:
            self.get_logger().info(status.message)
        return status

    def _live(
        self, settings: TrainerSettings, spin: Callable[[float], None],
        stop_requested: Callable[[], bool],
    ) -> Status:  # fmt: skip
        """Learn from topics until a signal or ~/stop; errors as of `LiveTraining`."""
        self._job = work = LiveTraining(self, settings)
        self.create_timer(PUBLISH_PERIOD, lambda: self._publish(work.status))
        return work.run(spin, stop_requested)

    def _run(
        self, work: TrainingJob, spin: Callable[[float], None], stop_requested: Callable[[], bool]
    ) -> None:
        self.create_timer(PUBLISH_PERIOD, lambda: self._publish(work.status))
        self.create_timer(LOG_PERIOD, lambda: self.get_logger().info(describe(work.status)))
        work.start()
        while work.is_alive():
            spin(SPIN_TIMEOUT)
            if stop_requested():
                work.stop()

    def _wait_for_subscribers(self, spin: Callable[[float], None]) -> None:
        if self._publisher is None:
            return
        end = monotonic() + DISCOVERY_WAIT - (self._job.seconds if self._job else 0.0)
        while monotonic() < end and not self._publisher.get_subscription_count():
            spin(SPIN_TIMEOUT)
        deliver([self._publisher], DELIVERY_TIMEOUT)

    def _publish(self, status: Status) -> None:
        if self._publisher is None or status is self._published:
            return
        self._published = status
        message = as_message(status)
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


def as_message(status: Status) -> Any:
    """A TrainingProgress without time and weights."""
    message = TrainingProgress(phase=status.phase, message=status.message)
    message.loss = message.miou = message.best_miou = message.seconds_left = math.nan
    if status.best_miou is not None:
        message.best_miou = status.best_miou
    if status.progress:
        _fill(message, status.progress)
    elif status.phase == job.EXTRACT or status.share:  # a training has steps, all else a share
        message.step, message.steps = round(100 * status.share), 100
    return message


def _fill(message: Any, progress: Any) -> None:
    message.epoch, message.epochs = progress.epoch, progress.epochs
    message.steps = progress.steps // progress.epochs
    message.step = (progress.step - 1) % message.steps + 1 if progress.step else 0
    message.loss, message.learning_rate = progress.loss, progress.learning_rate
    message.seconds_left = progress.seconds_left
    if progress.miou is not None:
        message.miou = progress.miou


def describe(status: Status) -> str:
    """A line of the log."""
    progress = status.progress
    if status.phase == job.EXTRACT:
        return f"{status.message}: {status.share:.0%}"
    if progress is None or not progress.step:
        return status.message
    return tracking.describe(progress)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train with the node's parameters; the exit code is 1 where that failed."""
    if helped(arguments, "trainer", __doc__, TrainerSettings):
        return 0
    node = None
    try:
        with stop_on_signals() as stop_requested:
            # rclpy's own handlers would close the topics before the last progress is published.
            rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
            node = TrainerNode()
            return 0 if node.train(stop_requested) else 1
    except ParameterException as error:
        print(f"trainer: {escaped(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # the second Ctrl-C
        return 130
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main())
