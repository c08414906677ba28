"""Grids against what one works out by hand: pinholes 1 m up, boxes, lenses."""

import cv2
import numpy as np
import pytest

from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens, projector
from segnet_model.labels import LabelSet
from segnet_model.scenes.drawing.rays import look

CAMVID = LabelSet.load("camvid")
ROAD, PAVEMENT, CAR, VOID = 3, 4, 8, 11
FREE, OCCUPIED, UNKNOWN = 0, 100, -1
FOCAL, MIDDLE, SIZE = 300.0, 300.0, 601
LENS = Lens(SIZE, SIZE, (FOCAL, FOCAL), (MIDDLE, MIDDLE))
LEVEL = CameraPose.mounted(1.003)
SPEC = GridSpec(0.25, 0.0, 10.0, -5.0, 5.0)
BARREL = np.array([-0.3, 0.12, 0.001, -0.002, -0.02])
FISHEYE = np.array([-0.02, 0.004, -0.003, 0.0004])


def image(label=ROAD):
    return np.full((SIZE, SIZE), label, np.uint8)


def mapped(labels, uncertainty=None, lens=LENS, pose=LEVEL, spec=SPEC, bound=0.5):
    if uncertainty is None:
        uncertainty = np.zeros(labels.shape, np.float32)
    return GroundProjector(lens, pose, spec).grid(labels, uncertainty, CAMVID, bound)


def at(grid, x, y, spec=SPEC):
    return grid.ravel()[spec.indices(np.array([x, y]))]


def rays(undistorted=None):
    """Directions (n, 3) of all pixels in the robot's frame of a level camera."""
    row, column = np.mgrid[:SIZE, :SIZE].reshape(2, -1)
    if undistorted is None:
        across, down = (column - MIDDLE) / FOCAL, (row - MIDDLE) / FOCAL
    else:
        pixels = np.column_stack([column, row])[:, None].astype(np.float64)
        matrix = np.array([(FOCAL, 0, MIDDLE), (0, FOCAL, MIDDLE), (0, 0, 1)])
        across, down = undistorted(pixels, matrix)[:, 0].T
    return np.column_stack([np.ones(len(row)), -across, -down])


def test_level_road_is_free_as_far_as_the_image_reaches_and_nowhere_else():
    """x is seen in row 300 + 300 * 1.003 / x, y in column 300 - 300 * y / x."""
    x, y = SPEC.centers.T
    near, aside = x - 0.125, np.abs(y) + 0.125
    inside = (near >= 1.003) & (aside <= near)
    expected = np.where(inside, FREE, UNKNOWN).reshape(SPEC.rows, SPEC.columns)
    np.testing.assert_array_equal(mapped(image()), expected)


def test_rows_are_y_and_columns_are_x():
    spec = GridSpec(0.5, 0.0, 10.0, -2.0, 5.0)
    labels = image()
    labels[:, : int(MIDDLE)] = PAVEMENT  # the left half: y above 0
    grid = mapped(labels, spec=spec)
    assert grid.shape == (14, 20)
    assert grid.dtype == np.int8
    assert (grid[:3, 10], grid[5:, 10]) == (pytest.approx(FREE), pytest.approx(OCCUPIED))


def test_ground_that_is_not_drivable_is_occupied():
    road, pavement = mapped(image()), mapped(image(PAVEMENT))
    assert (pavement[road == FREE] == OCCUPIED).all()
    assert FREE not in pavement


def test_a_cell_that_is_road_in_part_is_not_free():
    labels = image()
    labels[401:, 300:] = PAVEMENT  # nearer than 3 m and right of the middle
    grid = mapped(labels)
    assert at(grid, 2.9, -0.1) == OCCUPIED
    assert at(grid, 3.4, -0.1) == FREE


