"""Frames without an answer because of an error: counted, and some of them logged."""

from __future__ import annotations

import traceback
from time import perf_counter

from rclpy.node import Node

from segnet_model.base.errors import AnswerError, DeviceMemoryError, SegNetError
from segnet_ros.segmentation.throttle import Throttle

LOG_PERIOD = 5.0  # seconds between two lines


class Failures:
    """The rejected and failed frames of one camera.

    Attributes:
        of_network: number of the frames on which the network failed.
    """

    def __init__(self, node: Node, camera: str) -> None:
        """Begin with none.

        Args:
            node: to log with.
            camera: its name; empty for the only one.
        """
        self._node, self._frame = node, f"frame of {camera}" if camera else "frame"
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.of_network = 0
        # A throttle of this camera, because rclpy's is one for all that log at a line.
        self._throttle = Throttle()

    def add(self, error: Exception) -> None:
        """Count a frame, and log it unless another one was within LOG_PERIOD seconds."""
        known = isinstance(error, SegNetError)
        failed = not known or isinstance(error, DeviceMemoryError | AnswerError)
        self.of_network += failed
        if not self._throttle.passes(perf_counter(), 1 / LOG_PERIOD):
            return
        text = f"{self._frame} {'failed' if failed else 'rejected'}"
        if known:
            self._node.get_logger().warning(f"{text}: {error}")
        else:
            trace = "".join(traceback.format_exception(error))
            self._node.get_logger().error(f"{text}: {trace}")
