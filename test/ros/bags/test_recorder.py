"""What the recorder keeps of a recording that cannot go on."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import Program

pytest.importorskip("rclpy")

from segnet_model.bags.reader import BagWriter
from segnet_model.base.errors import BagError
from segnet_model.datasets.sources import BagSource
from segnet_ros.bags.recorder import main

pytestmark = pytest.mark.ros
Start = Callable[..., Program]
Record = Callable[[], int]
CAMERA = "/camera/image_raw"
KEPT = 3  # messages before the disk is full


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """The recorder stops listening to it before the process ends, which here goes on."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def picture(seed: int) -> np.ndarray:
    return np.full((8, 8, 3), seed, np.uint8)


@pytest.fixture(params=["mcap", "sqlite3"])
def record(
    ros_process: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Record:
    """Plays a drive and records it, until the disk is full."""
    with BagWriter(tmp_path / "drive") as bag:
        for i in range(KEPT + 5):
            bag.write_image(CAMERA, 10**18 + i * 50_000_000, "camera", picture(i))
    monkeypatch.setattr(BagWriter, "write_raw", full_after(KEPT))

    def run() -> int:
        played = ["-p", f"bag:={tmp_path / 'drive'}", "-p", "start_timeout:=60.0"]
        ros_process("segnet_ros.bags.player", "--ros-args", *played)
        values = {"out": tmp_path / "copy", "topics": f"[{CAMERA}]", "storage": request.param}
        pairs = (("-p", f"{name}:={value}") for name, value in values.items())
        return main(["--ros-args", *(word for pair in pairs for word in pair)])

    return run


def full_after(count: int) -> Callable[..., None]:
    write, calls = BagWriter.write_raw, []

    def write_some(self: BagWriter, *arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) > count:
            raise BagError("cannot write: is the disk full?")
        write(self, *arguments)

    return write_some


def test_a_failed_write_keeps_what_was_recorded(
    record: Record, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert record() == 1
    output = capfd.readouterr()
    assert output.err.count("is the disk full?") == 1
    assert f"recorded {KEPT} messages of 1 topics" in output.out
    with BagSource(tmp_path / "copy", CAMERA) as source:
        images = [image for _, image in source.images()]
    np.testing.assert_array_equal(images, [picture(i) for i in range(KEPT)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "drive"]


def test_an_unfinished_bag_is_kept(
    record: Record,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("rosbags.rosbag2.writer.Writer.close", full)
    assert record() == 1
    assert not (tmp_path / "copy").exists()
    (folder,) = tmp_path.glob(".copy.*.tmp/copy")
    assert list(folder.iterdir())
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith("bag_recorder: cannot write bag")
    assert str(folder) in last
