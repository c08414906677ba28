import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.driving import CameraPose
from segnet_model.scenes.drawing.rays import look

LEVEL = (-0.5, 0.5, -0.5, 0.5)  # ROS's rotation from a body frame to its optical frame


def test_a_level_camera_looks_ahead():
    pose = CameraPose.mounted(1.5, x=0.3, y=-0.1)
    points = np.array([(5.3, -0.1, 1.5), (5.3, 0.9, 1.5), (5.3, -0.1, 0.0)])
    np.testing.assert_allclose(
        pose.to_optical(points), [(0, 0, 5), (-1, 0, 5), (0, 1.5, 5)], atol=1e-12
    )


@pytest.mark.parametrize(
    ("angle", "forward"),
    [("pitch", (np.sqrt(0.75), 0, -0.5)), ("yaw", (np.sqrt(0.75), 0.5, 0)), ("roll", (1, 0, 0))],
)
def test_30_degrees(angle, forward):
    pose = CameraPose.mounted(1, **{angle: np.radians(30)})
    np.testing.assert_allclose(pose.matrix[:3, 2], forward, atol=1e-12)


def test_roll_leans_to_the_right():
    right = CameraPose.mounted(1, roll=0.1).matrix[:3, 0]
    np.testing.assert_allclose(right, (0, -np.cos(0.1), -np.sin(0.1)), atol=1e-12)


def test_all_angles_at_once_are_as_the_scenes_have_them():
    pose = CameraPose.mounted(2.0, 0.3, 0.2, -0.4, 0.5, 0.6)
    expected = look(np.array([0.5, 0.6, 2.0]), -0.4, 0.3, 0.2)
    np.testing.assert_allclose(pose.matrix, expected, atol=1e-12)


def test_a_transform_as_tf2_gives_it():
    found = CameraPose.from_transform((0.3, 0.1, 1.2), LEVEL).matrix
    np.testing.assert_allclose(found, CameraPose.mounted(1.2, x=0.3, y=0.1).matrix, atol=1e-12)


def test_a_quaternion_with_pitch():
    """The body's pitch, (0, sin, 0, cos) of half the angle, times the optical rotation."""
    s, c = np.sin(0.1), np.cos(0.1)
    x, y, z, w = LEVEL
    both = (c * x + s * z, c * y + s * w, c * z - s * x, c * w - s * y)
    found = CameraPose.from_transform((0, 0, 1), both)
    np.testing.assert_allclose(found.matrix, CameraPose.mounted(1, 0.2).matrix, atol=1e-12)


@pytest.mark.parametrize("angles", [(0, 0, 0), (0.3, 0.2, -0.4), (-1.5, 3.1, 2.0), (0, np.pi, 0)])
def test_the_quaternion_of_a_pose_gives_it_back(angles):
    pose = CameraPose.mounted(1.0, *angles)
    assert np.linalg.norm(pose.quaternion) == pytest.approx(1)
    found = CameraPose.from_transform((0, 0, 1), pose.quaternion)
    np.testing.assert_allclose(found.matrix, pose.matrix, atol=1e-9)


def test_the_quaternion_of_no_rotation():
    pose = CameraPose(np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]]))
    np.testing.assert_allclose(pose.quaternion, (0, 0, 0, 1))


def test_moved():
    pose = CameraPose.mounted(1.0)
    assert not pose.moved(CameraPose.mounted(1.004, pitch=0.0009))
    assert pose.moved(CameraPose.mounted(1.006))
    assert pose.moved(CameraPose.mounted(1.0, yaw=0.0011))


def test_a_half_turn_may_be_rounded():
    backward = CameraPose.mounted(1.0, yaw=3.1416).matrix[:3, 2]
    np.testing.assert_allclose(backward, (-1, 0, 0), atol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CameraPose.mounted(0.0), "0 m above the ground"),
        (lambda: CameraPose.mounted(-1.0), "-1 m above the ground"),
        (lambda: CameraPose.mounted(np.nan), "finite"),
        (lambda: CameraPose.mounted(1.0, pitch=10.0), "radians"),
        (lambda: CameraPose.mounted(1.0, yaw=np.nan), "radians"),
        (lambda: CameraPose.from_transform((0, 0, 1), (0, 0, 0, 0)), "length 1"),
        (lambda: CameraPose.from_transform((0, 0, 1), (0, 0, 1)), "length 1"),
        (lambda: CameraPose.from_transform((0, 0, 1), (0, 0, 0, np.nan)), "length 1"),
        (lambda: CameraPose.from_transform((0, np.inf, 1), LEVEL), "finite"),
        (lambda: CameraPose(np.diag([1.0, 1, 2, 1])), "rotation"),
        (lambda: CameraPose(np.diag([1.0, 1, -1, 1])), "rotation"),
        (lambda: CameraPose(np.eye(3)), "4x4"),
    ],
)
def test_bad_poses_are_refused(make, message):
    with pytest.raises(SettingsError, match=message):
        make()
