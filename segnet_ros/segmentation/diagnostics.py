"""The node's health on /diagnostics: OK, WARN or ERROR, why, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from segnet_model.engines.gpu_health import GpuHealth
from segnet_ros.segmentation.health import Signs
from segnet_ros.segmentation.messages import Timing
from segnet_ros.segmentation.settings import Settings
from segnet_ros.segmentation.worker import Counts

SILENCE = 3.0  # seconds without a frame that are worth a warning
MANY, MOST = 10, 0.9  # images in a period, and the share of them, that are worth a warning
AHEAD = 0.1  # seconds; clocks of two machines differ by a little
OF_OLD = 3600.0  # seconds; no network is that slow
QUICKER = "a smaller network, smaller images, or fewer samples where uncertainty is mc, would help"


@dataclass(frozen=True)
class Observation:
    """The state of the node and of one of its cameras at one moment."""

    state: str  # of the lifecycle
    reason: str = ""  # why the node could not be configured
    reload_reason: str = ""  # why another network was refused not long ago
    settings: Settings = field(default_factory=Settings)
    topic: str = ""  # where images should come from
    mismatch: str = ""  # why publishers there cannot be received from
    grid_reason: str = ""  # why there is no grid, where one is wanted
    counts: Counts = field(default_factory=Counts)
    idle: int = 0  # frames that came while no output had a subscriber, or while disabled
    skipped: int = 0  # frames that came faster than max_rate
    network_failures: int = 0  # of counts.failed: not the frame's fault
    timing: Timing | None = None  # of the last frame that came out
    signs: Signs = field(default_factory=Signs)
    gpu: GpuHealth | None = None  # where the network runs on one
    facts: Mapping[str, str] = field(default_factory=dict)  # device, weights and the like


def judge(now: Observation, before: Observation) -> tuple[bytes, str]:
    """Level and message for what happened between two observations."""
    if now.reason:
        return DiagnosticStatus.ERROR, now.reason
    if now.network_failures > before.network_failures:
        return DiagnosticStatus.ERROR, f"frames lost: {_news(now.counts, before.counts)}"
    if warnings := list(_warnings(now, before)):
        return DiagnosticStatus.WARN, "; ".join(warnings)
    if now.state != "active":
        return DiagnosticStatus.OK, now.state
    if not now.settings.enabled:
        return DiagnosticStatus.OK, "disabled by ~/set_enabled or the parameter enabled"
    if now.idle > before.idle:
        return DiagnosticStatus.OK, "nobody listens, so nothing is computed"
    return DiagnosticStatus.OK, "running"


def _warnings(now: Observation, before: Observation) -> Iterator[str]:
    if now.counts.failed > before.counts.failed:
        yield f"bad frames: {_news(now.counts, before.counts)}"
    if now.mismatch:
        yield now.mismatch
    if now.state == "active" and now.settings.enabled and now.signs.silence > _patience(now):
        yield (
            f"no image on {now.topic} for {now.signs.silence:.0f} s; is the camera running, and "
            "does the topic's name fit?"
        )
    if now.state == "active":
        yield from _slowness(now, before)
        yield from now.signs.warnings
        if now.grid_reason and now.settings.enabled:
            yield now.grid_reason
    if now.gpu is not None:
        yield from now.gpu.warnings
    if now.reload_reason:
        yield now.reload_reason


def _patience(now: Observation) -> float:
    """Seconds that a camera may be silent; one that is expected to be slow, longer."""
    least = now.settings.min_rate
    return max(SILENCE, 2 / least) if least else SILENCE


def _slowness(now: Observation, before: Observation) -> Iterator[str]:
    wait, least = now.signs.wait, now.settings.min_rate
    if least and wait > 1 / least:
        yield f"an answer takes {wait:.1f} s; min_rate asks for {least:g} a second: {QUICKER}"
    came = now.counts.received - before.counts.received
    dropped = now.counts.dropped - before.counts.dropped
    if came >= MANY and dropped > MOST * came:
        yield f"{dropped} of {came} images were dropped for newer ones: {QUICKER}"
    answered = now.counts.processed > before.counts.processed
    if not answered or now.timing is None:
        return
    latency, most = now.timing.latency_ms / 1000, now.settings.max_latency
    if latency > OF_OLD and most:
        yield (
            f"images are stamped {timedelta(seconds=round(latency))} ago; play a recording with "
            "restamp:=true, or with --clock and use_sim_time, and set a camera's clock"
        )
    elif most and latency > most:
        yield (
            f"answers come {latency:.1f} s after their images' stamps, and max_latency is "
            f"{most:g}; {QUICKER}"
        )
    if latency < -AHEAD:
        yield (
            f"images are stamped {-latency:.1f} s in the future; let the camera's machine and this "
            "one have the same time (chrony), or set use_sim_time"
        )


def _news(now: Counts, before: Counts) -> str:
    new = {text: count - before.reasons.get(text, 0) for text, count in now.reasons.items()}
    return ", ".join(f"{count} x {text}" for text, count in new.items() if count)


def numbers(now: Observation, before: Observation, seconds: float) -> dict[str, str]:
    """Values for people, by name; seconds is the time between the two observations."""
    counts = now.counts
    values = {
        "state": now.state,
        **now.facts,
        "received": str(counts.received),
        "processed": str(counts.processed),
        "dropped": str(counts.dropped),
        "idle": str(now.idle),
        "skipped": str(now.skipped),
        "rejected": str(counts.failed),
        **{f"rejected: {text}": str(count) for text, count in counts.reasons.items()},
        "frames a second": f"{(counts.processed - before.counts.processed) / seconds:.1f}",
    }
    if now.timing is not None:
        values |= {name: f"{value:.1f}" for name, value in vars(now.timing).items()}
    if now.gpu is not None:
        values |= now.gpu.numbers
    return values


class Diagnostics:
    """Publishes the node's health for as long as the node exists."""

    def __init__(
        self,
        node: LifecycleNode,
        period: float,
        observe: Callable[[], Mapping[str, Observation]],
    ) -> None:
        """Start; observe is called every period seconds, and returns states by cameras' names."""
        self._node = node
        self._observe = observe
        self._before = observe()
        self._time = monotonic()
        self._mismatch = ""
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # A steady clock, because simulated time may stand still just when help is needed.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(period, self.publish, clock=steady)

    def publish(self) -> None:
        """Publish what happened since the last time."""
        now, time = self._observe(), monotonic()
        seconds = max(time - self._time, 1e-3)
        array = DiagnosticArray(
            status=[self._status(name, each, seconds) for name, each in now.items()]
        )
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
        self._log_mismatch(now)
        self._before, self._time = now, time

    def _status(self, name: str, now: Observation, seconds: float) -> DiagnosticStatus:
        before = self._before.get(name, now)
        if now.state != before.state or now.counts.received < before.counts.received:
            # A new activation counts from zero again, and what failed before its end is told.
            before = Observation(now.state) if now.state == "active" else now
        level, message = judge(now, before)
        values = numbers(now, before, seconds)
        node = self._node.get_fully_qualified_name().lstrip("/")
        return DiagnosticStatus(
            level=level,
            name=f"{node}: segmentation{name and f' of {name}'}",
            message=message,
            hardware_id=now.facts.get("device", ""),
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )

    def _log_mismatch(self, now: Mapping[str, Observation]) -> None:
        """Log a mismatch with publishers once."""
        mismatch = "; ".join(filter(None, (each.mismatch for each in now.values())))
        if mismatch and mismatch != self._mismatch:
            self._node.get_logger().warning(mismatch)
        self._mismatch = mismatch
