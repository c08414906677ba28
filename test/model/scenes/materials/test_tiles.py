"""Tiles: no seam, and the mean color at every size."""

import numpy as np
import numpy.typing as npt
import pytest

from segnet_model.scenes.materials.tiles import build_mipmaps, make_periodic


def picture(side: int = 64) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)


def test_level_0_is_the_picture_and_repeats() -> None:
    rgb = picture()
    maps = build_mipmaps(rgb)
    middle = (np.arange(-64, 128, dtype=np.float32) + np.float32(0.5)) / 64
    u, v = np.meshgrid(middle, middle)
    found = maps.look_up(u, v, np.zeros_like(u))
    np.testing.assert_array_equal(found, np.tile(rgb, (3, 3, 1)))


def test_every_level_keeps_the_mean() -> None:
    rgb = picture()
    maps = build_mipmaps(rgb)
    for level, side in enumerate(maps.sides):
        middle = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / side
        u, v = np.meshgrid(middle, middle)
        found = maps.look_up(u, v, np.full_like(u, level))
        np.testing.assert_allclose(found.mean(axis=(0, 1)), rgb.mean(axis=(0, 1)), atol=0.6)
    assert maps.sides[-1] == 1


def test_between_two_levels_lies_their_mix() -> None:
    maps = build_mipmaps(picture())
    u, v = np.random.default_rng(2).random((2, 20, 20)).astype(np.float32)
    low, middle, high = (maps.look_up(u, v, np.full_like(u, at)) for at in (2.0, 2.25, 3.0))
    np.testing.assert_allclose(middle, low * 0.75 + high * 0.25, atol=1e-3)


def test_a_level_beyond_the_last_is_the_last() -> None:
    maps = build_mipmaps(picture())
    at = np.full((3, 3), 0.3, np.float32)
    last = maps.look_up(at, at, np.full_like(at, 6))
    np.testing.assert_array_equal(maps.look_up(at, at, np.full_like(at, 99)), last)


def gradient(height: int = 90, width: int = 120) -> npt.NDArray[np.uint8]:
    """Return grain on a slope from dark to bright, whose edges do not meet."""
    slope = np.linspace(40, 200, height)[:, None] + np.linspace(-30, 30, width)[None]
    grain = np.random.default_rng(3).normal(0, 4, (height, width))
    return np.repeat((slope + grain).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("axis", [0, 1])
def test_edges_of_a_photograph_meet(axis: int) -> None:
    def seam(rgb: npt.NDArray[np.uint8]) -> float:
        lines = np.moveaxis(rgb, axis, 0).astype(float)
        return float(np.abs(lines[0] - lines[-1]).mean() / np.abs(np.diff(lines, axis=0)).mean())

    rgb = gradient()
    faded = make_periodic(rgb)
    assert seam(rgb) > 4
    assert seam(faded) < 1.5
    assert faded.shape == (72, 96, 3)
    assert faded.std() > 0.5 * rgb.std()


def test_a_picture_that_repeats_stays_as_it_is() -> None:
    rgb = picture()
    assert make_periodic(rgb) is rgb