@pytest.mark.parametrize(
    ("pose", "said"),
    [
        # Half the image's height is 45 degrees, so that 50 degrees up leave no ground in view.
        (CameraPose.mounted(1.0, pitch=-np.radians(50)), "looks 50 degrees up"),
        # camera_link instead of the optical frame: its z points up.
        (CameraPose.from_transform((0, 0, 1.0), (0, 0, 0, 1)), "looks 90 degrees up"),
        (CameraPose.mounted(1.0, yaw=np.pi), "looks 0 degrees down"),  # backwards
    ],
)
def test_a_camera_that_sees_no_ground_of_the_grid_is_refused(pose, said):
    spec = GridSpec(0.25, 0.0, 10.0, 0.5, 5.0) if said == "looks 0 degrees down" else SPEC
    with pytest.raises(SettingsError, match=f"{said} and sees no ground of the grid; check the "):
        mapped(image(), pose=pose, spec=spec)


@pytest.mark.parametrize(
    "angles", [(0.3, 0.0, 0.0), (0.1, 0.2, 0.0), (0.1, 0.0, -0.4), (0.25, -0.15, 0.3)]
)
def test_a_mark_on_the_ground_is_found_whatever_the_pose(angles):
    pitch, roll, yaw = angles
    pose = look(np.array([0.4, -0.2, 1.2]), yaw, pitch, roll)
    mark = pose[:2, 3] + 4 * np.array([np.cos(yaw), np.sin(yaw)])
    x, y, z = pose[:3, :3].T @ (np.array([*mark, 0]) - pose[:3, 3])
    column, row = round(MIDDLE + FOCAL * x / z), round(MIDDLE + FOCAL * y / z)
    labels = image()
    labels[row - 2 : row + 3, column - 4 : column + 5] = PAVEMENT
    grid = mapped(labels, pose=CameraPose.mounted(1.2, pitch, roll, yaw, 0.4, -0.2))
    found = SPEC.centers[grid.ravel() == OCCUPIED]
    assert at(grid, *mark) == OCCUPIED
    assert np.abs(found - mark).max() < 0.4


