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
from segnet_model.driving.calibration import InfoCheck
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
        assert ground.reason == "" or "being computed" in ground.reason
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


def test_a_camera_that_always_moves_has_a_reason(ground, tf, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 60.0)  # a busy machine takes seconds
    wait_for(ground, info(), SIZE, Header(), BY_TF)
    until = time.monotonic() + 60
    while not ground.reason:
        assert time.monotonic() < until
        tf.pitch += 0.002
        assert ground.projector(info(), SIZE, Header(), BY_TF) is None
        time.sleep(0.01)
    assert ground.reason.startswith("no drivable_grid: the camera moves in base_link faster than")
    while ground.projector(info(), SIZE, Header(), BY_TF) is None:  # it has come to rest
        assert time.monotonic() < until
        time.sleep(0.01)
    assert ground.reason == ""


def of_pitch(pitch):
    return info(), NodeSettings(camera_height=1.2, camera_pitch=pitch, **FEW)


def of_focal_length(pitch):
    return info(k=[50 + pitch, 0, 31.5, 0, 50 + pitch, 23.5, 0, 0, 1]), MOUNTED


def of_length(pitch):
    few = {**FEW, "grid_length": 6 + pitch}
    return info(), NodeSettings(camera_height=1.2, camera_pitch=0.3, **few)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (of_pitch, "camera_pitch or another parameter of the pose changes faster than the grid"),
        (of_focal_length, "camera_info changes faster than the grid can follow"),
        (of_length, "a parameter of the ground grid changes faster"),
    ],
)
def test_what_changes_all_the_time_is_named(ground, changed, said, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 60.0)  # a busy machine takes seconds
    wait_for(ground, info(), SIZE, Header(), MOUNTED)
    until, value = time.monotonic() + 60, 0.3
    while not ground.reason:
        assert time.monotonic() < until
        value += 0.002
        known, settings = changed(value)
        assert ground.projector(known, SIZE, Header(), settings) is None
        time.sleep(0.01)
    assert said in ground.reason
    wait_for_rest = ground.projector(known, SIZE, Header(), settings)
    while wait_for_rest is None:
        assert time.monotonic() < until
        wait_for_rest = ground.projector(known, SIZE, Header(), settings)
        time.sleep(0.01)
    assert ground.reason == ""


def test_another_base_frame_is_no_moving_camera(ground, tf):
    wait_for(ground, info(), SIZE, Header(), BY_TF)
    for number in range(6):
        tf.pitch += 0.1
        settings = NodeSettings(base_frame=f"base_{number}", **FEW)
        assert ground.projector(info(), SIZE, Header(), settings) is None
        assert ground.reason == ""
        wait_for(ground, info(), SIZE, Header(), settings)


def test_a_projector_that_takes_long_is_said(ground, monkeypatch):
    may_end, make = Event(), module.GroundProjector

    def slow(*asked):
        assert may_end.wait(20)
        return make(*asked)

    monkeypatch.setattr(module, "GroundProjector", slow)
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    assert ground.projector(info(), SIZE, Header(), MOUNTED) is None
    assert ground.reason == ""
    time.sleep(0.1)
    assert ground.projector(info(), SIZE, Header(), MOUNTED) is None
    assert ground.reason.startswith("no drivable_grid: its tables are being computed for 0 s")
    may_end.set()
    while ground.projector(info(), SIZE, Header(), MOUNTED) is None:
        time.sleep(0.01)
    assert ground.reason == ""


@pytest.mark.parametrize(("of_info", "of_image"), [("", "left"), ("left", ""), ("left", "left")])
def test_a_calibration_of_the_same_frame_or_of_none_is_taken(ground, of_info, of_image):
    known = info(header=Header(frame_id=of_info))
    wait_for(ground, known, SIZE, Header(frame_id=of_image), MOUNTED)


def test_a_calibration_of_another_frame_is_refused_with_both_names(ground):
    known = info(header=Header(frame_id="right"))
    assert ground.projector(known, SIZE, Header(frame_id="left"), MOUNTED) is None
    assert "frame_id 'right', the images are of 'left'" in ground.reason


def test_a_reason_ends_while_the_next_projector_is_made(ground):
    """Else the old reason would be said of the new image, and of the new calibration."""
    assert ground.projector(info(k=[0.0] * 9), SIZE, Header(), MOUNTED) is None
    assert "uncalibrated" in ground.reason
    assert ground.projector(info(), SIZE, Header(), MOUNTED) is None
    assert ground.reason == ""


def test_calibrations_that_are_not_to_be_used_have_a_reason(tf):
    check = InfoCheck()
    for number in range(8):
        check.add(info(k=[100.0 + number % 2, 0, 50, 0, 100, 30, 0, 0, 1]), number / 30)
    ground = Ground(tf, lambda: check.check(8 / 30))
    assert ground.projector(info(), SIZE, Header(), MOUNTED) is None
    assert "several cameras publish on its topic" in ground.reason
    ground.close()


def test_a_camera_that_nobody_places_is_told_from_one_without_a_grid(ground, tf, monkeypatch):
    assert ground.projector(info(), SIZE, Header(), BY_TF) is None  # it is being made
    assert not ground.unplaced
    assert ground.projector(info(k=[0.0] * 9), SIZE, Header(), BY_TF) is None
    assert not ground.unplaced

    def fail(base, frame, stamp):
        raise SettingsError("tf has no transform")

    with monkeypatch.context() as patch:
        patch.setattr(tf, "pose", fail)
        assert ground.projector(info(), SIZE, Header(), BY_TF) is None
        assert ground.unplaced
        assert ground.projector(None, SIZE, Header(), BY_TF) is None  # before the pose is asked for
        assert not ground.unplaced


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


def test_after_any_other_error_it_is_tried_again(ground, monkeypatch):
    def fail(*asked):
        raise MemoryError("no memory for the tables")

    with monkeypatch.context() as patch:
        patch.setattr(module, "GroundProjector", fail)
        with pytest.raises(MemoryError):
            wait_for(ground, info(), SIZE, Header(), MOUNTED)
    wait_for(ground, info(), SIZE, Header(), MOUNTED)
