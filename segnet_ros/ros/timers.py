"""Timers of a node that simulated time does not stop."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.timer import Timer


def steady_timer(node: Node, period: float, call: Callable[[], object]) -> Timer:
    """Call a function every period seconds of a steady clock.

    Simulated time may stand still just when a fault has to be told.
    """
    return node.create_timer(period, call, clock=Clock(clock_type=ClockType.STEADY_TIME))
