"""The pose that motion shows, against an independent renderer and rendered drives."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from segnet_model.datasets.drives import DriveSettings
from segnet_model.driving import CameraPose, Lens
from segnet_model.driving.motion import PAIRS, Look, MotionEstimate
from test.support.corridor import FOCAL, HEIGHT, ROAD, WIDTH, render

PITCH, UP = 0.12, 1.1
LENS = Lens(WIDTH, HEIGHT, (FOCAL, FOCAL), ((WIDTH - 1) / 2, (HEIGHT - 1) / 2))
STEP = 0.25


@pytest.fixture(scope="module")
def images():
    """Images and labels of a robot that nods a little on its way."""
    nods = 0.01 * np.sin(np.arange(PAIRS + 1) * 1.7)
    return [render(STEP * n, UP, PITCH + nod, 0.5 * nod) for n, nod in enumerate(nods)]


def estimate(images, lens=LENS, step=STEP, cut=slice(None)):
    found = MotionEstimate(lens)
    looks = [
        Look.of(np.ascontiguousarray(image[cut]), labels[cut] == ROAD) for image, labels in images
    ]
    for first, second in pairwise(looks):
        found.add(first, second, step)
    return found


def test_height_and_pitch_follow_from_the_motion(images):
    found = estimate(images).found
    assert found.pitch == pytest.approx(PITCH, abs=0.01)
    assert found.height == pytest.approx(UP, rel=0.04)
    assert found.tilt_error < 0.03
    assert 1 <= found.height_error < 1.2


@pytest.mark.parametrize("roll", [0.0, 0.02])
def test_the_right_pose_is_not_contradicted(images, roll):
    assert estimate(images).contradiction(CameraPose.mounted(UP, PITCH, roll)) == ""


@pytest.mark.parametrize(
    ("pose", "reason"),
    [
        (CameraPose.mounted(UP, PITCH + np.radians(4)), "degrees down from the ground"),
        (CameraPose.mounted(UP, PITCH - np.radians(4)), "degrees up from the ground"),
        (CameraPose.mounted(1.5 * UP, PITCH), "the camera is said to be 1.65 m up"),
        (CameraPose.mounted(UP / 1.5, PITCH), "the camera is said to be 0.73 m up"),
    ],
)
def test_a_wrong_pose_is_contradicted(images, pose, reason):
    said = estimate(images).contradiction(pose)
    assert reason in said
    assert "measure camera_height and camera_pitch" in said


@pytest.mark.parametrize("factor", [0.5, 2.0, 10.0])
def test_a_wrong_focal_length_is_contradicted(images, factor):
    lens = replace(LENS, focal=(factor * FOCAL, factor * FOCAL))
    assert estimate(images, lens).contradiction(CameraPose.mounted(UP, PITCH))


def test_the_calibration_of_the_whole_image_is_contradicted_by_a_part(images):
    """Its middle, three quarters each way, without a roi: the same shape, and no word of it."""
    rows, columns = slice(HEIGHT // 8, -HEIGHT // 8), slice(WIDTH // 8, -WIDTH // 8)
    lens = LENS.scaled_to(WIDTH * 3 // 4, HEIGHT * 3 // 4)
    found = estimate(images, lens, cut=(rows, columns))
    assert "cannot be right" in found.contradiction(CameraPose.mounted(UP, PITCH))


def test_too_few_pairs_and_images_of_nothing_say_nothing(images):
    assert estimate(images[:-1]).found is None
    gray = np.full((HEIGHT, WIDTH, 3), 90, np.uint8), np.full((HEIGHT, WIDTH), ROAD)
    assert estimate([gray] * (PAIRS + 1)).found is None
    assert estimate(images[:1] * (PAIRS + 1)).contradiction(CameraPose.mounted(UP, PITCH)) == ""


def test_large_images_are_made_smaller():
    large = Look.of(np.zeros((1080, 1920, 3), np.uint8), np.ones((1080, 1920), bool))
    assert large.gray.shape == large.ground.shape == (360, 640)
    assert large.scale == pytest.approx(1 / 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "seed", "rate"),
    [("street", 21, 10), ("park", 22, 5), ("suburb", 31, 10), ("trail", 32, 5), ("yard", 33, 5)],
)
def test_drives_fit_their_pose_and_no_other(world, seed, rate):
    settings = DriveSettings(world=world)
    drive, labels = settings.drive(seed, float(rate)), settings.label_map()
    camera, looks, places, poses = drive.camera, [], [], []
    for frame in drive.frames(PAIRS + 5):
        ground = labels.target.ground[labels.map(frame.labels)]
        looks.append(Look.of(frame.image, ground))
        places.append(frame.camera_to_world[:2, 3])
        poses.append(CameraPose(frame.camera_to_world))
    found = MotionEstimate(
        Lens.from_camera_info(camera.width, camera.height, camera.matrix.ravel())
    )
    for number in range(1, len(looks)):
        meters = float(np.linalg.norm(places[number] - places[number - 1]))
        found.add(looks[number - 1], looks[number], meters)
    pitch, up = np.radians(np.mean([each.pitch for each in poses])), poses[0].height
    assert found.found.pitch == pytest.approx(pitch, abs=np.radians(1.0))
    assert found.found.height in (None, pytest.approx(up, rel=0.1))
    assert found.contradiction(CameraPose.mounted(up, pitch)) == ""
    assert found.contradiction(CameraPose.mounted(up, pitch + np.radians(4)))
    assert found.contradiction(CameraPose.mounted(up, pitch - np.radians(4)))
