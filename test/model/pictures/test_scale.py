import cv2
import numpy as np
import pytest

from segnet_model.pictures.drawing import OUTLINE, heat
from segnet_model.pictures.scale import heat_with_scale

SIZES = [(90, 160), (360, 480), (1080, 1920), (640, 360)]


@pytest.mark.parametrize("size", SIZES)
def test_only_the_corner_differs_from_the_heat_map(size):
    values = np.random.default_rng(0).random(size, np.float32)
    values[-1, -1] = np.nan
    changed = (heat_with_scale(values, 0.3) != heat(values)).any(2)
    rows, columns = np.nonzero(changed)
    assert len(rows)
    assert rows.max() < max(15, 0.1 * size[0])
    assert columns.max() < 0.8 * size[1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bound", [0.0, 0.3, 1.0])
def test_the_bar_has_the_colors_of_the_map_and_the_bound_lies_in_it(size, bound):
    drawn = heat_with_scale(np.full(size, 0.2, np.float32), bound)
    top = drawn[: max(20, size[0] // 10)]
    marks = np.flatnonzero((top == OUTLINE).all(2).any(0))
    # OpenCV's own table, by the color of the bar beside the mark's full height.
    table = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)
    table = table[0, :, ::-1].astype(int)
    middle = max(2, size[0] // 100) + max(10, round(min(size[0], 0.75 * size[1]) / 27)) // 2
    row = top[middle].astype(int)
    distance = np.abs(row[:, None] - table[None]).sum(2)
    found = [(i, d.argmin() / 255) for i, d in enumerate(distance) if d.min() <= 3]
    inside = [(i, v) for i, v in found if v != found[-1][1]]  # without the map beside the scale
    slope, start = np.polyfit(*np.array([p for p in inside if 0.25 < p[1] < 0.95]).T, 1)
    assert slope * marks.mean() + start == pytest.approx(bound, abs=0.05)


@pytest.mark.parametrize("size", [(40, 60), (80, 80), (90, 100), (100, 110), (480, 80)])
def test_an_image_too_small_for_the_scale_has_none(size):
    values = np.zeros(size, np.float32)
    np.testing.assert_array_equal(heat_with_scale(values, 0.5), heat(values))
