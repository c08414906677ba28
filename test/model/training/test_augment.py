from dataclasses import replace

import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.training.augment import GRAY, _degrade, _rotate, augment
from segnet_model.training.augment_settings import UNCHANGED, AugmentSettings

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


@pytest.mark.parametrize(
    ("scales", "reason"),
    [
        ((0, 1), "scale_min is 0; give more than 0, at most 8"),
        ((2, 1), "scale from 2 to 1; give 0 < MIN <= MAX <= 8"),
        ((1, 9), "scale_max is 9; give more than 0, at most 8"),
        ((float("nan"), 1), "scale_min is nan; give more than 0, at most 8"),
    ],
)
def test_scales_that_leave_no_image_are_refused(scales, reason):
    with pytest.raises(SettingsError, match=reason):
        AugmentSettings(scale_min=scales[0], scale_max=scales[1])


def test_a_seed_repeats_itself(pair):
    first, again, other = (run(pair, AugmentSettings(), seed)[0] for seed in (4, 4, 5))
    assert (first == again).all()
    assert (first != other).any()


def test_a_crop_shows_part_of_the_image_at_its_full_scale():
    image = np.add.outer(np.arange(64), np.arange(96))[..., None].repeat(3, 2).astype(np.uint8)
    labels = image[..., 0]
    rng = np.random.default_rng(0)
    cut, ids = augment(image, labels, (64, 96), 255, UNCHANGED, rng, crop=(32, 40))
    assert cut.shape == (32, 40, 3)
    assert ids[0, 1] - ids[0, 0] == ids[1, 0] - ids[0, 0] == 1  # neither stretched nor shrunk
    np.testing.assert_array_equal(cut[..., 0], ids)


def test_a_quarter_turn_is_exact():
    image = np.random.default_rng(0).integers(0, 256, (65, 65, 3), np.uint8)
    turned, labels = _rotate(image, image[..., 0], 90.0, 255)
    np.testing.assert_array_equal(turned, np.rot90(image))
    np.testing.assert_array_equal(labels, np.rot90(image[..., 0]))


def test_what_turns_in_from_outside_is_ignored():
    image, labels = np.full((64, 96, 3), 7, np.uint8), np.full((64, 96), 3, np.uint8)
    turned, ids = _rotate(image, labels, 20.0, 255)
    assert ids[0, 0] == 255
    assert tuple(turned[0, 0]) == GRAY
    assert ids[32, 48] == 3


def test_noise_and_blur_are_as_strong_as_told():
    gray = np.full((200, 200, 3), 128, np.uint8)
    noisy = [
        _degrade(gray, AugmentSettings(noise=0.1), np.random.default_rng(seed)).std() / 255
        for seed in range(40)
    ]
    assert min(noisy) == 0  # every other image stays as it is
    assert 0.06 < max(noisy) < 0.1
    rough = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    spreads = [
        _degrade(rough, AugmentSettings(blur=2.0), np.random.default_rng(seed)).std()
        for seed in range(40)
    ]
    assert max(spreads) == pytest.approx(rough.std())
    assert min(spreads) < rough.std() / 4
