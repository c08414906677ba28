"""The fit of the place score: closed forms, and places that were never taught."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from segnet_model.base.errors import DatasetError
from segnet_model.cli import main
from segnet_model.engines.place import PlaceScorer
from segnet_model.evaluation.place import LEAST_IMAGES, VIEWS, place_bound, place_of
from segnet_model.images.files import write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.place import PlaceScore

LABELS = LabelSet.load("camvid")
ROAD = LABELS.names.index("Road")


def test_mean_and_deviation_are_those_of_the_images():
    rng = np.random.default_rng(0)
    spread = np.array([0.5, 1.0, 3.0])
    vectors = rng.normal([1.0, -2.0, 0.0], spread, (4000, 3)).astype(np.float32)
    found = place_of(vectors)
    np.testing.assert_allclose(found.mean, [1, -2, 0], atol=0.1)
    np.testing.assert_allclose(found.deviation, spread, rtol=0.1)
    assert found.images == 4000


@pytest.mark.parametrize("count", [60, 400])
def test_about_one_other_image_in_ten_minutes_is_above_the_bound(count):
    rng, above = np.random.default_rng(0), []
    for _ in range(100):
        found = place_of(rng.normal(size=(count, 100)).astype(np.float32))
        others = torch.tensor(rng.normal(size=(2000, 100)), dtype=torch.float32)
        above.append(float((PlaceScorer(found)(others) > 1).float().mean()))
    assert 0.2 < np.mean(above) * VIEWS < 2


def test_one_drive_among_the_images_does_not_vouch_for_itself():
    """Images of a drive are alike: each is judged by a fit without its neighbors."""
    rng = np.random.default_rng(0)
    drives = rng.normal(size=(10, 50)).repeat(8, 0)
    vectors = (drives + 0.01 * rng.normal(size=drives.shape)).astype(np.float32)
    alone = rng.normal(size=(80, 50)).astype(np.float32)
    assert place_of(vectors).bound > 1.05 * place_of(alone).bound


def test_the_bound_is_above_distances_that_are_all_alike():
    assert place_bound(np.full(30, 2.0)) == pytest.approx(2.0)


def test_features_that_never_vary_are_refused():
    with pytest.raises(DatasetError, match="hardly vary"):
        place_of(np.ones((50, 4), np.float32))


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A data set of roads below a sky, in many shades."""
    root = tmp_path_factory.mktemp("places")
    rng = np.random.default_rng(0)
    for folder in ("val", "valannot"):
        (root / folder).mkdir()
    for index in range(LEAST_IMAGES):
        image = rng.normal(0, 6, (64, 96, 3))
        image[:32] += rng.uniform(150, 230)
        image[32:] += rng.uniform(60, 110)
        write_png(root / "val" / f"{index:03}.png", np.clip(image, 0, 255).astype(np.uint8))
        truth = np.zeros((64, 96), np.uint8)
        truth[32:] = ROAD
        write_png(root / "valannot" / f"{index:03}.png", truth)
    return root


def test_the_command_fits_the_place_alone(places, weights, tmp_path, capsys):
    out = tmp_path / "w.safetensors"
    command = ["calibrate", str(places), str(weights), "--place-only", "--out", str(out)]
    assert main(command) == 0
    assert f"place score: of {LEAST_IMAGES} images" in capsys.readouterr().out
    before, after = load_weights(weights)[1], load_weights(out)[1]
    assert (after.temperatures, after.bounds) == (before.temperatures, before.bounds)
    predictor = Predictor.load(out, precision="float32")
    rng = np.random.default_rng(1)
    own = np.clip(rng.normal(0, 6, (64, 96, 3)) + 85, 0, 255)
    own[:32] += 105
    assert float(predictor.predict(own.astype(np.uint8)).place_score) < 1
    for strange in (np.zeros((64, 96, 3)), rng.integers(0, 256, (64, 96, 3))):
        assert float(predictor.predict(strange.astype(np.uint8)).place_score) > 1
    assert main(["info", str(out)]) == 0
    assert f"a score, of {LEAST_IMAGES} images" in capsys.readouterr().out


def test_a_whole_calibration_fits_it_too(places, weights, tmp_path):
    out = tmp_path / "w.safetensors"
    assert main(["calibrate", str(places), str(weights), "--out", str(out)]) == 0
    info = load_weights(out)[1]
    assert info.temperatures
    assert info.place.images == LEAST_IMAGES
    assert len(json.dumps(info.place.mean)) < 20_000


@pytest.mark.parametrize("options", [["--place-only"], []])
def test_an_old_score_of_other_layers_is_replaced(places, weights, tmp_path, options):
    network, info = load_weights(weights)
    old = PlaceScore((0.0,) * 3, (1.0,) * 3, 1.0, 50)
    save_weights(tmp_path / "old.safetensors", network, replace(info, place=old))
    out = tmp_path / "w.safetensors"
    command = ["calibrate", str(places), str(tmp_path / "old.safetensors"), *options]
    assert main([*command, "--out", str(out)]) == 0
    assert load_weights(out)[1].place.images == LEAST_IMAGES


def test_too_few_images_are_no_place(shared_dataset, weights, tmp_path, capsys):
    out = ["--out", str(tmp_path / "w.safetensors")]
    command = ["calibrate", str(shared_dataset), str(weights), "--place-only", *out]
    assert main(command) == 2
    assert f"2 images do not show a place; give {LEAST_IMAGES}" in capsys.readouterr().err
