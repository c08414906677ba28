"""The curves and pictures of a training, and a disk that is full for them."""

import dataclasses
import errno
import shutil
import threading

import pytest

from segnet_model.base.errors import SegNetError
from segnet_model.training.state import TrainingState
from segnet_model.training.trainer import STATE_FILE, train

accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
record_writer = pytest.importorskip("tensorboard.summary.writer.record_writer")


def events(run):
    found = accumulators.EventAccumulator(str(run / "tensorboard"), {"images": 0, "scalars": 0})
    found.Reload()
    return found


@pytest.fixture
def unmeasured(dataset, tmp_path, small):
    """The folder of a training without val."""
    shutil.rmtree(dataset / "val")
    train(dataset, tmp_path / "unmeasured", small)
    return tmp_path / "unmeasured"


@pytest.mark.parametrize("split", ["val", "train"])
def test_pictures_are_drawn_whenever_val_would_be_measured(request, whole, split):
    run = whole.out if split == "val" else request.getfixturevalue("unmeasured")
    found = events(run)
    assert found.Tags()["images"] == [f"{split}/answers"]
    pictures = found.Images(f"{split}/answers")
    assert [each.step for each in pictures] == [6, 12]
    assert (pictures[0].width > 4 * 96, pictures[0].height > 2 * 64) == (True, True)


def test_each_step_has_a_loss(whole):
    assert [each.step for each in events(whole.out).Scalars("train/loss")] == list(range(1, 13))


def test_a_run_that_goes_on_replaces_what_was_written_of_later_steps(
    shared_dataset, tmp_path, small
):
    seen, out = [], tmp_path / "run"
    settings = dataclasses.replace(small, save_every_s=1e9)
    assert train(shared_dataset, out, settings, seen.append, lambda: len(seen) == 12) is None
    stopped = TrainingState.read(out / STATE_FILE).facts["step"]
    assert 0 < stopped < 12
    train(shared_dataset, out, settings)
    found = events(out)
    assert [each.step for each in found.Scalars("train/loss")] == list(range(1, 13))
    assert [each.step for each in found.Scalars("val/miou")] == [6, 12]


def test_a_full_disk_is_named_with_the_mend_and_the_state_stays_whole(
    shared_dataset, tmp_path, small, whole, monkeypatch
):
    write, written, crashed = record_writer.RecordWriter.write, [], []

    def full(self, data):
        written.append(data)
        if len(written) > 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, data)

    monkeypatch.setattr(threading, "excepthook", crashed.append)
    often = dataclasses.replace(small, save_every_s=0)
    with monkeypatch.context() as patch:
        patch.setattr(record_writer.RecordWriter, "write", full)
        with pytest.raises(SegNetError, match=r"run/tensorboard: .*No space left.*; free some "
                           "space, and the same command goes on"):  # fmt: skip
            train(shared_dataset, tmp_path / "run", often)
    assert not crashed
    assert TrainingState.read(tmp_path / "run" / STATE_FILE).facts["step"] > 0
    resumed = train(shared_dataset, tmp_path / "run", often)
    assert resumed.read_bytes() == whole.path.read_bytes()


def test_a_folder_that_cannot_be_made_is_named(shared_dataset, tmp_path, small):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "tensorboard").write_text("")
    with pytest.raises(SegNetError, match=r"cannot write to .*run/tensorboard"):
        train(shared_dataset, tmp_path / "run", small)


def test_a_training_that_is_refused_leaves_no_folder(dataset, tmp_path, small):
    """At its first batch: the headers of images alone are looked at before."""
    for path in (dataset / "train").iterdir():
        path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SegNetError, match=str(dataset / "train")):
        train(dataset, tmp_path / "run", small)
    assert not (tmp_path / "run").exists()
