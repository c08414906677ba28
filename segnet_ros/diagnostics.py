"""The node's health on /diagnostics: OK, WARN or ERROR, why, and the numbers behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from segnet_ros.messages import Timing
from segnet_ros.worker import Counts

SILENCE = 3.0  # seconds without a frame that are worth a warning
# What differs between two bad frames of the same kind: quoted text and numbers.
DETAIL = re.compile(r"""b?'(\\.|[^'\\])*'|b?"(\\.|[^"\\])*"|\d+""")


def reason(error: Exception) -> str:
    """The kind of an error, the same for all frames that fail alike.

    "step 100 is shorter than a row of 300 bytes; set step to 300" becomes
    "step # is shorter than a row of # bytes".
    """
    return DETAIL.sub("#", str(error)).partition(";")[0] or type(error).__name__


@dataclass(frozen=True)
class Observation:
    """What is known of the node at one moment."""

    state: str  # of the lifecycle
    problem: str = ""  # why the node could not be configured
    refusal: str = ""  # why another network was refused not long ago
    topic: str = ""  # where images should come from
    counts: Counts = field(default_factory=Counts)
    idle: int = 0  # frames that came while nobody listened
    broken: int = 0  # of counts.failed: not the frame's fault
    silence: float = 0.0  # seconds since the last frame
    timing: Timing | None = None  # of the last frame that came out
    facts: Mapping[str, str] = field(default_factory=dict)  # device, weights and the like


def judge(now: Observation, before: Observation) -> tuple[bytes, str]:
    """Level and message for what happened between two observations."""
    if now.problem:
        return DiagnosticStatus.ERROR, now.problem
    if now.broken > before.broken:
        return DiagnosticStatus.ERROR, f"frames lost: {_news(now.counts, before.counts)}"
    if warnings := list(_warnings(now, before)):
        return DiagnosticStatus.WARN, "; ".join(warnings)
    if now.state != "active":
        return DiagnosticStatus.OK, now.state
    if now.idle > before.idle:
        return DiagnosticStatus.OK, "nobody listens, so nothing is computed"
    return DiagnosticStatus.OK, "running"


def _warnings(now: Observation, before: Observation) -> Iterator[str]:
    if now.counts.failed > before.counts.failed:
        yield f"bad frames: {_news(now.counts, before.counts)}"
    if now.state == "active" and now.silence > SILENCE:
        yield (
            f"no image on {now.topic} for {now.silence:.0f} s; is the camera running, and does its "
            "type and reliability fit the parameters transport and reliability?"
        )
    if now.refusal:
        yield now.refusal


def _news(now: Counts, before: Counts) -> str:
    new = {text: count - before.reasons.get(text, 0) for text, count in now.reasons.items()}
    return ", ".join(f"{count} x {text}" for text, count in new.items() if count)


def numbers(now: Observation, before: Observation, seconds: float) -> dict[str, str]:
    """What a person may want to know, by name; seconds is the time between the two."""
    counts = now.counts
    values = {
        "state": now.state,
        **now.facts,
        "received": str(counts.received),
        "processed": str(counts.processed),
        "dropped": str(counts.dropped),
        "idle": str(now.idle),
        "rejected": str(counts.failed),
        **{f"rejected: {text}": str(count) for text, count in counts.reasons.items()},
        "frames a second": f"{(counts.processed - before.counts.processed) / seconds:.1f}",
    }
    if now.timing is not None:
        values |= {name: f"{value:.1f}" for name, value in vars(now.timing).items()}
    return values


class Diagnostics:
    """Publishes the node's health for as long as the node exists."""

    def __init__(
        self, node: LifecycleNode, period: float, observe: Callable[[], Observation]
    ) -> None:
        """Start; observe is asked every period seconds."""
        self._node = node
        self._observe = observe
        self._before = observe()
        self._time = monotonic()
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # A steady clock, because simulated time may stand still just when help is needed.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(period, self.publish, clock=steady)

    def publish(self) -> None:
        """Publish what happened since the last time."""
        now, time = self._observe(), monotonic()
        # A new activation counts from zero again.
        before = self._before
        if now.state != before.state or now.counts.received < before.counts.received:
            before = Observation(now.state)
        level, message = judge(now, before)
        values = numbers(now, before, max(time - self._time, 1e-3))
        self._before, self._time = now, time
        status = DiagnosticStatus(
            level=level,
            name=f"{self._node.get_fully_qualified_name().lstrip('/')}: segmentation",
            message=message,
            hardware_id=now.facts.get("device", ""),
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
