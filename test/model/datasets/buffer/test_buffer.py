"""Frame buffer: its bounds, what stays and what goes, and what a crash or a full disk leaves."""

from __future__ import annotations

import errno
import time

import numpy as np
import pytest

from segnet_model.base import atomic
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.lock import locked
from segnet_model.datasets.buffer import FrameBuffer, is_buffer, list_buffered
from segnet_model.datasets.buffer.files import Name
from segnet_model.images.files import read_image

SECOND = 1_000_000_000
BLOCK = 10.0  # seconds; so the third ten of every fifty are held out
LARGE = 1 << 30


def view(look, seed=0):
    """An image (48, 64, 3) whose gray level is its look, 0 to 190, with a step and grain."""
    image = np.full((48, 64, 3), look, np.uint8)
    image[:, 32:] += 60
    return image + np.random.default_rng(seed).integers(0, 4, image.shape, np.uint8)


def buffer(folder, session="today", images=100, size=LARGE):
    return FrameBuffer(folder, session, images, size, BLOCK)


def fill(room, looks, start=0, **where):
    """Add a frame a second; the reasons why frames were not kept."""
    return [room.add(view(look, i), (start + i) * SECOND, **where) for i, look in enumerate(looks)]


def looks(paths):
    return sorted(int(read_image(path)[..., :32, :].mean()) for path in paths)


def test_a_name_holds_stamp_and_place():
    for place in (None, (1.25, -3.5), (-0.0, 123456.78)):
        name = Name(1_764_382_000_000_000_000, place)
        assert Name.read(str(name)) == name
    assert Name.read("holiday.png") is None
    assert str(Name(9)) < str(Name(10))


def test_blocks_of_time_are_held_out(tmp_path):
    with buffer(tmp_path / "b").opened() as room:
        assert not any(fill(room, range(0, 150, 3)))
        assert (room.learned, room.held, room.earlier) == (40, 10, 0)
    found = list_buffered(tmp_path / "b")
    assert [Name.read(path.name).stamp_ns // SECOND for path in found.held] == [*range(20, 30)]
    assert len(found.learned) == 40


def test_the_same_view_is_kept_once_unless_it_is_elsewhere(tmp_path):
    with buffer(tmp_path / "b").opened() as room:
        assert room.add(view(50), 0, (0.0, 0.0)) == ""
        assert room.add(view(50, 1), 1, (0.1, 0.0)) == "look like one that is there"
        assert room.add(view(50, 1), 1) == "look like one that is there"  # without odometry
        assert room.add(view(50, 1), 1, (3.0, 0.0)) == ""
        assert room.add(view(55, 1), 2, (0.0, 0.0)) == ""
        assert room.learned == 3


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((48, 64, 3), np.uint8), "show nothing"),
        (np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8), "are noise"),
    ],
)
def test_what_shows_nothing_is_not_kept(tmp_path, image, reason):
    with buffer(tmp_path / "b").opened() as room:
        assert reason in room.add(image, 0)
        assert room.learned == 0


def test_a_full_buffer_keeps_what_is_rare(tmp_path):
    """Many frames of a road that hardly changes do not push the few others out."""
    rare = [100, 130, 160, 190]
    rng = np.random.default_rng(0)
    road = rng.uniform(0, 40, 400)
    with buffer(tmp_path / "b").opened() as room:
        for i, look in enumerate([*rare, *road]):
            level = np.clip(view(0, i) + look, 0, 255).astype(np.uint8)
            room.add(level, i * 50 * SECOND)  # all in blocks to learn from
            assert room.learned <= 60
    kept = looks(list_buffered(tmp_path / "b").learned)
    assert [each for each in kept if each > 60] == pytest.approx(rare, abs=2)
    gaps = np.diff([each for each in kept if each < 60])
    assert gaps.max() <= 6  # and the road is covered evenly


def test_a_full_buffer_keeps_places(tmp_path):
    """Of frames that look alike, those of few places stay, not the last minute alone."""
    with buffer(tmp_path / "b").opened() as room:
        for i in range(240):  # 60 m, then it stands and sees light change slowly
            meters = min(i, 120) * 0.5
            room.add(view(50 + i % 3, i), i * 50 * SECOND, (meters, 0.0))
    places = sorted(Name.read(p.name).place[0] for p in list_buffered(tmp_path / "b").learned)
    assert len(places) == 60
    assert places[0] < 3
    assert max(np.diff(places)) <= 3


def test_bytes_are_bounded(tmp_path):
    with buffer(tmp_path / "b").opened() as room:
        fill(room, range(0, 90, 3))
        whole = room.bytes
    most = whole // 2
    with buffer(tmp_path / "b", size=most).opened() as room:  # a smaller bound than before
        assert room.bytes <= most
        for i in range(40):
            room.add(view(100 + 2 * i, i), (100 + i) * SECOND)
            files = list((tmp_path / "b").rglob("*.png"))
            assert sum(path.stat().st_size for path in files) == room.bytes <= most
        assert room.learned > 5
    with (
        buffer(tmp_path / "b", size=100).opened() as room,
        pytest.raises(DatasetError, match="does not fit into 100; give the buffer more"),
    ):
        room.add(view(7), 0)


def test_earlier_sessions_keep_their_held_out_frames(tmp_path):
    for day in range(4):
        with buffer(tmp_path / "b", f"day{day}").opened() as room:
            fill(room, [20 * day + 2 * each for each in range(60)], start=1000 * day)
            assert room.held <= 20
            assert room.earlier <= 20
    found = list_buffered(tmp_path / "b")
    assert {path.parent.parent.name for path in found.held} == {"day3"}
    assert {path.parent.parent.name for path in found.earlier} == {"day0", "day1", "day2"}
    assert len(found.earlier) == 20
    held = {Name.read(path.name).stamp_ns for path in (*found.held, *found.earlier)}
    assert not held & {Name.read(path.name).stamp_ns for path in found.learned}


