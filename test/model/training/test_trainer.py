"""A training from its data to its weights: it learns, repeats, stops and goes on."""

import dataclasses
import errno
import os
import random
import signal
import time

import numpy as np
import pytest
import torch
import yaml

from segnet_model.base.errors import SegNetError, WeightsError
from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.evaluate import evaluate
from segnet_model.images.files import read_image, write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.training.augment_settings import AugmentSettings
from segnet_model.training.state import TrainingState
from segnet_model.training.trainer import STATE_FILE, WEIGHTS_FILE, train
from segnet_model.weights.checkpoint import load_weights

STILL = AugmentSettings(scale_min=1, scale_max=1, brightness=0, contrast=0, saturation=0, hue=0)


def steps(seen):
    return [each.step for each in seen if each.phase == "training"]


def losses(seen):
    return [each.loss for each in seen if each.phase == "training"]


def test_learns_to_tell_sky_from_road(shared_dataset, tmp_path, small):
    seen = []
    settings = dataclasses.replace(
        small, network_settings={"features": 8}, input_size=(64, 96), epochs=20,
        learning_rate=2e-2, evaluate_every=10,
    )  # fmt: skip
    path = train(shared_dataset, tmp_path / "run", settings, seen.append)
    predictor = Predictor.load(path, "cpu")
    matrix = evaluate(predictor, open_split(shared_dataset, "val", predictor.info.labels))
    assert matrix.pixel_accuracy > 0.95
    assert predictor.info.metrics["val_miou"] == pytest.approx(matrix.mean_iou, abs=0.01)
    assert predictor.info.training["epochs"] == 20
    assert {p.phase for p in seen} == {"counting classes", "training", "measuring", "calibrating"}
    seen = [p for p in seen if p.phase == "training"]
    assert [p.step for p in seen] == list(range(1, 61))
    assert (seen[-1].epoch, seen[-1].seconds_left, seen[-1].steps) == (20, 0, 60)
    assert seen[-1].loss < seen[0].loss / 2


def test_a_seed_repeats_a_run_bit_for_bit(shared_dataset, tmp_path, small):
    torch.set_num_threads(2)  # also where threads share the work
    settings = dataclasses.replace(small, epochs=2)
    first, again = (train(shared_dataset, tmp_path / name, settings) for name in ("a", "b"))
    other = train(shared_dataset, tmp_path / "c", dataclasses.replace(settings, seed=1))
    assert first.read_bytes() == again.read_bytes()
    one, different = (load_weights(path)[0].state_dict() for path in (first, other))
    assert not all(torch.equal(one[name], different[name]) for name in one)


@pytest.mark.parametrize("stop_after", [1, 8])
def test_a_stopped_run_goes_on_to_the_same_weights(
    shared_dataset, tmp_path, small, whole, stop_after
):
    seen, stop = [], lambda: len(steps(seen)) == stop_after
    assert train(shared_dataset, tmp_path / "run", small, seen.append, stop) is None
    resumed = train(shared_dataset, tmp_path / "run", small, seen.append)
    assert steps(seen) == list(range(1, 13))
    assert resumed.read_bytes() == whole.path.read_bytes()


@pytest.mark.parametrize("phase", ["counting classes", "measuring", "calibrating"])
def test_stops_at_once_also_where_it_takes_no_steps(shared_dataset, tmp_path, small, whole, phase):
    seen = []
    stop = lambda: seen[-1].phase == phase  # noqa: E731
    assert train(shared_dataset, tmp_path / "run", small, seen.append, stop) is None
    assert [p.phase for p in seen].count(phase) == 1
    resumed = train(shared_dataset, tmp_path / "run", small)
    assert resumed.read_bytes() == whole.path.read_bytes()  # measured and calibrated alike


def test_a_finished_run_is_left_as_it_is(shared_dataset, run, small, whole):
    seen = []
    assert train(shared_dataset, run, small, seen.append) == run / WEIGHTS_FILE
    assert steps(seen) == []
    assert (run / WEIGHTS_FILE).read_bytes() == whole.path.read_bytes()


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
def test_each_way_learns_repeats_and_resumes(shared_dataset, tmp_path, small, change):
    settings = dataclasses.replace(small, precision="float32", evaluate_every=4, **change)
    seen, again = [], []
    whole = train(shared_dataset, tmp_path / "whole", settings, seen.append)
    stop = lambda: len(steps(again)) == 5  # noqa: E731
    assert train(shared_dataset, tmp_path / "run", settings, again.append, stop) is None
    resumed = train(shared_dataset, tmp_path / "run", settings, again.append)
    assert losses(seen)[-1] < losses(seen)[0]
    assert resumed.read_bytes() == whole.read_bytes()


@pytest.fixture
def lawn(tmp_path):
    """Green below a line, gray above it; some pixels without truth."""
    labels = LabelSet.from_dict(
        {
            "name": "lawn",
            "classes": [
                {"name": "other", "color": [90, 90, 90]},
                {"name": "lawn", "color": [0, 160, 0], "drivable": True},
            ],
        }
    )
    root = tmp_path / "lawn"
    rng = np.random.default_rng(1)
    for split, count in (("train", 8), ("val", 2)):
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir(parents=True)
        for index in range(count):
            truth = np.zeros((32, 48), np.uint8)
            truth[int(rng.integers(8, 24)) :] = 1
            image = labels.colorize(truth) + rng.integers(0, 40, (32, 48, 3)).astype(np.uint8)
            truth[:1] = labels.ignore_id
            write_png(root / split / f"{index}.png", image)
            write_png(root / f"{split}annot" / f"{index}.png", truth)
    (root / "labels.yaml").write_text(yaml.safe_dump(labels.to_dict()))
    return root


