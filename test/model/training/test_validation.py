"""Measured weights: the best are kept, and patience ends."""

import dataclasses
import shutil

import numpy as np
import pytest

from segnet_model.images.files import write_png
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import load_weights


def test_stops_early_and_keeps_the_best(shared_dataset, tmp_path, small):
    # At such a rate nothing is learned after the first measurement.
    settings = dataclasses.replace(small, epochs=50, learning_rate=1e-12, evaluate_every=1,
                                   patience=3, average=0.0, statistics_images=0)  # fmt: skip
    seen = []
    path = train(shared_dataset, tmp_path / "run", settings, seen.append)
    steps = [each.step for each in seen if each.phase == "training"]
    assert 3 * 3 < len(steps) < 50 * 3
    assert load_weights(path)[1].training["step"] <= len(steps) - 3 * 3
    again = train(shared_dataset, tmp_path / "run", settings, seen.append)
    assert again == path  # finished is finished
    assert [each.step for each in seen if each.phase == "training"] == steps


def test_lost_weights_of_a_finished_run_are_written_again(shared_dataset, run, small, whole):
    (run / whole.path.name).unlink()
    assert train(shared_dataset, run, small).read_bytes() == whole.path.read_bytes()


def test_an_empty_val_is_no_val(dataset, tmp_path, small):
    for path in (dataset / "val").iterdir():
        path.unlink()
    settings = dataclasses.replace(small, epochs=1)
    assert load_weights(train(dataset, tmp_path / "run", settings))[1].metrics == {}


def test_weights_hold_what_they_were_trained_with(shared_dataset, tmp_path, small):
    settings = dataclasses.replace(small, epochs=1, supervision=0.4)
    network, info = load_weights(train(shared_dataset, tmp_path / "run", settings))
    assert info.training["supervision"] == 0.4
    assert not any("head" in name for name in network.state_dict())


@pytest.mark.parametrize("mixed", [("train",), ("val",), ("train", "val")])
def test_images_of_several_sizes_train_to_the_end(dataset, tmp_path, small, mixed, monkeypatch):
    """Wide, tall and tiny images beside the others, in either split, and with no val at all."""
    from segnet_model.training import validation

    drawn = []
    monkeypatch.setattr(
        validation, "draw_examples",
        lambda *args, real=validation.draw_examples: drawn.append(real(*args)) or drawn[-1],
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for split in mixed:
        for name, size in (("wide", (40, 160)), ("tall", (150, 30)), ("tiny", (3, 2))):
            write_png(dataset / split / f"{name}.png", rng.integers(0, 255, (*size, 3), np.uint8))
            write_png(dataset / f"{split}annot" / f"{name}.png", np.full(size, 3, np.uint8))
    if mixed == ("train",):
        shutil.rmtree(dataset / "val")
    settings = dataclasses.replace(small, epochs=2)
    path = train(dataset, tmp_path / "run", settings)
    trained = load_weights(path)[1].training
    assert trained["step"] == trained["steps"]
    assert drawn or not pytest.importorskip("tensorboard")


def test_weights_are_saved_before_the_picture_is_drawn(
    shared_dataset, tmp_path, small, monkeypatch
):
    pytest.importorskip("tensorboard")
    from segnet_model.training import validation

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(validation, "draw_examples", killed)
    with pytest.raises(KeyboardInterrupt):
        train(shared_dataset, tmp_path / "run", small)
    assert load_weights(tmp_path / "run/weights.safetensors")[1].metrics
