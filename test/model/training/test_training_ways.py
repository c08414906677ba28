"""Everything that settings can change in a training, and several processes."""

import dataclasses
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from segnet_model.base.errors import DatasetError, SegNetError, SettingsError
from segnet_model.images.files import write_png
from segnet_model.networks.inputs import network_size
from segnet_model.training import session as session_module
from segnet_model.training.averaging import WeightAverage, recompute_statistics
from segnet_model.training.lock import locked
from segnet_model.training.optimization import SCHEDULES, share_of_highest
from segnet_model.training.settings import TrainSettings
from segnet_model.training.state import TrainingState
from segnet_model.training.tracking import Tracker
from segnet_model.training.trainer import STATE_FILE, train
from segnet_model.weights.checkpoint import load_weights

ROOT = Path(__file__).parents[3]
QUICK = TrainSettings(
    network_settings={"features": 8}, input_size=(64, 96), epochs=4, batch_size=2, workers=1,
    device="cpu", precision="float32",
)  # fmt: skip
COMMAND = [
    "train", "--epochs", "4", "--batch-size", "2", "--input-size", "64", "96", "--set",
    "features=8", "--precision", "float32", "--device", "cpu", "--workers", "1",
]  # fmt: skip


class Losses(list):
    """The running loss after each step."""

    def __call__(self, progress):
        if progress.phase == "training":
            self.append(progress.loss)


def tensors(path):
    return load_weights(path)[0].state_dict()


def test_schedules_rise_and_fall_as_published():
    for name in ("cosine", "poly", "one_cycle"):
        rates = [share_of_highest(name, 0.1, step, 1000) for step in range(1000)]
        assert max(rates) <= 1
        assert rates[-1] < 0.01
    assert share_of_highest("cosine", 0.0, 501, 1001) == pytest.approx(0.5)
    assert share_of_highest("poly", 0.0, 501, 1001) == pytest.approx(0.5**0.9)
    assert share_of_highest("constant", 0.2, 100, 1000) == pytest.approx(101 / 200)
    assert share_of_highest("constant", 0.2, 999, 1000) == 1
    cycle = [SCHEDULES["one_cycle"](done) for done in (0, 0.3, 1)]
    assert cycle == pytest.approx([0.04, 1, 0])


def test_the_average_is_the_weighted_mean_of_the_steps():
    network = nn.Linear(1, 1)
    average = WeightAverage(network, 0.9)
    expected = None
    for step in range(1, 30):
        with torch.no_grad():
            network.weight.fill_(step**2)
        average.update(network, step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = step**2 if step == 1 else decay * expected + (1 - decay) * step**2
    assert average.network.weight.item() == pytest.approx(expected, rel=1e-5)


def test_statistics_are_those_of_the_batches():
    network = nn.Sequential(nn.BatchNorm2d(3))
    batches = [torch.randn(4, 3, 5, 5) * 3 + 7 for _ in range(5)]
    recompute_statistics(network, batches, lambda net, x: net(x), seed=0)
    means = torch.stack([b.mean((0, 2, 3)) for b in batches]).mean(0)
    variances = torch.stack([b.var((0, 2, 3)) for b in batches]).mean(0)
    torch.testing.assert_close(network[0].running_mean, means)
    torch.testing.assert_close(network[0].running_var, variances)
    assert not network.training
    recompute_statistics(network, [], lambda net, x: net(x), seed=0)  # none: left as they are
    torch.testing.assert_close(network[0].running_mean, means)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "sgd", "learning_rate": 0.1},
        {"schedule": "poly"},
        {"schedule": "one_cycle"},
        {"loss": "cross_entropy+lovasz"},
        {"weighting": "enet"},
        {"average": 0.0},
        {"statistics_images": 0},
        {"network": "bayesian_segnet_basic"},
        {"supervision": 0.4},
    ],
)
def test_each_way_learns_repeats_and_resumes(dataset, tmp_path, change):
    settings = dataclasses.replace(QUICK, **change)
    losses, again = Losses(), Losses()
    whole = train(dataset, tmp_path / "whole", settings, losses)
    stop = lambda: len(again) == 5  # noqa: E731
    assert train(dataset, tmp_path / "run", settings, again, stop) is None
    resumed = train(dataset, tmp_path / "run", settings, again)
    assert losses[-1] < losses[0]
    one, other = tensors(whole), tensors(resumed)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_stops_early_and_keeps_the_best(dataset, tmp_path):
    # At such a rate nothing is learned after the first measurement.
    settings = dataclasses.replace(QUICK, epochs=50, learning_rate=1e-12, evaluate_every=1,
                                   patience=3, average=0.0, statistics_images=0)  # fmt: skip
    losses = Losses()
    path = train(dataset, tmp_path / "run", settings, losses)
    assert 3 * 3 < len(losses) < 50 * 3
    info = load_weights(path)[1]
    assert info.training["step"] <= len(losses) - 3 * 3
    assert train(dataset, tmp_path / "run", settings, losses) == path  # finished is finished


def test_patience_shorter_than_a_measurement_is_refused():
    with pytest.raises(SettingsError, match="evaluate_every"):
        dataclasses.replace(QUICK, evaluate_every=10, patience=5)


def test_a_loss_that_grows_and_grows_is_found():
    tracker = Tracker(1000, 1)
    for step in range(1, 200):
        tracker.step(step, 1.0 + 0.5 * (step % 2), 0.1)
    with pytest.raises(SegNetError, match="the loss grew to 30 by step 2.*lower the learning rate"):
        deque(tracker.step(step, 30.0, 0.1) for step in range(200, 400))


