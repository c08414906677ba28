"""Frames of a recording: those that are chosen, and those that are held out."""

import numpy as np
import pytest

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.progress import no_progress
from segnet_model.datasets.buffer import FrameBuffer
from segnet_model.images.files import write_png
from segnet_model.training.adaptation import frames
from segnet_model.training.adaptation.frames import read_frames
from segnet_model.training.adaptation.settings import LEAST_FRAMES, AdaptSettings

SIZE = (48, 64)


def write(folder, count):
    """Images whose gray level is their number, with a step that fault does not mind."""
    folder.mkdir()
    for index in range(count):
        image = np.full((*SIZE, 3), index * 2, np.uint8)
        image[:, 32:] += 60
        write_png(folder / f"{index:03d}.png", image)
    return folder


def numbers(images):
    return [int(each[0, 0, 0]) // 2 for each in images]


def test_four_blocks_of_time_are_held_out(tmp_path):
    found = read_frames(write(tmp_path / "drive", 100), None, 100, SIZE, no_progress)
    held = numbers(found.held)
    assert held == [b + i for b in (10, 35, 60, 85) for i in range(5)]
    assert numbers(found.learned) == [n for n in range(100) if n not in held]


def test_few_of_many_are_evenly_spaced(tmp_path):
    found = read_frames(write(tmp_path / "drive", 96), None, 48, SIZE, no_progress)
    taken = sorted(numbers(found.learned) + numbers(found.held))
    assert len(taken) == 48
    assert set(np.diff(taken)) <= {2, 3, 1}
    assert taken[-1] >= 92


def test_frames_have_the_size_of_the_network(tmp_path):
    found = read_frames(write(tmp_path / "drive", LEAST_FRAMES), None, 400, (32, 32), no_progress)
    assert {each.shape for each in found.learned} == {(32, 40, 3)}  # of the images' proportions


def test_one_too_few_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=f"{LEAST_FRAMES - 1} usable frames"):
        read_frames(write(tmp_path / "drive", LEAST_FRAMES - 1), None, 400, SIZE, no_progress)


def test_frames_that_are_too_sparse_are_not_called_a_short_drive(tmp_path):
    drive = write(tmp_path / "drive", LEAST_FRAMES + 20)  # every second one is taken
    with pytest.raises(DatasetError, match="30 usable .* Give more --frames than 40$"):
        read_frames(drive, None, LEAST_FRAMES, SIZE, no_progress)


def test_fewer_than_an_adaptation_needs_cannot_be_asked_for():
    """Else it would ask for a longer drive, whatever the drive."""
    with pytest.raises(SettingsError, match="^frames is 39; give 40 to 10000"):
        AdaptSettings(frames=LEAST_FRAMES - 1)


def fill(folder, session, start, count):
    """A buffer whose blocks of ten seconds are held out as its tests say."""
    with FrameBuffer(folder, session, 200, 1 << 30, 10.0).opened() as room:
        for index in range(count):
            image = np.full((*SIZE, 3), start // 10 + index, np.uint8)
            image[:, 32:] += 60
            room.add(image, (start + index) * 1_000_000_000, (float(index), 0.0))


def test_a_buffer_holds_frames_of_today_and_of_earlier_out(tmp_path):
    fill(tmp_path / "b", "monday", 0, 50)
    fill(tmp_path / "b", "tuesday", 1000, 60)
    found = read_frames(tmp_path / "b", None, 400, SIZE, no_progress)
    assert [int(each[0, 0, 0]) for each in found.held] == [*range(120, 130)]
    assert [int(each[0, 0, 0]) for each in found.earlier] == [*range(20, 30)]
    assert len(found.learned) == 40 + 50
    fewer = read_frames(tmp_path / "b", None, 45, SIZE, no_progress)
    assert len(fewer.learned) == 45
    assert fewer.fingerprint != found.fingerprint


def test_a_buffer_with_too_little_of_today_is_refused(tmp_path):
    fill(tmp_path / "b", "monday", 0, 50)
    fill(tmp_path / "b", "tuesday", 1000, 25)
    with pytest.raises(DatasetError, match="60 frames to learn from and 5 held out .* 32 and 8"):
        read_frames(tmp_path / "b", None, 400, SIZE, no_progress)


def test_a_file_that_goes_meanwhile_is_passed_over(tmp_path, monkeypatch):
    fill(tmp_path / "b", "monday", 0, 50)
    real = frames.list_buffered

    def then_remove(folder):
        found = real(folder)
        found.learned[3].unlink()
        return found

    monkeypatch.setattr(frames, "list_buffered", then_remove)
    assert len(read_frames(tmp_path / "b", None, 400, SIZE, no_progress).learned) == 39
