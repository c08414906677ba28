"""Which poses labels contradict, by rendered drives and by angles worked out by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from segnet_model.driving import CameraPose, Lens
from segnet_model.driving.horizon import MAX_GROUND, Horizon
from segnet_model.labels import LabelSet
from segnet_model.scenes import Camera, Drive
from segnet_model.scenes.camera.rig import draw_camera
from segnet_model.scenes.drawing.rays import look

CAMVID, SCENES = LabelSet.load("camvid"), LabelSet.load("scenes")
SKY, BUILDING, ROAD, PAVEMENT = 0, 1, 3, 4
WIDTH, HEIGHT, FOCAL = 160, 121, 100.0
LENS = Lens(WIDTH, HEIGHT, (FOCAL, FOCAL), (79.5, 60.0))
DOWN = np.degrees(np.arctan((np.arange(HEIGHT) - 60) / FOCAL))  # of each row, from the axis
# From an optical frame that is right to ones that are not: y up and z back, as in OpenGL; x down.
OPENGL = np.diag([1.0, -1.0, -1.0])
ROLLED = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def seen(pitch, ground=ROAD, above=SKY):
    """Labels of a camera over endless ground, looking down by these degrees."""
    return np.repeat(np.where(DOWN + pitch > 0, ground, above).astype(np.uint8), WIDTH).reshape(
        HEIGHT, WIDTH
    )


def reason(labels, pose, lens=LENS, labels_of=CAMVID, uncertainty=0.0):
    return Horizon(lens, pose).contradiction(
        labels, np.full(labels.shape, uncertainty), labels_of, 0.5
    )


def mounted(pitch, roll=0.0):
    return CameraPose.mounted(1.2, pitch=np.radians(pitch), roll=np.radians(roll))


@pytest.mark.parametrize("pitch", [-10, 0, 6, 25, 60])
def test_the_right_pose_is_not_contradicted(pitch):
    assert reason(seen(pitch), mounted(pitch)) == ""
    assert reason(seen(pitch, above=BUILDING), mounted(pitch)) == ""


@pytest.mark.parametrize("pitch", [6, 10, 15])
def test_a_pitch_of_the_wrong_sign_is_contradicted_with_the_share_of_ground_above(pitch):
    said = reason(seen(pitch, above=BUILDING), mounted(-pitch))
    ground = DOWN + pitch > 0
    share = (ground & (DOWN - pitch < -1.5)).sum() / ground.sum()
    found = re.search(rf"looks {pitch} degrees up, and ([\d.]+)% of the ground is above", said)
    assert float(found[1]) == pytest.approx(100 * share, abs=2)
    assert f"more than {MAX_GROUND:.0%}" in said


def test_drivable_ground_is_judged_more_strictly():
    """A road that fills the image up to 5 degrees above the horizon of the pose."""
    labels = seen(10, above=BUILDING)
    assert "% of the drivable ground is above the horizon, more than 2%" in reason(
        labels, mounted(5)
    )
    assert reason(np.where(labels == ROAD, PAVEMENT, labels), mounted(5)) == ""


def test_a_pose_that_looks_too_far_down_is_contradicted_by_the_sky():
    assert "of the sky is below the horizon, more than 5%" in reason(seen(-8), mounted(8))
    assert reason(seen(-8, above=BUILDING), mounted(8)) == ""  # nothing tells


@pytest.mark.parametrize("turn", [OPENGL, ROLLED])
def test_a_frame_that_is_not_optical_is_contradicted(turn):
    matrix = mounted(6).matrix.copy()
    matrix[:3, :3] = matrix[:3, :3] @ turn
    assert "check the sign of camera_pitch" in reason(seen(6), CameraPose(matrix))


def test_unsure_or_little_ground_contradicts_nothing():
    assert reason(seen(10), mounted(-10), uncertainty=0.6) == ""
    assert reason(seen(10), mounted(-10), uncertainty=np.nan) == ""
    labels = seen(10, ground=BUILDING, above=BUILDING)
    labels[40:42] = ROAD
    assert reason(labels, mounted(-10)) == ""


def test_an_image_of_any_size_can_be_judged():
    for width, height in ((1, 1), (3, 2), (2048, 1536)):
        lens = Lens(width, height, (width, width), ((width - 1) / 2, (height - 1) / 2))
        labels = np.full((height, width), ROAD, np.uint8)
        assert reason(labels, mounted(60), lens) == ""


def rendered(world, seed, index):
    """Labels, lens and pose of a drive; every other seed draws its lens and how it is mounted."""
    camera = draw_camera(seed) if seed % 2 else Camera(pitch=0.15)
    frame = Drive(seed, camera, fps=None, world=world).frame(index)
    model = camera.model if camera.distortion else ""
    lens = Lens(
        camera.width, camera.height, (camera.fx, camera.fy), (camera.cx, camera.cy), model,
        camera.distortion,
    )  # fmt: skip
    pose = np.eye(4)
    pose[:3, :3], pose[2, 3] = frame.camera_to_world[:3, :3], frame.camera_to_world[2, 3]
    return frame.labels, lens, pose


FEW = [("street", 1), ("park", 5)]
MANY = [(w, s) for w in ("street", "suburb", "park", "trail", "yard", "campus") for s in (1, 2, 3)]


@pytest.mark.parametrize(
    ("world", "seed"), [*FEW, *(pytest.param(*each, marks=pytest.mark.slow) for each in MANY)]
)
def test_rendered_drives_fit_their_pose_and_not_its_opposite(world, seed):
    labels, lens, pose = rendered(world, seed, 4)
    assert reason(labels, CameraPose(pose), lens, SCENES) == ""
    pitch, yaw, roll = _angles(pose)
    if pitch > np.radians(4):
        opposite = CameraPose(look(pose[:3, 3], yaw, -pitch, roll))
        assert "ground is above the horizon" in reason(labels, opposite, lens, SCENES)


def _angles(pose):
    return (
        np.arcsin(-pose[2, 2]),
        np.arctan2(pose[1, 2], pose[0, 2]),
        np.arctan2(-pose[2, 0], -pose[2, 1]),
    )
