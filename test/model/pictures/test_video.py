import cv2
import numpy as np
import pytest

from segnet_model.base.atomic import write_rules
from segnet_model.base.errors import SettingsError
from segnet_model.pictures.video import MAX_GAP, MAX_SIZE, video

av = pytest.importorskip("av")


def shown(path):
    with av.open(str(path)) as file:
        assert file.streams.video[0].codec_context.name == "h264"
        return [(f.time, f.to_ndarray(format="rgb24")) for f in file.decode(video=0)]


def plain(value, size=(48, 64)):
    return np.full((*size, 3), value, np.uint8)


def test_each_picture_has_its_time(tmp_path):
    times = [100.0, 100.1, 100.5, 101.0]
    with video(tmp_path / "a.mp4") as writer:
        for index, time in enumerate(times):
            writer.add(plain(60 * index), time)
    found = shown(tmp_path / "a.mp4")
    assert [t for t, _ in found] == pytest.approx([0, 0.1, 0.5, 1.0], abs=0.002)
    assert [int(p.mean()) for _, p in found] == pytest.approx([0, 60, 120, 180], abs=8)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_time_neither_goes_back_nor_waits_for_long(tmp_path):
    with video(tmp_path / "a.mp4") as writer:
        for time in (5.0, 5.0, 4.0, 1e9, 1e9 + 0.5):
            writer.add(plain(9), time)
    times = [t for t, _ in shown(tmp_path / "a.mp4")]
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(MAX_GAP + 0.5, abs=0.05)


def test_odd_and_changing_sizes(tmp_path):
    with video(tmp_path / "a.mp4") as writer:
        writer.add(plain(9, (47, 63)), 0.0)
        writer.add(plain(200, (100, 30)), 1.0)
    assert [p.shape for _, p in shown(tmp_path / "a.mp4")] == [(46, 62, 3)] * 2


def test_it_is_no_larger_than_players_take(tmp_path):
    with video(tmp_path / "a.mp4") as writer:
        writer.add(plain(9, (1000, 5000)), 0.0)
    ((_, picture),) = shown(tmp_path / "a.mp4")
    assert picture.shape == (1000 * MAX_SIZE[0] // 5000, MAX_SIZE[0], 3)


def spoil(path):
    with video(path) as writer:
        writer.add(plain(9), 0.0)
        writer.add(np.zeros((0, 0, 3), np.uint8), 1.0)


def test_no_file_is_left_after_an_error(tmp_path):
    (tmp_path / "old.mp4").write_bytes(b"old")
    with pytest.raises(cv2.error), write_rules(overwrite=True):
        spoil(tmp_path / "old.mp4")
    assert (tmp_path / "old.mp4").read_bytes() == b"old"
    with pytest.raises(SettingsError, match="no pictures"), video(tmp_path / "none.mp4"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["old.mp4"]


@pytest.mark.parametrize(("name", "said"), [("a.avi", "must end in .mp4"), ("no/a.mp4", "make it")])
def test_what_cannot_become_a_video(tmp_path, name, said):
    with pytest.raises(SettingsError, match=said), video(tmp_path / name):
        pass
