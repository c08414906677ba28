"""When a projector is made, for what, and why there is none."""

from __future__ import annotations

import time
from threading import Event

import pytest

pytest.importorskip("rclpy")
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from segnet_model.base.errors import SettingsError
from segnet_model.driving import CameraPose
from segnet_ros.segmentation import ground as module
from segnet_ros.segmentation.ground import Ground
from segnet_ros.segmentation.settings import NodeSettings

pytestmark = pytest.mark.ros

SIZE = (48, 64)
FEW = {"grid_resolution": 0.5, "grid_length": 6.0, "grid_width": 6.0}
MOUNTED = NodeSettings(camera_height=1.2, camera_pitch=0.3, **FEW)
BY_TF = NodeSettings(**FEW)


class Tf:
    """Says where a test wants the camera to be."""

    def __init__(self):
        self.pitch = 0.3

    def pose(self, base, frame, stamp):
        return CameraPose.mounted(1.2, pitch=self.pitch)


def info(**fields):
    k = [50.0, 0.0, 31.5, 0.0, 50.0, 23.5, 0.0, 0.0, 1.0]
    p = [40.0, 0.0, 30.0, 0.0, 0.0, 40.0, 20.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    values = {"height": 48, "width": 64, "distortion_model": "plumb_bob", "k": k, "p": p}
    return CameraInfo(**{**values, "d": [0.1, 0.0, 0.0, 0.0, 0.0], **fields})


@pytest.fixture
def tf():
    return Tf()


@pytest.fixture
def ground(tf):
    ground = Ground(tf)
    yield ground
    ground.close()


def wait_for(ground, *asked):
    """The projector once it is made."""
    until = time.monotonic() + 60
    while (found := ground.projector(*asked)) is None:
        assert time.monotonic() < until, ground.reason
        assert ground.reason == ""
        time.sleep(0.01)
    return found


def test_images_do_not_wait_for_a_projector_and_share_it(ground, monkeypatch):
    may_end, make = Event(), module.GroundProjector

    def slow(*asked):
        assert may_end.wait(20)
        return make(*asked)

    monkeypatch.setattr(module, "GroundProjector", slow)
    for _ in range(2):  # while it is made
        assert ground.projector(info(), SIZE, Header(), MOUNTED) is None
        assert ground.reason == ""
    may_end.set()
    first = wait_for(ground, info(), SIZE, Header(), MOUNTED)
    assert ground.projector(info(), SIZE, Header(), MOUNTED) is first


@pytest.mark.parametrize(
    ("other", "settings"),
    [
        (info(d=[0.2, 0.0, 0.0, 0.0, 0.0]), MOUNTED),
        (info(), NodeSettings(camera_height=1.3, camera_pitch=0.3, **FEW)),
        (info(), NodeSettings(camera_height=1.2, camera_pitch=0.3, rectified=True, **FEW)),
        (info(), NodeSettings(camera_height=1.2, camera_pitch=0.3)),
    ],
)
def test_a_changed_lens_pose_or_grid_needs_a_new_projector(ground, other, settings):
    first = wait_for(ground, info(), SIZE, Header(), MOUNTED)
    assert wait_for(ground, other, SIZE, Header(), settings) is not first


def test_a_camera_that_always_moves_has_a_reason(ground, tf):
    wait_for(ground, info(), SIZE, Header(), BY_TF)
    until = time.monotonic() + 60
    while not ground.reason:
        assert time.monotonic() < until
        tf.pitch += 0.002
        assert ground.projector(info(), SIZE, Header(), BY_TF) is None
        time.sleep(0.01)
    assert ground.reason.startswith("no drivable_grid: the camera moves in base_link")
    while ground.projector(info(), SIZE, Header(), BY_TF) is None:  # it has come to rest
        assert time.monotonic() < until
        time.sleep(0.01)
    assert ground.reason == ""


@pytest.mark.parametrize(
    ("known", "size", "reason"),
    [
        (None, SIZE, "no camera_info came"),
        (info(k=[0.0] * 9), SIZE, "uncalibrated"),
        (info(), (48, 100), "another shape"),
    ],
)
def test_missing_input_has_a_reason(ground, known, size, reason):
    assert ground.projector(known, size, Header(), MOUNTED) is None
    assert ground.reason.startswith("no drivable_grid: ")
    assert reason in ground.reason


def test_a_failed_projector_has_a_reason_and_is_not_retried_for_every_image(ground, monkeypatch):
    tried = []

    def fail(*asked):
        tried.append(asked)
        raise SettingsError("the grid is too far away")

    monkeypatch.setattr(module, "GroundProjector", fail)
    until = time.monotonic() + 60
    while not ground.reason:
        assert ground.projector(info(), SIZE, Header(), MOUNTED) is None
        assert time.monotonic() < until
        time.sleep(0.01)
    for _ in range(5):
        assert ground.projector(info(), SIZE, Header(), MOUNTED) is None
    assert ground.reason == "no drivable_grid: the grid is too far away"
    assert len(tried) == 1
