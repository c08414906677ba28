"""A camera as a source. A video file stands in for the device, which test machines lack."""

import os
import signal
import stat
from itertools import islice

import cv2
import numpy as np
import pytest

from segnet_model.base.errors import DatasetError, VideoError
from segnet_model.cli import main
from segnet_model.datasets.sources import CameraSource, camera, open_source, opening
from segnet_model.images.files import list_images

pytest.importorskip("av")


class Device:
    """What OpenCV makes of a device: colors that count up, in BGR."""

    def __init__(self, count=None, opened=True):
        self.count, self.opened, self.number, self.released = count, opened, 0, False

    def isOpened(self):  # noqa: N802
        return self.opened

    def read(self):
        if self.number == self.count:
            return False, None
        self.number += 1
        return True, np.full((64, 96, 3), (self.number % 256, 0, 200), np.uint8)

    def release(self):
        self.released = True


@pytest.fixture
def device(monkeypatch, tmp_path):
    """Makes a device at a path."""

    def make(**options):
        made = Device(**options)
        path = tmp_path / "video0"
        path.touch()
        monkeypatch.setattr(camera, "open_camera", lambda _: made)
        monkeypatch.setattr(opening, "is_camera", lambda each: each == path)
        return path, made

    return make


def test_images_in_rgb_with_rising_times(device):
    path, made = device()
    with open_source(path, live=True) as source:
        assert isinstance(source, CameraSource)
        images = list(islice(source.images(), 5))
    assert made.released
    stamps = [frame.stamp_ns for frame, _ in images]
    assert sorted(set(stamps)) == stamps
    assert stamps[0] >= source.start_ns
    assert [image[0, 0].tolist() for _, image in images] == [[200, 0, n] for n in range(1, 6)]


def test_ctrl_c_ends_the_images_in_good_order(device):
    path, _ = device()
    before = signal.getsignal(signal.SIGINT)
    with open_source(path, live=True) as source:
        images = source.images()
        next(images)
        os.kill(os.getpid(), signal.SIGINT)
        assert len(list(images)) <= 1
    assert signal.getsignal(signal.SIGINT) is before


def test_a_part_ends_after_its_seconds(device):
    path, _ = device()
    with open_source(path, live=True) as source:
        times = [frame.receive_ns for frame in source.part(seconds=0.05).frames()]
    assert times
    assert times[-1] - source.start_ns < 50_000_000


def test_a_camera_that_is_unplugged(device, caplog):
    path, _ = device(count=3)
    with open_source(path, live=True) as source:
        assert len(list(source.images())) == 3
    assert "gives no more images; was it unplugged?" in caplog.text


def test_a_camera_that_gives_nothing_or_does_not_open(device):
    path, _ = device(count=0)
    with open_source(path, live=True) as source, pytest.raises(VideoError, match="connect it anew"):
        list(source.images())
    path, _ = device(opened=False)
    with pytest.raises(VideoError, match="does not open; does another program use it"):
        open_source(path, live=True).__enter__()


@pytest.mark.parametrize("command", ["extract", "select", "label", "bag"])
def test_other_commands_name_those_that_take_one(device, command, weights, tmp_path, capsys):
    path, _ = device()
    between = (path,) if command in ("extract", "bag") else (path, weights)
    assert main([str(each) for each in (command, *between, "--out", tmp_path / "out")]) == 2
    assert "is a camera; `segnet view` and `predict` take one" in capsys.readouterr().err


def test_predict_and_view_take_a_camera(device, weights, tmp_path, capsys):
    path, _ = device(count=4)
    assert main(["predict", str(path), str(weights), "--out", str(tmp_path / "out")]) == 0
    assert len(list_images(tmp_path / "out" / "masks")) == 4
    path, _ = device(count=4)
    out = tmp_path / "seen.mp4"
    assert main(["view", str(path), str(weights), "--out", str(out)]) == 0
    assert "4 frames of video0" in capsys.readouterr().out
    with open_source(out) as shown:
        assert len(list(shown.images())) == 4


def test_opencv_opens_what_the_path_says(write_video, tmp_path, monkeypatch):
    images = [np.full((48, 64, 3), value, np.uint8) for value in (50, 200)]
    path = write_video(tmp_path / "a.mp4", [0, 0.1], images)
    monkeypatch.setattr(cv2, "CAP_V4L2", cv2.CAP_FFMPEG)
    with CameraSource(path) as source:
        found = [image for _, image in source.images()]
    assert [int(image.mean()) for image in found] == pytest.approx([50, 200], abs=4)


def test_devices_that_are_no_cameras(tmp_path):
    for path in ("/dev/null", "/dev/zero"):
        assert not camera.is_camera(camera.Path(path))
        with pytest.raises(VideoError, match="is no plain file"):
            open_source(path, live=True).__enter__()
    assert not camera.is_camera(tmp_path)


def test_a_device_of_linux_is_known_by_its_number(monkeypatch):
    monkeypatch.setattr(camera.Path, "stat", lambda _: _Stat(stat.S_IFCHR, os.makedev(81, 0)))
    assert camera.is_camera(camera.Path("/dev/video0"))
    monkeypatch.setattr(camera.Path, "stat", lambda _: _Stat(stat.S_IFCHR, os.makedev(1, 3)))
    assert not camera.is_camera(camera.Path("/dev/null"))


class _Stat:
    def __init__(self, mode, device):
        self.st_mode, self.st_rdev = mode, device


def test_a_camera_that_is_not_there():
    with pytest.raises(DatasetError, match="no bag or file /dev/video99; connect the camera"):
        open_source("/dev/video99", live=True)
