import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from segnet_model.base import limits as image_size
from segnet_model.base.errors import DatasetError, SegNetError, SettingsError, WeightsError
from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.assess import evaluate
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.training.loading import BatchPlan
from segnet_model.training.settings import TrainSettings
from segnet_model.training.trainer import STATE_FILE, train
from segnet_model.weights import tensors as tensor_file
from segnet_model.weights.checkpoint import load_weights

QUICK = TrainSettings(
    network_settings={"features": 8}, input_size=(64, 96), epochs=2, batch_size=2, workers=1,
    device="cpu",
)  # fmt: skip


def same_weights(a, b):
    a, b = load_file(a), load_file(b)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


class Steps:
    """Notes the steps that are reported."""

    def __init__(self):
        self.taken = []

    def __call__(self, progress):
        if progress.phase == "training":
            self.taken.append(progress.step)


def test_learns_to_tell_sky_from_road(dataset, tmp_path):
    seen = []
    settings = dataclasses.replace(QUICK, epochs=20, learning_rate=2e-2)
    path = train(dataset, tmp_path / "run", settings, seen.append)
    predictor = Predictor.load(path, "cpu")
    matrix = evaluate(predictor, open_split(dataset, "val", predictor.info.labels))
    assert matrix.pixel_accuracy > 0.95
    assert predictor.info.metrics["val_miou"] == pytest.approx(matrix.mean_iou, abs=0.01)
    assert predictor.info.training["epochs"] == 20
    assert {p.phase for p in seen} == {"counting classes", "training", "measuring", "calibrating"}
    seen = [p for p in seen if p.phase == "training"]
    assert [p.step for p in seen] == list(range(1, 61))
    assert (seen[-1].epoch, seen[-1].seconds_left, seen[-1].steps) == (20, 0, 60)
    assert seen[-1].loss < seen[0].loss / 2


def test_a_seed_repeats_a_run_bit_for_bit(dataset, tmp_path):
    first, again = (train(dataset, tmp_path / name, QUICK) for name in ("a", "b"))
    other = train(dataset, tmp_path / "c", dataclasses.replace(QUICK, seed=1))
    assert same_weights(first, again)
    assert not same_weights(first, other)


@pytest.mark.parametrize("stop_after", [1, 4])
def test_a_stopped_run_goes_on_to_the_same_weights(dataset, tmp_path, stop_after):
    whole = train(dataset, tmp_path / "whole", QUICK)
    steps = Steps()
    stopped = train(dataset, tmp_path / "run", QUICK, steps, lambda: len(steps.taken) == stop_after)
    assert stopped is None
    resumed = train(dataset, tmp_path / "run", QUICK, steps)
    assert steps.taken == [1, 2, 3, 4, 5, 6]
    assert same_weights(whole, resumed)


@pytest.mark.parametrize("phase", ["counting classes", "measuring", "calibrating"])
def test_stops_at_once_also_where_it_takes_no_steps(dataset, tmp_path, phase):
    settings = dataclasses.replace(QUICK, evaluate_every=1)
    whole = train(dataset, tmp_path / "whole", settings)
    seen = []
    wish = lambda: seen[-1].phase == phase  # noqa: E731
    assert train(dataset, tmp_path / "run", settings, seen.append, wish) is None
    assert [p.phase for p in seen].count(phase) == 1
    resumed = train(dataset, tmp_path / "run", settings)
    assert same_weights(whole, resumed)
    assert load_weights(resumed)[1] == load_weights(whole)[1]  # measured and calibrated alike


def test_a_finished_run_is_left_as_it_is(dataset, tmp_path):
    path = train(dataset, tmp_path / "run", QUICK)
    before = path.read_bytes()
    steps = Steps()
    assert train(dataset, tmp_path / "run", QUICK, steps) == path
    assert steps.taken == []
    assert path.read_bytes() == before


def test_lost_weights_of_a_finished_run_are_written_again(dataset, tmp_path):
    path = train(dataset, tmp_path / "run", QUICK)
    before = load_file(path)
    path.unlink()
    train(dataset, tmp_path / "run", QUICK)
    assert all(torch.equal(before[name], tensor) for name, tensor in load_file(path).items())


def test_corrected_or_added_labels_do_not_pass_for_a_finished_run(dataset, tmp_path):
    train(dataset, tmp_path / "run", QUICK)
    labels = dataset / "trainannot" / "0.png"
    original = labels.read_bytes()
    labels.write_bytes((dataset / "trainannot" / "1.png").read_bytes())
    with pytest.raises(DatasetError, match="other images, labels or classes.*another folder"):
        train(dataset, tmp_path / "run", QUICK)
    labels.write_bytes(original)
    for folder in ("train", "trainannot"):
        (dataset / folder / "9.png").write_bytes((dataset / folder / "0.png").read_bytes())
    with pytest.raises(DatasetError, match="other images, labels or classes"):
        train(dataset, tmp_path / "run", QUICK)


def test_other_classes_do_not_pass_for_the_same_data(dataset, tmp_path):
    train(dataset, tmp_path / "run", QUICK)
    swapped = LabelSet("camvid", LabelSet.load("camvid").classes[::-1], 11)
    (dataset / "labels.yaml").write_text(yaml.safe_dump(swapped.to_dict()))
    with pytest.raises(DatasetError, match="other images, labels or classes"):
        train(dataset, tmp_path / "run", QUICK)