@pytest.mark.parametrize("loss", ["cross_entropy", "dice", "cross_entropy+dice"])
def test_learns_two_classes_from_one_channel(lawn, tmp_path, small, loss):
    settings = dataclasses.replace(
        small, labels=str(lawn / "labels.yaml"), activation="sigmoid", loss=loss, epochs=12,
        learning_rate=1e-2, augment=STILL, evaluate_every=12,
    )  # fmt: skip
    path = train(lawn, tmp_path / "run", settings)
    network, info = load_weights(path)
    assert (info.activation, network.classifier.out_channels) == ("sigmoid", 1)
    predictor = Predictor.load(path)
    matrix = evaluate(predictor, open_split(lawn, "val", info.labels))
    assert matrix.mean_iou > 0.9
    found = predictor.predict(read_image(lawn / "val" / "0.png"))
    assert found.confidence.min() >= 0.5  # of two, the likelier one
    assert set(np.unique(found.labels)) == {0, 1}


def test_a_full_disk_says_so_and_leaves_nothing_half_written(
    shared_dataset, tmp_path, small, monkeypatch
):
    def full(tensors, path, metadata):
        path.write_bytes(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(WeightsError, match="No space left on device"):
        train(shared_dataset, tmp_path / "run", small)
    assert not list((tmp_path / "run").glob("*.safetensors*"))


def test_a_loss_that_is_no_number_stops_training(shared_dataset, tmp_path, small):
    with pytest.raises(SegNetError, match="the loss is .*lower the learning rate"):
        train(shared_dataset, tmp_path / "run", dataclasses.replace(small, learning_rate=1e30))


def test_divergence_stops_training(shared_dataset, tmp_path, small):
    settings = dataclasses.replace(
        small, optimizer="sgd", learning_rate=1e4, clip_norm=1e30, epochs=200, average=0.0
    )
    with pytest.raises(SegNetError, match="lower the learning rate"):
        train(shared_dataset, tmp_path / "measured", settings)
    unmeasured = dataclasses.replace(settings, evaluate_every=200)
    with pytest.raises(SegNetError, match="the loss .*lower the learning rate"):
        train(shared_dataset, tmp_path / "run", unmeasured)


def test_ctrl_c_leaves_a_state_to_go_on_from(tmp_path, start):
    out = tmp_path / "run"
    process = start(out, "--epochs", "500")
    wait_until(lambda: sum(f.stat().st_size for f in out.glob("tensorboard/*")) > 1000, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    code, log = process.wait(60), (tmp_path / "log").read_text()
    assert code == 0, log
    assert "run the same command to go on" in log
    assert "Traceback" not in log
    assert 0 < TrainingState.read(out / STATE_FILE).facts["step"] < 1500


def test_killed_at_any_moment_it_resumes_to_the_same_result(tmp_path, start):
    options = ("--epochs", "16", "--evaluate-every", "4", "--save-every-s", "0")
    draw, state = random.Random(7), tmp_path / "run" / STATE_FILE
    killed_at = []
    for _ in range(4):
        before = changed_at(state)
        process = start(tmp_path / "run", *options)
        wait_until(lambda before=before: changed_at(state) != before, process)
        time.sleep(draw.uniform(0, 0.3))
        process.kill()
        process.wait()
        killed_at.append(TrainingState.read(state).facts["step"])
    assert killed_at == sorted(killed_at)
    assert 0 < killed_at[0] < killed_at[-1]
    for folder in ("run", "whole"):
        assert start(tmp_path / folder, *options).wait(60) == 0, (tmp_path / "log").read_text()
    one, other = ((tmp_path / each / WEIGHTS_FILE).read_bytes() for each in ("run", "whole"))
    assert one == other


def changed_at(path):
    return path.stat().st_mtime_ns if path.exists() else 0


def wait_until(condition, process):
    end = time.monotonic() + 60
    while not condition() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)


def test_labels_of_one_set_train_weights_of_another(shared_dataset, tmp_path, small):
    settings = dataclasses.replace(small, epochs=1, map_to="outdoor", evaluate_every=1)
    info = load_weights(train(shared_dataset, tmp_path / "run", settings))[1]
    assert info.labels == LabelSet.load("outdoor")
    assert info.training["map_to"] == "outdoor"
    assert 0 <= info.metrics["val_miou"] <= 1


def test_another_map_is_another_training(shared_dataset, tmp_path, small):
    train(shared_dataset, tmp_path / "run", small)
    settings = dataclasses.replace(small, map_to="outdoor")
    with pytest.raises(SegNetError, match="other images, labels or classes"):
        train(shared_dataset, tmp_path / "run", settings)


def test_classes_of_ones_own_train_with_a_map(dataset, tmp_path, small):
    (dataset / "labels.yaml").write_text(
        "name: yard\nignore_id: 11\nclasses: [{name: sky, color: [0, 0, 0]}, "
        "{name: b, color: [1, 0, 0]}, {name: c, color: [2, 0, 0]}, {name: way, color: [3, 0, 0]}]"
    )
    settings = dataclasses.replace(small, epochs=1, map_to="outdoor")
    with pytest.raises(SegNetError, match="'way'.* are no classes of 'outdoor'.*--map 'way=CLASS'"):
        train(dataset, tmp_path / "run", settings)
    named = {"sky": "Sky", "b": "ignore", "c": "ignore", "way": "Path"}
    settings = dataclasses.replace(settings, class_map=named)
    info = load_weights(train(dataset, tmp_path / "run", settings))[1]
    assert info.labels == LabelSet.load("outdoor")
    assert info.training["class_map"] == named
