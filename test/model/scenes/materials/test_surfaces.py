"""Surfaces: the same for a seed, of the right size, seamless, and of the material asked for."""

import pickle
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.scenes.materials.catalog import CLASSES, COVERS, MATERIALS
from segnet_model.scenes.materials.drawn import draw_material
from segnet_model.scenes.materials.surfaces import Surface, Surfaces
from segnet_model.scenes.materials.tiles import build_mipmaps


def plain(folder: Path, name: str, color: tuple[int, int, int]) -> None:
    """Write a photograph of one RGB color, with a little grain."""
    (folder / name).mkdir()
    rgb = np.random.default_rng(0).integers(0, 5, (64, 64, 3), np.uint8) + np.uint8(color)
    cv2.imwrite(str(folder / name / "a.png"), rgb[..., ::-1])


@pytest.mark.parametrize("material", MATERIALS)
def test_each_material_is_drawn_the_same_for_a_seed_and_without_a_seam(material: str) -> None:
    first, again, other = (
        draw_material(np.random.default_rng(seed), material) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape == (256, 256, 3)
    assert first.dtype == np.uint8
    assert (first != other).mean() > 0.3
    assert 10 < first.mean() < 250
    for axis in (0, 1):
        lines = np.moveaxis(first, axis, 0).astype(float)
        steps = np.abs(np.diff(lines, axis=0)).mean(axis=(1, 2))
        assert np.abs(lines[0] - lines[-1]).mean() <= 1.2 * steps.max()


def test_the_same_seed_picks_the_same_surface() -> None:
    def pictures(seed: int) -> list[np.ndarray]:
        surfaces, rng = Surfaces.procedural(seed), np.random.default_rng(5)
        return [surfaces.pick(rng, COVERS[thing]).picture(1.0, 1.0, 40.0) for thing in COVERS]

    for one, other in zip(pictures(1), pictures(1), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(pictures(1), pictures(2), strict=True))


def test_picks_differ_in_size_tone_and_turn() -> None:
    surfaces, rng = Surfaces.procedural(0), np.random.default_rng(0)
    picks = [surfaces.pick(rng, ["Gravel"]) for _ in range(12)]
    sizes = [one.size[0] for one in picks]
    low, high = MATERIALS["Gravel"].size
    assert low <= min(sizes) < max(sizes) <= high
    assert max(sizes) > 1.5 * min(sizes)
    assert np.std([one.mean.mean() for one in picks]) > 8
    assert np.std([one.turn for one in picks]) > 0.5


def test_what_has_joints_lies_straight() -> None:
    surfaces, rng = Surfaces.procedural(0), np.random.default_rng(0)
    turns = np.array([surfaces.pick(rng, ["PavingStones"]).turn for _ in range(20)])
    off = np.abs((turns + np.pi / 8) % (np.pi / 4) - np.pi / 8)
    assert off.max() < 0.06


def test_a_sample_has_the_size_in_meters() -> None:
    """A surface with a wave of 0.5 m is seen with that wavelength."""
    wave = np.cos(2 * np.pi * np.arange(128) / 32)[None, :, None]
    rgb = np.asarray(np.broadcast_to(128 + 100 * wave, (128, 128, 3)), np.uint8)
    maps = build_mipmaps(rgb)
    surface = Surface("Gravel", maps, (2.0, 2.0), 0.0, (0.0, 0.0), maps)
    x, y = np.meshgrid(np.linspace(1000, 1004, 400, endpoint=False), np.zeros(2))
    seen = surface.sample(x, y, np.full_like(x, 0.01))[0, :, 0]
    assert np.argmax(np.abs(np.fft.rfft(seen - seen.mean()))) == 8  # in four meters
    assert seen.max() - seen.min() > 180


def test_a_coarse_footprint_sees_the_mean() -> None:
    surface = Surfaces.procedural(0).pick(np.random.default_rng(1), ["Rocks"])
    x, y = np.random.default_rng(2).uniform(-1e6, 1e6, (2, 30, 40))
    fine = surface.sample(x, y, np.full_like(x, 1e-3))
    coarse = surface.sample(x, y, np.full_like(x, 1e3))
    assert coarse.shape == (30, 40, 3)
    assert coarse.dtype == np.float32
    assert fine.std() > 10
    np.testing.assert_allclose(coarse, np.broadcast_to(surface.mean, coarse.shape), atol=1e-3)
    np.testing.assert_allclose(fine.mean(axis=(0, 1)), surface.mean, atol=6)


def test_a_picture_shows_what_a_sample_shows() -> None:
    one = Surfaces.procedural(0).pick(np.random.default_rng(1), ["Bricks"])
    surface = replace(one, turn=0.0)
    picture = surface.picture(1.5, 1.0, 50.0)
    assert picture.shape == (50, 75, 3)
    x, y = np.meshgrid((np.arange(75) + 0.5) / 50, -(np.arange(50) + 0.5) / 50)
    mirrored = replace(one, turn=0.0, start=(one.start[0], -one.start[1]))
    sample = mirrored.sample(x, y, np.full_like(x, 1 / 50))
    assert np.abs(picture - sample).mean() < 1


@pytest.mark.parametrize("material", ["Gravel", "Bricks"])
def test_from_near_a_finer_pattern_is_seen(material: str) -> None:
    picked = Surfaces.procedural(0).pick(np.random.default_rng(1), [material])
    fine = replace(picked, size=(4.0, 4.0), finer=5)
    blurred = replace(fine, finer=1)
    x, y = np.meshgrid(np.arange(240) * 0.002, np.arange(180) * 0.002)
    near, without = (one.sample(x, y, np.full_like(x, 0.002)) for one in (fine, blurred))
    steps = [np.abs(np.diff(one, axis=1)).mean() for one in (near, without)]
    assert steps[0] > 1.3 * steps[1]
    np.testing.assert_allclose(near.mean(), without.mean(), rtol=0.15)
    assert np.corrcoef(near.ravel(), without.ravel())[0, 1] > 0.5
    far = np.full_like(x, 0.05)
    np.testing.assert_array_equal(fine.sample(x, y, far), blurred.sample(x, y, far))


def test_photographs_come_before_drawings_and_classes_first(tmp_path: Path) -> None:
    plain(tmp_path, "Gravel", (200, 20, 20))
    surfaces, rng = Surfaces.load(tmp_path), np.random.default_rng(0)
    names = {surfaces.pick(rng, COVERS["Path"]).material for _ in range(20)}
    assert names == {"Gravel"}
    means = np.array([surfaces.pick(rng, COVERS["Path"]).mean for _ in range(60)])
    assert 0.3 < (means[:, 0] > 2 * means[:, 1]).mean() < 0.7  # one photograph, or drawn
    assert surfaces.pick(rng, ["Moss"]).material == "Moss"  # drawn
    plain(tmp_path, "Path", (20, 20, 200))
    surfaces = Surfaces.load(tmp_path)
    assert {surfaces.pick(rng, COVERS["Path"]).material for _ in range(20)} == {"Path"}


def test_a_cut_out_on_black_is_no_surface(tmp_path: Path) -> None:
    plain(tmp_path, "PineNeedles", (0, 0, 0))
    surfaces, rng = Surfaces.load(tmp_path), np.random.default_rng(0)
    assert min(surfaces.pick(rng, ["PineNeedles"]).mean.max() for _ in range(10)) > 20


def test_surfaces_travel_to_another_process_as_paths(tmp_path: Path) -> None:
    plain(tmp_path, "Gravel", (90, 90, 90))
    surfaces = Surfaces.load(tmp_path, seed=3)
    surfaces.pick(np.random.default_rng(0), ["Gravel"])
    data = pickle.dumps(surfaces)
    assert len(data) < 1000
    one = pickle.loads(data).pick(np.random.default_rng(1), ["Gravel", "Moss"])
    other = surfaces.pick(np.random.default_rng(1), ["Gravel", "Moss"])
    np.testing.assert_array_equal(one.picture(1, 1, 64), other.picture(1, 1, 64))


def test_what_covers_a_thing_is_a_material_or_a_class() -> None:
    for thing, names in COVERS.items():
        assert set(names) <= {*MATERIALS, *CLASSES}, thing
        assert set(names) & set(MATERIALS), thing


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(SettingsError, match="seed -1 is negative; use 0 or more"):
        Surfaces.procedural(-1)
    with pytest.raises(SettingsError, match=r"no material in \['Cheese'\]; use one of \['Asphalt'"):
        Surfaces.procedural(0).pick(np.random.default_rng(0), ["Cheese"])