def test_an_empty_val_is_no_val(dataset, tmp_path):
    for path in (dataset / "val").iterdir():
        path.unlink()
    assert load_weights(train(dataset, tmp_path / "run", QUICK))[1].metrics == {}


def test_other_settings_do_not_mix_with_a_run(dataset, tmp_path):
    train(dataset, tmp_path / "run", QUICK)
    with pytest.raises(SettingsError, match=r"batch_size 2 -> 3.*another folder"):
        train(dataset, tmp_path / "run", dataclasses.replace(QUICK, batch_size=3))


def test_a_damaged_state_is_named_with_the_mend(dataset, tmp_path):
    train(dataset, tmp_path / "run", QUICK)
    state = tmp_path / "run" / STATE_FILE
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="training_state.*delete it to start afresh"):
        train(dataset, tmp_path / "run", QUICK)


def test_starting_from_weights_takes_what_fits(dataset, tmp_path):
    start = train(dataset, tmp_path / "start", QUICK)
    settings = TrainSettings(init=str(start), epochs=1, learning_rate=1e-12, workers=1)
    (dataset / "labels.yaml").write_text(
        "name: two\nclasses: [{name: sky, color: [1, 2, 3]},"
        "{name: a, color: [0, 1, 0]}, {name: b, color: [0, 2, 0]}, {name: road, color: [1, 1, 1]}]"
    )
    path = train(dataset, tmp_path / "next", settings)
    (before, given), (after, info) = load_weights(start), load_weights(path)
    same = after.state_dict()["decoders.0.0.weight"], before.state_dict()["decoders.0.0.weight"]
    torch.testing.assert_close(*same)
    assert (info.input_size, info.network_settings) == (given.input_size, {"features": 8})
    assert after.classifier.out_channels == 4  # of the new classes, so it started afresh


def test_a_full_disk_says_so_and_leaves_nothing_half_written(dataset, tmp_path, monkeypatch):
    def full(tensors, path, metadata):
        path.write_bytes(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tensor_file, "save_file", full)
    with pytest.raises(WeightsError, match="No space left on device"):
        train(dataset, tmp_path / "run", QUICK)
    assert not list((tmp_path / "run").glob("*.safetensors*"))


def test_a_loss_that_is_no_number_stops_training(dataset, tmp_path):
    with pytest.raises(SegNetError, match="lower the learning rate"):
        train(dataset, tmp_path / "run", dataclasses.replace(QUICK, learning_rate=1e30))


def test_bad_data_is_named_before_training(dataset, tmp_path):
    (dataset / "trainannot" / "0.png").write_bytes(b"no image")
    with pytest.raises(DatasetError, match=r"trainannot/0\.png"):
        train(dataset, tmp_path / "run", QUICK)


@pytest.mark.parametrize(
    "change", [{"epochs": 0}, {"batch_size": 0}, {"learning_rate": 0.0}, {"input_size": (8, 8)},
               {"crop_size": (64, 16)}, {"learning_rate": float("nan")}, {"seed": -1},
               {"balance": -0.1}]
)  # fmt: skip
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(SettingsError, match=next(iter(change))):
        dataclasses.replace(QUICK, **change)


def test_a_size_that_no_weights_may_have_is_refused(dataset, tmp_path, monkeypatch):
    with pytest.raises(SettingsError, match=r"input_size 3000x3000 has 9000000 .* 8388608; give"):
        dataclasses.replace(QUICK, input_size=(3000, 3000), crop_size=(64, 64))
    monkeypatch.setattr(image_size, "MAX_INPUT", 32 * 48 - 1)  # of images, half as large each way
    with pytest.raises(SettingsError, match="input_size 32x48"):
        train(dataset, tmp_path / "run", dataclasses.replace(QUICK, input_size=None))


def test_every_image_is_shown_once_an_epoch_whatever_the_start():
    plan = BatchPlan(images=6, batch_size=2, seed=0)
    batches = list(plan.batches(0, 6))
    for epoch in (0, 1):
        keys = [key for batch in batches[epoch * 3 : epoch * 3 + 3] for key in batch]
        assert sorted(keys) == [(epoch, index) for index in range(6)]
    assert list(plan.batches(4, 6)) == batches[4:]
    assert [len(b) for b in BatchPlan(images=3, batch_size=8, seed=0).batches(0, 2)] == [8, 8]


def test_sigint_leaves_a_state_to_go_on_from(dataset, tmp_path):
    out = tmp_path / "run"
    command = [
        sys.executable, "-m", "segnet_model.cli", "train", str(dataset), "--out", str(out),
        "--epochs", "500", "--batch-size", "2", "--input-size", "64", "96",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[3], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    events = out / "tensorboard"
    deadline = time.monotonic() + 60
    while not events.is_dir() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the loading processes get it too
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert "run the same command to go on" in stdout
    assert "Traceback" not in stderr
    with tensor_file.safe_open(out / STATE_FILE, "pt") as file:
        assert 0 < json.loads(file.metadata()["segnet_training"])["step"] < 1500
