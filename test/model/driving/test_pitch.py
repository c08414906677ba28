"""The pitch that drives show, against that of their renderer."""

from __future__ import annotations

import numpy as np
import pytest

from segnet_model.driving import Lens
from segnet_model.driving.pitch import PitchEstimate
from segnet_model.labels import LabelSet
from segnet_model.scenes import Camera, Drive

CAMVID, SCENES = LabelSet.load("camvid"), LabelSet.load("scenes")
SKY, ROAD = 0, 3
LENS = Lens(160, 121, (100.0, 100.0), (79.5, 60.0))


def estimate(images, lens=LENS, labels=CAMVID, uncertainty=0.0):
    found = PitchEstimate(lens)
    for image in images:
        found.add(image, np.full(image.shape, uncertainty), labels, 0.5)
    return found.pitch


def seen(horizon):
    """Road and sky that meet at a row."""
    image = np.full((121, 160), SKY, np.uint8)
    image[horizon:] = ROAD
    return image


@pytest.mark.parametrize("row", [30, 60, 90])
def test_where_ground_and_sky_meet_the_pitch_follows_from_the_row(row):
    pitch, error = estimate([seen(row)] * 5)
    assert pitch == pytest.approx(np.arctan((60 - row) / 100), abs=0.02)
    assert 0 <= error < 0.05


def test_too_little_or_too_wide_a_gap_gives_none():
    assert estimate([seen(60)] * 4) is None
    assert estimate([np.full((121, 160), ROAD, np.uint8)] * 9) is None
    assert estimate([seen(60)] * 9, uncertainty=0.9) is None
    wide = seen(60)
    wide[30:90] = 1  # buildings
    assert estimate([wide] * 9) is None
    above = seen(60)[::-1].copy()  # the ground above the sky
    assert estimate([above] * 9) is None


@pytest.mark.parametrize("pitch", [0.05, 0.2])
def test_a_rendered_street_shows_its_pitch_within_the_error(pitch):
    camera = Camera(pitch=pitch)
    lens = Lens.from_camera_info(camera.width, camera.height, camera.matrix)
    frames = [Drive(3, camera, fps=None).frame(index) for index in range(0, 60, 10)]
    true = np.mean([np.arcsin(-frame.camera_to_world[2, 2]) for frame in frames])
    found, error = estimate([frame.labels for frame in frames], lens, SCENES)
    assert abs(found - true) <= min(error, np.radians(2.5))
