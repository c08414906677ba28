"""Wet ground: darker where one looks down on it, and a mirror far away."""

import numpy as np

from segnet_model.scenes.camera.rain import draw_streaks, wet
from segnet_model.scenes.drawing.panels import Canvas, View
from segnet_model.scenes.drawing.rays import look

MATRIX = np.array([[100.0, 0.0, 79.5], [0.0, 100.0, 29.5], [0.0, 0.0, 1.0]])
SKY, ROAD = 1.0, 0.1  # light


def wetted(amount: float, blue: bool = False, label: int = 3) -> np.ndarray:
    """Return a picture of a plain below a bright sky, made wet."""
    canvas = Canvas.empty(120, 160)
    canvas.labels[31:] = label
    ground = canvas.labels == label
    picture = np.full((120, 160, 3), SKY, np.float32)
    picture[ground] = ROAD
    if blue:
        picture[:31, 80:, 0] = 0.0
    view = View(MATRIX, look(np.array([0.0, 0.0, 1.5]), 0.0, 0.0, 0.0))
    wet(picture, canvas, view, amount, np.zeros((512, 512), np.float32))
    return picture


def test_wet_ground_is_dark_below_and_bright_at_the_horizon() -> None:
    picture = wetted(0.4)
    np.testing.assert_array_equal(picture[:31], SKY)
    column = picture[31:, 80, 0]
    assert column[-1] < 0.95 * ROAD
    assert column[1] > 1.6 * ROAD
    assert (np.diff(column[4:]) <= 1e-6).all()


def test_it_mirrors_the_sky_above_it() -> None:
    picture = wetted(0.6, blue=True)
    left, right = picture[34, 20], picture[34, 140]
    assert left[0] > 1.5 * right[0]
    np.testing.assert_allclose(left[2], right[2], rtol=0.05)


def test_wet_grass_is_no_mirror() -> None:
    assert wetted(0.4, label=13)[32, 80, 0] < ROAD


def test_streaks_are_sparse() -> None:
    streaks = draw_streaks(np.random.default_rng(0), (240, 320))
    assert streaks.shape == (240, 320)
    assert 0.001 < (streaks > 0.1).mean() < 0.1
