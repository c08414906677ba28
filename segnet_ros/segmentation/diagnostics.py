"""The node's health on /diagnostics: OK, WARN or ERROR, why, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.lifecycle import LifecycleNode

from segnet_model.engines.gpu_health import GpuHealth
from segnet_ros.ros.timers import steady_timer
from segnet_ros.segmentation.health import Health
from segnet_ros.segmentation.messages import Timing
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.worker import Counts

MAX_SILENCE = 3.0  # seconds without a frame
# Largest share of dropped images, of at least so many in a period.
MAX_DROPPED, MIN_RECEIVED = 0.9, 10
MAX_AHEAD = 0.1  # seconds; clocks of two machines differ by a little
POSE = ("camera_forward", "camera_left", "camera_pitch", "camera_roll", "camera_yaw")
RECORDED = 3600.0  # seconds; images of that age come from a recording, as no network is that slow
FASTER = "use a smaller network, smaller images, or fewer samples where uncertainty is mc"


@dataclass(frozen=True)
class Observation:
    """The state of the node and of one of its cameras at one moment."""

    state: str  # of the lifecycle
    reason: str = ""  # why the node could not be configured
    reload_reason: str = ""  # why a new network was refused lately
    settings: NodeSettings = field(default_factory=NodeSettings)
    topic: str = ""  # of the images
    mismatch: str = ""  # why publishers of the topic cannot be received from
    rivals: str = ""  # why others' messages come on the outputs' topics
    grid_reason: str = ""  # why there is no grid, where it has a subscriber
    map_reason: str = ""  # why the newest grid is not in the map, where that has a subscriber
    undrivable_reason: str = ""  # why nothing can be drivable, where that has a subscriber
    distrust: str = ""  # why the last answer has nothing drivable, where any output is wanted
    stale_reason: str = ""  # why the last answer does not hold any more
    counts: Counts = field(default_factory=Counts)
    idle: int = 0  # frames that came while no output had a subscriber, or while disabled
    skipped: int = 0  # frames that came faster than max_rate
    network_failures: int = 0  # those of counts.failed that the network caused
    timing: Timing | None = None  # of the last answered frame
    health: Health = field(default_factory=Health)
    gpu: GpuHealth | None = None  # None without a GPU
    facts: Mapping[str, str] = field(default_factory=dict)  # `Network.facts`


def judge(now: Observation, before: Observation) -> tuple[bytes, str]:
    """Level and message of the diagnostics for the time between two observations."""
    if now.reason:
        return DiagnosticStatus.ERROR, now.reason
    if now.network_failures > before.network_failures:
        return DiagnosticStatus.ERROR, f"frames failed: {_new_failures(now, before)}"
    warnings = list(_warnings(now, before))
    if errors := list(_errors(now)):
        return DiagnosticStatus.ERROR, "; ".join(errors + warnings)
    if warnings:
        return DiagnosticStatus.WARN, "; ".join(warnings)
    if now.state != "active":
        return DiagnosticStatus.OK, now.state
    if not now.settings.enabled:
        return DiagnosticStatus.OK, "disabled by ~/set_enabled or the parameter enabled"
    if now.idle > before.idle:
        return DiagnosticStatus.OK, "idle: no output has a subscriber"
    return DiagnosticStatus.OK, "running"


def _errors(now: Observation) -> Iterator[str]:
    """Why nothing is drivable and the grid is unknown, whatever the camera sees."""
    if now.state == "active" and now.settings.enabled:
        if now.stale_reason:
            yield now.stale_reason
        elif now.distrust:
            yield f"no drivable area and no grid: {now.distrust}"


def _warnings(now: Observation, before: Observation) -> Iterator[str]:
    if now.counts.failed > before.counts.failed:
        yield f"frames rejected: {_new_failures(now, before)}"
    if now.mismatch:
        yield now.mismatch
    if now.state == "active":
        if now.rivals:
            yield now.rivals
        if now.settings.enabled and now.health.silence > _max_silence(now.settings.min_rate):
            yield (
                f"no image on {now.topic} for {now.health.silence:.0f} s; check that the camera "
                "runs, and the name of the topic"
            )
        yield from _delays(now, before)
        yield from now.health.warnings
        if now.settings.enabled:
            yield from filter(None, (now.grid_reason, now.map_reason, now.undrivable_reason))
        yield from _unused(now.settings)
    if now.gpu is not None:
        yield from now.gpu.warnings
    if now.reload_reason:
        yield now.reload_reason


def _unused(settings: NodeSettings) -> Iterator[str]:
    """Parameters of the camera's pose that are set and have no effect."""
    if settings.camera_height == 0 and (names := [n for n in POSE if getattr(settings, n)]):
        yield (
            f"{', '.join(names)}: without effect while camera_height is 0, as the camera's pose "
            "comes from tf; set camera_height, too, or leave them at 0"
        )


def _max_silence(min_rate: float) -> float:
    """Seconds that a camera may be silent; longer where min_rate allows a slow camera."""
    return max(MAX_SILENCE, 2 / min_rate) if min_rate else MAX_SILENCE


def _delays(now: Observation, before: Observation) -> Iterator[str]:
    wait, min_rate = now.health.wait, now.settings.min_rate
    if min_rate and wait > 1 / min_rate:
        yield f"an answer takes {wait:.1f} s, too long for min_rate, {min_rate:g} Hz; {FASTER}"
    received = now.counts.received - before.counts.received
    dropped = now.counts.dropped - before.counts.dropped
    if received >= MIN_RECEIVED and dropped > MAX_DROPPED * received:
        yield f"{dropped} of {received} images were dropped for newer ones; {FASTER}"
    if now.timing is not None and now.counts.processed > before.counts.processed:
        yield from _latency(now.timing.latency_ms / 1000, now.settings.max_latency)


def _latency(latency: float, max_latency: float) -> Iterator[str]:
    if latency > RECORDED and max_latency:
        yield (
            f"images are stamped {timedelta(seconds=round(latency))} ago; play a recording with "
            "restamp:=true, or with --clock and use_sim_time; set the clock of a camera"
        )
    elif max_latency and latency > max_latency:
        yield (
            f"answers come {latency:.1f} s after their images' stamps, more than max_latency, "
            f"{max_latency:g} s; {FASTER}"
        )
    if latency < -MAX_AHEAD:
        yield (
            f"images are stamped {-latency:.1f} s in the future; synchronize the clocks of the "
            "camera's machine and of this one (chrony), or set use_sim_time"
        )


def _new_failures(now: Observation, before: Observation) -> str:
    old = before.counts.reasons
    new = {text: count - old.get(text, 0) for text, count in now.counts.reasons.items()}
    return ", ".join(f"{count} x {text}" for text, count in new.items() if count)


def numbers(now: Observation, before: Observation, seconds: float) -> dict[str, str]:
    """The status' values by name; seconds is the time between the two observations."""
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
        self._timer = steady_timer(node, period, self.publish)
        self._hastened = node.create_guard_condition(self.publish)

    def hasten(self) -> None:
        """Publish at once, from any thread: an alarm must not wait for the timer."""
        self._hastened.trigger()

    def publish(self) -> None:
        """Publish a status for each camera, of the time since the last call."""
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
            # A new activation counts from zero; failures before its end were published already.
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
        """Log a mismatch or a rival once, when it appears."""
        found = (text for each in now.values() for text in (each.mismatch, each.rivals))
        mismatch = "; ".join(filter(None, found))
        if mismatch and mismatch != self._mismatch:
            self._node.get_logger().warning(mismatch)
        self._mismatch = mismatch
