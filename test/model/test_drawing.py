import numpy as np

from segnet_model.drawing import GAP, TITLE_HEIGHT, heat, legend, overlay, panel
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")


def test_overlay_mixes_image_and_color():
    image = np.full((2, 2, 3), 100, np.uint8)
    drawn = overlay(image, np.full((2, 2), 3, np.uint8), CAMVID, alpha=0.25)
    assert np.abs(drawn[0, 0] - (75 + 0.25 * np.array([128, 64, 128]))).max() <= 1


def test_heat_grows_brighter():
    drawn = heat(np.array([[-1, 0, 0.5, 1, 2]], np.float32)).astype(int)
    brightness = drawn.sum(-1)[0]
    assert brightness[0] == brightness[1] < brightness[2] < brightness[3] == brightness[4]


def test_panel_lays_pictures_side_by_side():
    red = np.zeros((10, 20, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    grey = np.full((10, 20), 7, np.uint8)
    sheet = panel([[red, grey], [grey, red]], ["one", "two"])
    assert sheet.shape == (TITLE_HEIGHT + 2 * (10 + GAP), 2 * (20 + GAP), 3)
    assert sheet[TITLE_HEIGHT, 0].tolist() == [255, 0, 0]
    assert sheet[TITLE_HEIGHT, 20 + GAP].tolist() == [7, 7, 7]
    assert (sheet[:TITLE_HEIGHT] < 100).any()  # the titles are written


def test_legend_holds_every_color():
    colors = {tuple(c) for c in legend(CAMVID, 220).reshape(-1, 3).tolist()}
    assert {c.color for c in CAMVID.classes} <= colors
