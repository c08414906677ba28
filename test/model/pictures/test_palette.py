import numpy as np
import pytest

from segnet_model.base.choices import LABEL_SETS
from segnet_model.labels import LabelSet, SegmentationClass
from segnet_model.pictures.palette import brightened


def lightness(color):
    """CIE 1976 L*, 0 to 100, from the luminance of sRGB (IEC 61966-2-1)."""
    c = np.asarray(color) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    y = linear @ (0.2126, 0.7152, 0.0722)
    return 116 * np.cbrt(y) - 16 if y > (6 / 29) ** 3 else y * (29 / 3) ** 3


@pytest.mark.parametrize("name", LABEL_SETS)
def test_nothing_that_rises_from_the_ground_is_dark(name):
    labels = LabelSet.load(name)
    for before, after in zip(labels.classes, brightened(labels).classes, strict=True):
        if before.ground or before.color == (0, 0, 0) or lightness(before.color) > 46:
            assert after == before
        else:
            assert lightness(after.color) > 44
            assert after.name == before.name


@pytest.mark.parametrize("name", ["camvid", "outdoor", "comma10k"])
def test_colors_look_as_different_as_before(name):
    def nearest(labels):
        """The distance of the two most similar colors; weighted RGB, as people see it ("redmean",
        https://www.compuphase.com/cmetric.htm)."""
        c = labels.palette[: labels.num_classes].astype(float)
        red = (c[:, None, 0] + c[None, :, 0]) / 2
        square = (c[:, None] - c[None]) ** 2
        weights = np.stack([2 + red / 256, np.full_like(red, 4), 2 + (255 - red) / 256], -1)
        return (np.sqrt((square * weights).sum(-1)) + 1e9 * np.eye(len(c))).min()

    labels = LabelSet.load(name)
    assert nearest(brightened(labels)) >= 0.95 * min(nearest(labels), 120)


def test_one_class_alone_is_brightened_too():
    alone = LabelSet("one", (SegmentationClass("thing", (0, 0, 60)),))
    red, green, blue = brightened(alone).classes[0].color
    assert blue > 150
    assert blue > max(red, green)


def test_what_is_bright_stays():
    once = brightened(LabelSet.load("camvid"))
    assert brightened(once) == once
