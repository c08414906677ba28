"""The trainer's health on /diagnostics while the robot drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from segnet_ros.ros.timers import steady_timer

if TYPE_CHECKING:
    from segnet_ros.trainer.live import LiveTraining

PERIOD = 1.0  # seconds
MAX_SILENCE = 3.0  # seconds without an image


class LiveDiagnostics:
    """Publishes a status every second."""

    def __init__(self, node: Node, work: LiveTraining) -> None:
        """Start."""
        self._node, self._work = node, work
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._timer = steady_timer(node, PERIOD, self.publish)

    def close(self) -> None:
        """Publish no more."""
        self._node.destroy_timer(self._timer)

    def publish(self) -> None:
        """Publish the state of this moment."""
        level, message = judge(self._work)
        node = self._node.get_fully_qualified_name().lstrip("/")
        values = [KeyValue(key=key, value=str(v)) for key, v in numbers(self._work).items()]
        status = DiagnosticStatus(
            level=level, name=f"{node}: learning while it drives", message=message, values=values
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)


def judge(work: LiveTraining) -> tuple[bytes, str]:
    """Level and message of the diagnostics."""
    camera, warnings = work.camera, []
    if camera.fault:
        return DiagnosticStatus.ERROR, f"images are not kept: {camera.fault}"
    if mismatch := camera.mismatch():
        warnings.append(mismatch)
    elif camera.silence > MAX_SILENCE:
        warnings.append(
            f"no image on {camera.topic} for {camera.silence:.0f} s; check that the camera runs, "
            "and the name of the topic"
        )
    warnings += filter(None, (work.problem, work.rests))
    if warnings:
        return DiagnosticStatus.WARN, "; ".join(warnings)
    return DiagnosticStatus.OK, work.status.message


def numbers(work: LiveTraining) -> dict[str, object]:
    """The status' values by name."""
    camera, buffer = work.camera, work.buffer
    return {
        "received": camera.received,
        "kept": camera.kept,
        **{f"not kept: {reason}": count for reason, count in camera.left_out.items()},
        "to learn from": buffer.learned,
        "held out": buffer.held,
        "held out of earlier sessions": buffer.earlier,
        "megabytes": round(buffer.bytes / 1e6, 1),
        "removed as damaged": buffer.damaged,
        "rounds": work.rounds,
        "last round": work.last,
        "handed over": work.handed,
        "weights": work.weights_path,
    }