def test_a_loss_that_grows_from_next_to_nothing_is_no_harm():
    """The first image of a batch may have no labels, and so no loss."""
    tracker = Tracker(1000, 1)
    for step in range(1, 200):
        tracker.step(step, 0.0 if step < 50 else 0.5, 0.1)
    assert tracker.loss == pytest.approx(0.5, abs=0.01)


def test_what_is_written_for_tensorboard_is_whole(dataset, tmp_path):
    train(dataset, tmp_path / "run", dataclasses.replace(QUICK, epochs=2))
    assert len(read_scalars(tmp_path / "run" / "tensorboard", "train/loss")) == 2 * 3


def test_settings_that_contradict_the_data_are_found_before_training(dataset, tmp_path):
    losses = Losses()
    wide = dataclasses.replace(QUICK, crop_size=(512, 512))
    with pytest.raises(SettingsError, match=r"crop_size \(512, 512\) is larger than any image"):
        train(dataset, tmp_path / "run", wide, losses)
    shutil.rmtree(dataset / "val")
    patient = dataclasses.replace(QUICK, evaluate_every=1, patience=2)
    with pytest.raises(SettingsError, match="patience 2 needs images to measure on"):
        train(dataset, tmp_path / "run", patient, losses)
    assert not losses


def test_statistics_are_of_whole_images_without_a_border(dataset, tmp_path, monkeypatch):
    """The network sees this camera's images at 48x72, less high for their width than 64x72."""
    shapes = set()

    def seen(network, batches, forward, seed):
        shapes.update(tuple(images.shape[1:3]) for images in batches)
        network.eval()

    monkeypatch.setattr(session_module, "recompute_statistics", seen)
    train(dataset, tmp_path / "run", dataclasses.replace(QUICK, epochs=1, input_size=(64, 72)))
    assert shapes == {network_size((64, 96), (64, 72))}
    assert shapes != {(64, 72)}


def test_divergence_stops_training(dataset, tmp_path):
    settings = dataclasses.replace(
        QUICK, optimizer="sgd", learning_rate=1e4, clip_norm=1e30, epochs=200, average=0.0
    )
    with pytest.raises(SegNetError, match="lower the learning rate"):
        train(dataset, tmp_path / "run", settings)


def test_two_trainings_do_not_share_a_folder(dataset, tmp_path):
    out = tmp_path / "run"
    with locked(out), pytest.raises(SettingsError, match="another training.*another folder"):
        train(dataset, out, QUICK)
    assert train(dataset, out, QUICK)  # the lock is gone with its owner


def test_a_folder_that_cannot_be_made_is_named(dataset, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot write to .*file/run"):
        train(dataset, tmp_path / "file" / "run", QUICK)


def run_segnet(launcher, dataset, out, more=()):
    return subprocess.Popen(
        [sys.executable, *launcher, *COMMAND, str(dataset), "--out", str(out), *more],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_without_any_label_is_refused(dataset, tmp_path, split):
    losses = Losses()
    for path in (dataset / f"{split}annot").iterdir():
        write_png(path, np.full((64, 96), 11, np.uint8))
    with pytest.raises(DatasetError, match=f"{split}annot is labelled; label some"):
        train(dataset, tmp_path / "run", QUICK, losses)
    assert not losses


@pytest.mark.parametrize("loss", ["cross_entropy", "cross_entropy+lovasz"])
def test_two_processes_learn_what_one_does(dataset, tmp_path, loss):
    alone = train(dataset, tmp_path / "alone", dataclasses.replace(QUICK, loss=loss))
    launcher = [
        "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(free_port()),
        "-m", "segnet_model.cli",
    ]  # fmt: skip
    process = run_segnet(launcher, dataset, tmp_path / "two", more=["--loss", loss])
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    events = read_scalars(tmp_path / "two" / "tensorboard", "train/loss")
    expected = read_scalars(tmp_path / "alone" / "tensorboard", "train/loss")
    assert len(events) == 12
    np.testing.assert_allclose(events, expected, rtol=2e-3)
    one, other = tensors(alone), tensors(tmp_path / "two" / "weights.safetensors")
    for name, values in one.items():
        torch.testing.assert_close(values, other[name], rtol=0.05, atol=0.02, msg=name)


def read_scalars(folder, name):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(folder))
    events.Reload()
    return [event.value for event in events.Scalars(name)]


def test_a_batch_that_cannot_be_shared_is_refused(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SettingsError, match="batch of 3 cannot be shared by 2"):
        train(dataset, tmp_path / "run", dataclasses.replace(QUICK, batch_size=3))


@pytest.mark.slow
def test_killed_at_any_moment_it_resumes_to_the_same_result(dataset, tmp_path):
    often = ["-m", "segnet_model.cli"], dataset
    longer = ["--epochs", "30", "--evaluate-every", "5", "--save-every-s", "0"]
    process = run_segnet(*often, tmp_path / "whole", more=longer)
    assert process.wait(timeout=60) == 0, process.stdout.read()
    draw, state = random.Random(7), tmp_path / "run" / STATE_FILE
    killed_at = []
    for _ in range(4):
        process = run_segnet(*often, tmp_path / "run", more=longer)
        wait_for_change(state, process)
        time.sleep(draw.uniform(0, 0.6))
        process.kill()
        process.wait()
        killed_at.append(TrainingState.read(state).facts["step"])
    assert killed_at == sorted(killed_at)
    assert 0 < killed_at[0] < killed_at[-1]
    process = run_segnet(*often, tmp_path / "run", more=longer)
    assert process.wait(timeout=60) == 0, process.stdout.read()
    one, other = (tensors(tmp_path / f / "weights.safetensors") for f in ("whole", "run"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def wait_for_change(path, process):
    before = path.stat().st_mtime_ns if path.exists() else 0
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if path.exists() and path.stat().st_mtime_ns != before:
            return
        time.sleep(0.01)
