"""Level, message and values of the diagnostics, without a node."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock

from segnet_model.base.errors import ImageError, reason
from segnet_model.engines.gpu_health import GpuHealth
from segnet_ros.segmentation.diagnostics import Diagnostics, Observation, judge, numbers
from segnet_ros.segmentation.health import Health
from segnet_ros.segmentation.messages import Timing
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.worker import Counts

pytestmark = pytest.mark.ros

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
ACTIVE = Observation("active", topic="/camera")
SILENT = Health(silence=5.0)


def failed(**reasons):
    return Counts(received=9, processed=3, reasons=reasons)


@pytest.mark.parametrize(
    ("now", "before", "level", "text"),
    [
        (Observation("unconfigured"), Observation("unconfigured"), OK, "unconfigured"),
        (Observation("inactive"), Observation("unconfigured"), OK, "inactive"),
        (Observation("unconfigured", reason="no such file"), ACTIVE, ERROR, "no such file"),
        (ACTIVE, ACTIVE, OK, "running"),
        (Observation("active", idle=2), ACTIVE, OK, "no output has a subscriber"),
        (Observation("active", reload_reason="reload refused"), ACTIVE, WARN, "reload refused"),
        (Observation("inactive", reload_reason="reload refused"), ACTIVE, WARN, "reload refused"),
        (
            Observation(
                "active", reload_reason="reload refused", counts=failed(oom=1), network_failures=1
            ),
            ACTIVE,
            ERROR,
            "frames failed: 1 x",
        ),
        (
            Observation("active", topic="/front", health=SILENT),
            ACTIVE,
            WARN,
            "no image on /front",
        ),
        (Observation("active", counts=failed(step=2)), ACTIVE, WARN, "frames rejected: 2 x step"),
        (Observation("active", rivals="/mask has 2 publishers"), ACTIVE, WARN, "2 publishers"),
        (Observation("inactive", rivals="/mask has 2 publishers"), ACTIVE, OK, "inactive"),
        (
            Observation("active", counts=failed(oom=1), network_failures=1),
            ACTIVE,
            ERROR,
            "frames failed: 1 x",
        ),
    ],
)
def test_level_and_reason(now, before, level, text):
    found, message = judge(now, before)
    assert found == level
    assert text in message


def test_a_distrusted_answer_is_an_error_that_hides_no_warning():
    now = Observation("active", distrust="the pose cannot be right", rivals="2 publishers")
    level, message = judge(now, ACTIVE)
    assert level == ERROR
    assert message == "no drivable area and no grid: the pose cannot be right; 2 publishers"
    off = NodeSettings(enabled=False)
    assert judge(Observation("active", distrust="why", settings=off), ACTIVE)[0] == OK
    assert judge(Observation("inactive", distrust="why"), ACTIVE)[0] == OK


def test_an_answer_that_is_too_old_is_an_error_whatever_it_was():
    now = Observation("active", stale_reason="no answer for 3 s", distrust="pose", health=SILENT)
    level, message = judge(now, ACTIVE)
    assert level == ERROR
    assert message.startswith("no answer for 3 s; no image on")


def answered(latency_ms, **more):
    return Observation(
        "active", counts=Counts(processed=5), timing=Timing(1.0, 2.0, latency_ms), **more
    )


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (Observation("active", mismatch="/cam has another QoS"), "/cam has another QoS"),
        (
            Observation("active", grid_reason="no drivable_grid: no info"),
            "no drivable_grid: no info",
        ),
        (
            Observation("active", health=Health(wait=2.1)),
            "an answer takes 2.1 s, too long for min_rate, 0.5 Hz",
        ),
        (Observation("active", health=Health(warnings=("all Sky",))), "all Sky"),
        (
            Observation("active", settings=NodeSettings(camera_pitch=0.2, camera_left=-0.1)),
            "camera_left, camera_pitch: without effect while camera_height is 0, as the camera's",
        ),
        (Observation("active", counts=Counts(20, 1, 19)), "19 of 20 images were dropped"),
        (answered(1500.0), "answers come 1.5 s after"),
        (answered(86_400e3 * 1060), "images are stamped 1060 days, 0:00:00 ago; play a recording"),
        (answered(-200.0), "images are stamped 0.2 s in the future"),
        (Observation("active", gpu=GpuHealth(95.0, 0.5)), "the GPU is at 95 degrees"),
        (Observation("active", gpu=GpuHealth(None, 0.01)), "1% of the GPU's memory is free"),
    ],
)
def test_warnings(now, text):
    level, message = judge(now, ACTIVE)
    assert level == WARN
    assert text in message


@pytest.mark.parametrize(
    "now",
    [
        Observation("active", health=Health(wait=1.9)),
        Observation("active", health=Health(wait=60.0), settings=NodeSettings(min_rate=0.0)),
        Observation("active", counts=Counts(20, 2, 18)),
        Observation("active", counts=Counts(5, 0, 5)),
        answered(999.0),
        answered(1e9, settings=NodeSettings(max_latency=0.0)),
        answered(-50.0),
        Observation("active", health=Health(silence=19.0), settings=NodeSettings(min_rate=0.1)),
        answered(float("nan")),
        Observation("active", settings=NodeSettings(camera_height=1.0, camera_pitch=0.2)),
        Observation("active", gpu=GpuHealth(60.0, 0.5)),
        Observation("active", gpu=GpuHealth(None, 0.5)),
    ],
)
def test_no_warnings(now):
    assert judge(now, ACTIVE) == (OK, "running")


def test_a_disabled_node_is_ok():
    off = NodeSettings(enabled=False)
    now = Observation(
        "active", idle=3, settings=off, health=SILENT, grid_reason="no drivable_grid: why"
    )
    level, message = judge(now, ACTIVE)
    assert level == OK
    assert message.startswith("disabled by ~/set_enabled")


def test_an_old_failure_is_not_repeated():
    now = Observation("active", counts=failed(step=2), network_failures=1)
    assert judge(now, now) == (OK, "running")


def test_only_new_failures_are_counted():
    before = Observation("active", counts=failed(step=2, data=1))
    now = Observation("active", counts=failed(step=2, data=4))
    assert judge(now, before) == (WARN, "frames rejected: 3 x data")


def test_warnings_do_not_hide_each_other():
    now = Observation(
        "active", counts=failed(step=2), health=SILENT, reload_reason="reload refused"
    )
    level, message = judge(now, ACTIVE)
    assert level == WARN
    assert message.startswith("frames rejected: 2 x step; no image on")
    assert message.endswith("; reload refused")


class Node:
    """Stands for one; keeps what is published."""

    def __init__(self):
        self.published = []

    def create_publisher(self, *how):
        return SimpleNamespace(publish=lambda m: self.published.append(m.status[0]))

    def create_timer(self, *how, **more):
        pass

    def create_guard_condition(self, callback):
        return SimpleNamespace(trigger=callback)

    def get_clock(self):
        return Clock()

    def get_fully_qualified_name(self):
        return "/segmentation"


def statuses(*observations):
    """Level and message of each but the first."""
    node, left = Node(), list(observations)
    diagnostics = Diagnostics(node, 1.0, lambda: {"": left.pop(0)})
    while left:
        diagnostics.publish()
    return [(status.level, status.message) for status in node.published]


def test_failures_before_deactivation_are_not_repeated():
    bad = Observation("active", counts=failed(oom=2), network_failures=2)
    ended = Observation("inactive", network_failures=2)  # its counts ended with it
    assert statuses(ACTIVE, bad, bad, ended, ended) == [
        (ERROR, "frames failed: 2 x oom"),
        (OK, "running"),
        (OK, "inactive"),
        (OK, "inactive"),
    ]


def test_failures_right_after_activation_are_reported():
    began = Observation("active", counts=failed(step=1))
    (first,) = statuses(Observation("inactive"), began)
    assert first == (WARN, "frames rejected: 1 x step")
    again = Observation("active", counts=Counts(received=2, reasons={"step": 1}))
    assert statuses(Observation("active", counts=failed(step=1)), again) == [first]


def test_numbers():
    before = Observation("active", counts=Counts(received=10, processed=5))
    counts = Counts(received=40, processed=20, dropped=18, reasons={"step": 2})
    timing = Timing(inference_ms=40.04, total_ms=50.0, latency_ms=float("nan"))
    now = Observation("active", counts=counts, idle=7, timing=timing, facts={"device": "cpu"})
    assert numbers(now, before, seconds=2.0) == {
        "state": "active",
        "device": "cpu",
        "received": "40",
        "processed": "20",
        "dropped": "18",
        "idle": "7",
        "skipped": "0",
        "rejected": "2",
        "rejected: step": "2",
        "frames a second": "7.5",
        "inference_ms": "40.0",
        "total_ms": "50.0",
        "latency_ms": "nan",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "step 100 is shorter than a row of 300 bytes; set step to 300",
            "step # is shorter than a row of # bytes",
        ),
        ("encoding 'it\\'s 8' is not known here; convert", "encoding # is not known here"),
        ("""data that starts with b"\\xff'" is neither""", "data that starts with # is neither"),
        ("an image of 0x3 pixels cannot be", "an image of #x# pixels cannot be"),
        ("", "ImageError"),
    ],
)
def test_frames_that_fail_alike_have_one_reason(text, expected):
    assert reason(ImageError(text)) == expected


def test_an_alarm_does_not_wait_for_the_timer():
    node = Node()
    state = [Observation("active")]
    diagnostics = Diagnostics(node, 60.0, lambda: {"": state[0]})
    state[0] = Observation("active", distrust="this place is unlike the taught ones")
    diagnostics.hasten()
    (said,) = node.published
    assert said.level == ERROR