def test_a_box_is_occupied_at_its_foot_and_hides_what_lies_behind():
    """From x = 5.1 to 6, 1.2 m wide and 0.3 m high; over its far edge the eye meets 8.56 m."""
    ways = rays()
    edges = np.array([(5.1, 6), (-0.6, 0.6), (-1.003, -0.703)])  # seen from the camera
    with np.errstate(divide="ignore"):
        crossed = edges.T[:, None] / ways
    enter, leave = crossed.min(0).max(1), crossed.max(0).min(1)
    labels = image()
    labels.ravel()[(enter < leave) & (enter > 0)] = CAR
    grid = mapped(labels)
    ahead = grid[SPEC.rows // 2]  # y from 0 to 0.25
    np.testing.assert_array_equal(ahead[5:20], FREE)  # up to x = 5
    assert OCCUPIED in ahead[20:22]
    assert FREE not in ahead[20:22]
    np.testing.assert_array_equal(ahead[22:35], UNKNOWN)  # up to x = 8.75
    np.testing.assert_array_equal(ahead[35:], FREE)
    beside = mapped(image())
    beside[np.abs(SPEC.centers[:, 1]).reshape(grid.shape) < 1.2] = UNKNOWN
    np.testing.assert_array_equal(grid[beside == FREE], FREE)


def test_what_an_unsure_patch_cuts_in_two_has_one_foot():
    labels, uncertainty = image(), np.zeros((SIZE, SIZE), np.float32)
    labels[:351, 250:351] = CAR  # its foot at 300 * 1.003 / 50.5 = 5.96 m
    once = mapped(labels)
    uncertainty[330:340, 250:351] = 0.9
    np.testing.assert_array_equal(mapped(labels, uncertainty), once)
    np.testing.assert_array_equal(once[20, 26:], UNKNOWN)


def test_ground_seen_under_a_table_is_occupied():
    labels = image()
    labels[:331, 250:351] = CAR  # 0.3 m above x = 7, as below: its edge
    labels[331:344, 250:256] = labels[331:344, 345:351] = CAR  # two legs at x = 7
    assert at(mapped(labels), 8.0, 0.0) == OCCUPIED
    low = GridSpec(0.25, 0.0, 10.0, -5.0, 5.0, robot_height=0.0)
    assert at(mapped(labels, spec=low), 8.0, 0.0) == FREE
    labels[331:344, 345:351] = ROAD
    assert at(mapped(labels), 6.6, 0.0) == FREE


def test_unsure_pixels_are_unknown():
    uncertainty = np.zeros((SIZE, SIZE), np.float32)
    uncertainty[360:400] = 0.5  # from 3.01 to 5.06 m
    sure, unsure = mapped(image(), uncertainty, bound=0.5), mapped(image(), uncertainty, bound=0.49)
    assert [at(sure, x, 0.1) for x in (2.9, 3.3, 4.9, 5.6)] == [FREE] * 4
    assert [at(unsure, x, 0.1) for x in (2.9, 3.3, 4.9, 5.6)] == [FREE, UNKNOWN, UNKNOWN, FREE]
    uncertainty[360:400] = np.nan
    np.testing.assert_array_equal(mapped(image(), uncertainty, bound=1.0), unsure)


def test_pixels_of_no_class_are_unknown():
    assert (mapped(image(VOID)) == UNKNOWN).all()


@pytest.mark.parametrize(
    ("model", "distortion", "undistort"),
    [
        ("plumb_bob", BARREL, cv2.undistortPoints),
        ("equidistant", FISHEYE, cv2.fisheye.undistortPoints),
    ],
)
def test_distortion_is_honored(model, distortion, undistort):
    """Squares of 2 m of road and pavement, drawn by taking every pixel back to the ground."""
    ways = rays(lambda pixels, matrix: undistort(pixels, matrix, distortion))
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = (way * (1.003 / -ways[:, 2]) for way in ways.T[:2])
        road = (np.floor(x / 2) + np.floor(y / 2)) % 2 == 0
    labels = np.where(road, ROAD, PAVEMENT).astype(np.uint8).reshape(SIZE, SIZE)
    lens = Lens(SIZE, SIZE, (FOCAL, FOCAL), (MIDDLE, MIDDLE), model, tuple(distortion))
    grid = mapped(labels, lens=lens).ravel()
    x, y = SPEC.centers.T
    inner = (np.abs(x % 2 - 1) < 0.6) & (np.abs(y % 2 - 1) < 0.6) & (x > 2) & (np.abs(y) < x)
    expected = np.where((np.floor(x / 2) + np.floor(y / 2)) % 2 == 0, FREE, OCCUPIED)
    np.testing.assert_array_equal(grid[inner], expected[inner])


def test_what_a_strong_lens_folds_back_is_not_seen():
    """With k1 = -0.3 the model turns at 46.5 degrees: nothing beyond may be claimed."""
    lens = Lens(SIZE, SIZE, (FOCAL, FOCAL), (MIDDLE, MIDDLE), "plumb_bob", (-0.3, 0.0, 0.0, 0.0))
    grid = mapped(image(), lens=lens).ravel()
    x, y = SPEC.centers.T
    beyond = np.hypot(y, 1.003) > x * np.tan(np.radians(46.5))
    assert (grid[beyond] == UNKNOWN).all()
    assert (grid == FREE).sum() > 300


def test_a_smaller_image_shows_the_same():
    lens = LENS.scaled_to(301, 301)
    small = mapped(np.full((301, 301), ROAD, np.uint8), lens=lens)
    assert (small != mapped(image())).mean() < 0.03


@pytest.mark.parametrize(
    ("labels", "uncertainty", "bound", "error", "message"),
    [
        (image()[:300], None, 0.5, ImageError, r"lens.scaled_to"),
        (image(), np.zeros((2, 2), np.float32), 0.5, ImageError, r"\(2, 2\) are not of the lens'"),
        (image().astype(int), None, 0.5, ImageError, "labels are int64"),
        (image(), image(), 0.5, ImageError, "uncertainty is uint8"),
        (image(), None, 1.5, SettingsError, "0 to 1"),
        (image(), None, np.nan, SettingsError, "0 to 1"),
    ],
)
def test_bad_input_is_refused(labels, uncertainty, bound, error, message):
    with pytest.raises(error, match=message):
        mapped(labels, uncertainty, bound=bound)


def test_a_grid_far_from_the_camera_is_refused_before_any_work(monkeypatch):
    """The node asks once a frame."""
    monkeypatch.setattr(projector, "Votes", pytest.fail)
    with pytest.raises(SettingsError, match="cells from the camera, more than 1000"):
        mapped(image(), spec=GridSpec(0.01, 90.0, 91.0, -1.0, 1.0))