def test_an_opened_buffer_goes_on_as_if_it_had_not_ended(tmp_path):
    """The same frames stay in one run as in two."""
    frames = [float(each) for each in np.random.default_rng(1).uniform(0, 150, 160)]
    for name, parts in (("one", [frames]), ("two", [frames[:70], frames[70:]])):
        start = 0
        for part in parts:
            with buffer(tmp_path / name, images=40).opened() as room:
                for i, look in enumerate(part, start):
                    room.add(np.uint8(view(0, i) + look), i * 50 * SECOND, (i / 10, 0.0))
            start += len(part)
    one, two = (
        [path.name for path in list_buffered(tmp_path / name).learned] for name in ("one", "two")
    )
    assert one == two


def test_a_second_process_is_refused(tmp_path):
    with (
        locked(tmp_path / "b", "trainer"),
        pytest.raises(SettingsError, match="another trainer is writing to"),
        buffer(tmp_path / "b").opened(),
    ):
        pass


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "holiday.png").write_bytes(b"")
    with (
        pytest.raises(
            DatasetError, match=r"holds holiday\.png and is no frame buffer; name another"
        ),
        buffer(tmp_path / "b").opened(),
    ):
        pass
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["holiday.png"]
    (tmp_path / "file").touch()
    with (
        pytest.raises(SettingsError, match="name another folder"),
        buffer(tmp_path / "file").opened(),
    ):
        pass


@pytest.mark.parametrize("index", [b"", b"[]", b"\xff", b'{"version": 9, "session": "x"}'])
def test_an_unreadable_buffer_is_refused_and_stays(tmp_path, index):
    with buffer(tmp_path / "b").opened() as room:
        fill(room, [10, 20])
    (tmp_path / "b" / "frame_buffer.json").write_bytes(index)
    assert is_buffer(tmp_path / "b")
    with (
        pytest.raises(DatasetError, match="name another folder for the buffer|is version 1"),
        buffer(tmp_path / "b").opened(),
    ):
        pass
    assert len([*(tmp_path / "b").rglob("*.png")]) == 2


def test_damaged_images_are_removed_and_counted(tmp_path, caplog):
    with buffer(tmp_path / "b").opened() as room:
        fill(room, [10, 20, 30])
    first, second, _ = list_buffered(tmp_path / "b").learned
    first.write_bytes(b"")
    data = bytearray(second.read_bytes())
    data[len(data) // 2] ^= 1  # as of a power cut; many decoders would show it
    second.write_bytes(data)
    own = first.with_name("notes.txt")
    own.write_text("mine")
    with buffer(tmp_path / "b").opened() as room:
        assert (room.learned, room.damaged) == (1, 2)
        assert room.add(view(10), 0) == ""  # it is free again
    assert "removed 2 images" in caplog.text
    assert own.read_text() == "mine"


def test_a_full_disk_leaves_what_there_is(tmp_path, monkeypatch):
    with buffer(tmp_path / "b").opened() as room:
        fill(room, range(0, 60, 3))
        before = sorted((tmp_path / "b").rglob("*.*"))

        def full(path):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(atomic, "set_mark", full)  # after the bytes, before they take their place
            for i in range(30):
                with pytest.raises(
                    DatasetError, match="No space left on device; .*the buffer stays as it is"
                ):
                    room.add(view(100 + i), (100 + i) * SECOND)
        assert sorted((tmp_path / "b").rglob("*.*")) == before
        assert room.learned == 20
        assert room.add(view(100), 100 * SECOND) == ""


KILLED = """
from pathlib import Path
import numpy as np
from segnet_model.datasets.buffer import FrameBuffer

rng = np.random.default_rng(0)
with FrameBuffer(Path({folder!r}), "today", 100, 1 << 30, 10.0).opened() as room:
    for i in range(100000):
        image = rng.integers(0, 190, (48, 64, 1), np.uint8) // 8 + np.uint8(i % 97 * 2)
        image = np.repeat(np.sort(image, 1), 3, 2)
        room.add(image, i * 10**9, (i / 7, 0.0))
"""


def test_a_killed_process_leaves_whole_files(tmp_path, programs):
    folder = tmp_path / "b"
    for most in (20, 40):
        program = programs.fork("segnet_model.cli", before=KILLED.format(folder=str(folder)))
        while len([*folder.rglob("*.png")]) < most:
            assert program.poll() is None, program.communicate()[0]
            time.sleep(0.02)
        program.kill()
        program.wait()
        for path in (p for p in folder.rglob("*.png") if not p.name.startswith(".")):
            assert read_image(path).shape == (48, 64, 3)
    with buffer(folder).opened() as room:
        assert room.damaged == 0
        assert room.learned + room.held >= 39
    assert not list(folder.rglob(".*.tmp"))


def test_session_names_are_checked(tmp_path):
    for name in ("", ".", "..", "a/b", "x" * 65):
        with pytest.raises(SettingsError, match="cannot be the name of a folder"):
            buffer(tmp_path / "b", name)


def test_places_that_mean_nothing_are_left_out(tmp_path):
    with buffer(tmp_path / "b").opened() as room:
        for i, place in enumerate([(np.nan, 0.0), (np.inf, 0.0), (1e300, 1.0)]):
            assert room.add(view(20 * i), i, place) == ""
    assert all(Name.read(p.name).place is None for p in list_buffered(tmp_path / "b").learned)
