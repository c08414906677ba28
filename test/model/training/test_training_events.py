"""The curves and pictures of a training, and a disk that is full for them."""

import dataclasses
import errno
import shutil
import threading

import pytest
import torch
from safetensors.torch import load_file

from segnet_model.base.errors import SegNetError
from segnet_model.training.settings import TrainSettings
from segnet_model.training.state import TrainingState
from segnet_model.training.trainer import STATE_FILE, train

accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
record_writer = pytest.importorskip("tensorboard.summary.writer.record_writer")
QUICK = TrainSettings(
    network_settings={"features": 8}, input_size=(64, 96), epochs=4, batch_size=2, workers=1,
    device="cpu", evaluate_every=2,
)  # fmt: skip


def events(run):
    found = accumulators.EventAccumulator(str(run / "tensorboard"), {"images": 0, "scalars": 0})
    found.Reload()
    return found


@pytest.mark.parametrize("split", ["val", "train"])
def test_pictures_are_drawn_whenever_val_would_be_measured(dataset, tmp_path, split):
    if split == "train":
        shutil.rmtree(dataset / "val")
    train(dataset, tmp_path / "run", QUICK)
    found = events(tmp_path / "run")
    assert found.Tags()["images"] == [f"{split}/answers"]
    pictures = found.Images(f"{split}/answers")
    assert [each.step for each in pictures] == [6, 12]
    assert (pictures[0].width > 4 * 96, pictures[0].height > 2 * 64) == (True, True)


def test_a_run_that_goes_on_replaces_what_was_written_of_later_steps(dataset, tmp_path):
    seen = []
    settings = dataclasses.replace(QUICK, save_every_s=1e9)
    assert train(dataset, tmp_path / "run", settings, seen.append, lambda: len(seen) == 12) is None
    stopped = TrainingState.read(tmp_path / "run" / STATE_FILE).facts["step"]
    assert 0 < stopped < 12
    train(dataset, tmp_path / "run", settings)
    found = events(tmp_path / "run")
    assert [each.step for each in found.Scalars("train/loss")] == list(range(1, 13))
    assert [each.step for each in found.Scalars("val/miou")] == [6, 12]


def test_a_full_disk_is_named_with_the_mend_and_the_state_stays_whole(
    dataset, tmp_path, monkeypatch
):
    whole = train(dataset, tmp_path / "whole", QUICK)
    write, written, crashed = record_writer.RecordWriter.write, [], []

    def full(self, data):
        written.append(data)
        if len(written) > 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, data)

    monkeypatch.setattr(threading, "excepthook", crashed.append)
    often = dataclasses.replace(QUICK, save_every_s=0)
    with monkeypatch.context() as patch:
        patch.setattr(record_writer.RecordWriter, "write", full)
        with pytest.raises(SegNetError, match=r"run/tensorboard: .*No space left.*; free some "
                           "space, and the same command goes on"):  # fmt: skip
            train(dataset, tmp_path / "run", often)
    assert not crashed
    assert TrainingState.read(tmp_path / "run" / STATE_FILE).facts["step"] > 0
    resumed = load_file(train(dataset, tmp_path / "run", often))
    assert all(torch.equal(tensor, resumed[name]) for name, tensor in load_file(whole).items())


def test_a_folder_that_cannot_be_made_is_named(dataset, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "tensorboard").write_text("")
    with pytest.raises(SegNetError, match=r"cannot write to .*run/tensorboard"):
        train(dataset, tmp_path / "run", QUICK)
