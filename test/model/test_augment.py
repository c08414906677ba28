from dataclasses import replace

import numpy as np
import pytest

from segnet_model.data.augment import augment
from segnet_model.errors import SettingsError
from segnet_model.settings import AugmentSettings

STILL = AugmentSettings(
    flip=0, scale_min=1, scale_max=1, brightness=0, contrast=0, saturation=0, hue=0
)
SIZE = (64, 96)


@pytest.fixture
def pair():
    """The image tells its own labels: red is ten times the id."""
    labels = np.random.default_rng(2).integers(0, 11, (8, 12), np.uint8).repeat(8, 0).repeat(8, 1)
    image = np.stack([labels * 10, np.full_like(labels, 90), np.full_like(labels, 30)], -1)
    return image, labels


def run(pair, settings, seed=0):
    return augment(*pair, SIZE, 255, settings, np.random.default_rng(seed))


def test_neutral_settings_change_nothing(pair):
    image, labels = run(pair, STILL)
    assert np.abs(image.astype(int) - pair[0]).max() <= 2  # HSV and back in bytes
    np.testing.assert_array_equal(labels, pair[1])


def test_flip_is_a_mirror_of_both(pair):
    image, labels = run(pair, replace(STILL, flip=1))
    assert np.abs(image.astype(int) - pair[0][:, ::-1]).max() <= 2
    np.testing.assert_array_equal(labels, pair[1][:, ::-1])


@pytest.mark.parametrize("scale", [0.6, 1.7])
def test_labels_follow_the_image(pair, scale):
    image, labels = run(pair, replace(STILL, scale_min=scale, scale_max=scale, flip=0.5))
    assert (image.shape, labels.shape) == ((*SIZE, 3), SIZE)
    inside = labels != 255
    assert inside.all() == (scale > 1)
    agree = np.abs(image[..., 0][inside] / 10 - labels[inside]) < 0.5
    assert agree.mean() > 0.7  # edges of the blocks are blurred by scaling


def test_colors_change_and_labels_do_not(pair):
    changed, labels = run(pair, replace(STILL, brightness=0.5, contrast=0.5, hue=0.2), seed=1)
    assert np.abs(changed.astype(int) - pair[0]).mean() > 5
    np.testing.assert_array_equal(labels, pair[1])


@pytest.mark.parametrize("scales", [(0, 1), (2, 1), (1, 9), (float("nan"), 1)])
def test_scales_that_leave_no_image_are_refused(scales):
    with pytest.raises(SettingsError, match="MIN <= MAX"):
        AugmentSettings(scale_min=scales[0], scale_max=scales[1])


def test_a_seed_repeats_itself(pair):
    first, again, other = (run(pair, AugmentSettings(), seed)[0] for seed in (4, 4, 5))
    assert (first == again).all()
    assert (first != other).any()
