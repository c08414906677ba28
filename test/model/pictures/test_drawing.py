import numpy as np
import pytest

from segnet_model.labels import LabelSet
from segnet_model.pictures.drawing import (
    GAP,
    MAX_CELL,
    OUTLINE,
    TITLE_HEIGHT,
    annotated,
    draw_outline,
    heat,
    overlay,
    panel,
)
from segnet_model.pictures.palette import brightened

CAMVID = LabelSet.load("camvid")


def test_overlay_mixes_image_and_color():
    image = np.full((2, 2, 3), 100, np.uint8)
    drawn = overlay(image, np.full((2, 2), 3, np.uint8), CAMVID, alpha=0.25)
    assert np.abs(drawn[0, 0] - (75 + 0.25 * np.array([128, 64, 128]))).max() <= 1


def test_overlay_has_the_color_of_every_id_brightened():
    labels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    drawn = overlay(np.zeros((16, 16, 3), np.uint8), labels, CAMVID, alpha=1.0)
    np.testing.assert_array_equal(drawn, brightened(CAMVID).palette[labels])
    same = (drawn == CAMVID.palette[labels]).all(2)
    dark = {"Building", "Fence", "Car", "Pedestrian"}
    assert {CAMVID.names[i] for i in labels[~same]} == dark


def test_an_annotated_image_and_its_legend_have_the_same_colors():
    people = np.full((360, 480), CAMVID.names.index("Pedestrian"), np.uint8)
    drawn = annotated(np.zeros((360, 480, 3), np.uint8), people, CAMVID, alpha=1.0)
    color = brightened(CAMVID).palette[people[0, 0]]
    assert (drawn[-1] == color).all()
    assert (drawn[:200, :30] == color).all(2).sum() > 50  # the swatch


@pytest.mark.parametrize("size", [(240, 320), (1080, 1920)])
def test_outline_follows_the_edge_and_nothing_else(size):
    drivable = np.zeros(size, np.uint8)
    top, left = size[0] // 2, size[1] // 4
    drivable[top:, left : 3 * left] = 255
    drivable[top + 40 : top + 60, 2 * left : 2 * left + 20] = 0  # a hole
    image = np.full((*size, 3), 77, np.uint8)
    draw_outline(image, drivable)
    green = (image == OUTLINE).all(2)
    assert green[top, left : 3 * left].all()
    assert green[top + 50, 2 * left - 1]
    rows, columns = np.nonzero(green)
    assert rows.min() >= top - 4
    assert columns.min() >= left - 4
    assert (image[: top - 8] == 77).all()
    assert (image[top + 12 : top + 30, left + 12 : 2 * left - 12] == 77).all()


def test_outline_of_nothing_is_nothing():
    image = np.full((9, 9, 3), 77, np.uint8)
    draw_outline(image, np.zeros((9, 9), np.uint8))
    assert (image == 77).all()


def test_heat_grows_brighter():
    drawn = heat(np.array([[-1, 0, 0.5, 1, 2]], np.float32)).astype(int)
    brightness = drawn.sum(-1)[0]
    assert brightness[0] == brightness[1] < brightness[2] < brightness[3] == brightness[4]


def test_panel_lays_pictures_side_by_side():
    red = np.zeros((10, 20, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    gray = np.full((10, 20), 7, np.uint8)
    sheet = panel([[red, gray], [gray, red]], ["one", "two"])
    assert sheet.shape == (TITLE_HEIGHT + 2 * (10 + GAP), 2 * (20 + GAP), 3)
    assert sheet[TITLE_HEIGHT, 0].tolist() == [255, 0, 0]
    assert sheet[TITLE_HEIGHT, 20 + GAP].tolist() == [7, 7, 7]
    assert (sheet[:TITLE_HEIGHT] < 100).any()  # the titles are written


def test_panel_takes_pictures_of_any_sizes():
    """Each lies in the corner of its cell; a row is as high as its highest, columns are equal."""
    sizes = [(48, 64), (64, 48), (7, 90)]
    rows = [[np.full((*size, 3), 10 * i, np.uint8)] * 2 for i, size in enumerate(sizes, 1)]
    sheet = panel(rows, ["one", "two"])
    tops = [TITLE_HEIGHT, TITLE_HEIGHT + 48 + GAP, TITLE_HEIGHT + 48 + 64 + 2 * GAP]
    assert sheet.shape == (tops[2] + 7 + GAP, 2 * (90 + GAP), 3)
    for value, top, (height, width) in zip((10, 20, 30), tops, sizes, strict=True):
        for left in (0, 90 + GAP):
            assert (sheet[top : top + height, left : left + width] == value).all()
            assert (sheet[top : top + height, left + width : left + 90 + GAP] == 255).all()


@pytest.mark.parametrize("size", [(3000, 4000), (4000, 3000), (1, 20000), (20000, 1)])
def test_panel_shrinks_what_is_too_large(size):
    height, width = panel([[np.full(size, 7, np.uint8)]], ["one"]).shape[:2]
    assert height - TITLE_HEIGHT - GAP <= MAX_CELL[0]
    assert width - GAP <= MAX_CELL[1]
    assert max((height - TITLE_HEIGHT - GAP) / MAX_CELL[0], (width - GAP) / MAX_CELL[1]) == 1


def test_a_sheet_with_classes_ends_with_their_legend():
    cell = np.full((50, 400, 3), 120, np.uint8)
    labels = LabelSet.load("camvid")
    plain, told = panel([[cell]], ["one"]), panel([[cell]], ["one"], labels, "a note")
    np.testing.assert_array_equal(told[: len(plain)], plain)
    below = told[len(plain) :].reshape(-1, 3)
    for each in labels.classes:
        assert (below == each.color).all(1).any(), each.name
