"""What is said of the node's health, without a node."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")
from diagnostic_msgs.msg import DiagnosticStatus

from segnet_model.errors import ImageError
from segnet_ros.diagnostics import Observation, judge, numbers, reason
from segnet_ros.messages import Timing
from segnet_ros.worker import Counts

pytestmark = pytest.mark.ros

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
ACTIVE = Observation("active", topic="/camera")


def failed(**reasons):
    return Counts(received=9, processed=3, reasons=reasons)


@pytest.mark.parametrize(
    ("now", "before", "level", "text"),
    [
        (Observation("unconfigured"), Observation("unconfigured"), OK, "unconfigured"),
        (Observation("inactive"), Observation("unconfigured"), OK, "inactive"),
        (Observation("unconfigured", problem="no such file"), ACTIVE, ERROR, "no such file"),
        (ACTIVE, ACTIVE, OK, "running"),
        (Observation("active", idle=2), ACTIVE, OK, "nobody listens"),
        (Observation("active", refusal="reload refused"), ACTIVE, WARN, "reload refused"),
        (Observation("inactive", refusal="reload refused"), ACTIVE, WARN, "reload refused"),
        (
            Observation("active", refusal="reload refused", counts=failed(oom=1), broken=1),
            ACTIVE,
            ERROR,
            "frames lost: 1 x",
        ),
        (Observation("active", topic="/front", silence=4.0), ACTIVE, WARN, "no image on /front"),
        (Observation("active", counts=failed(step=2)), ACTIVE, WARN, "bad frames: 2 x step"),
        (Observation("active", counts=failed(oom=1), broken=1), ACTIVE, ERROR, "frames lost: 1 x"),
    ],
)
def test_level_and_reason(now, before, level, text):
    found, message = judge(now, before)
    assert found == level
    assert text in message


def test_an_old_fault_is_no_fault_any_more():
    now = Observation("active", counts=failed(step=2), broken=1)
    assert judge(now, now) == (OK, "running")


def test_only_what_is_new_is_told():
    before = Observation("active", counts=failed(step=2, data=1))
    now = Observation("active", counts=failed(step=2, data=4))
    assert judge(now, before) == (WARN, "bad frames: 3 x data")


def test_warnings_do_not_hide_each_other():
    now = Observation("active", counts=failed(step=2), silence=4.0, refusal="reload refused")
    level, message = judge(now, ACTIVE)
    assert level == WARN
    assert message.startswith("bad frames: 2 x step; no image on")
    assert message.endswith("; reload refused")


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
