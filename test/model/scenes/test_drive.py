"""Drives: the same for a seed, exact in geometry, complete in classes."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.scenes import Camera, Drive, SceneFrame

SMALL = Camera(width=240, height=180, fx=180.0, fy=178.0, cx=119.0, cy=90.5)
SKY, ROAD, PAVEMENT = 0, 3, 4


def world_points(frame: SceneFrame, camera: Camera) -> npt.NDArray[np.float64]:
    """Return the (H, W, 3) world point of every pixel, from depth, intrinsics and pose."""
    u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    rays = np.stack(
        [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], axis=-1
    )
    points = rays * np.where(np.isinf(frame.depth), 0.0, frame.depth)[..., None]
    return np.asarray(points @ frame.camera_to_world[:3, :3].T + frame.camera_to_world[:3, 3])


@pytest.fixture(scope="module")
def frames() -> list[SceneFrame]:
    """Return ten frames, 0.5 s apart."""
    return list(Drive(3, SMALL, fps=2.0).frames(10))


def assert_same(first: SceneFrame, second: SceneFrame) -> None:
    assert first.stamp == second.stamp
    for name in ("image", "labels", "depth", "camera_to_world"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_a_seed_gives_the_same_frames_in_any_order(frames: list[SceneFrame]) -> None:
    again = Drive(3, SMALL, fps=2.0)
    for index in (7, 0, 9, 3):
        assert_same(again.frame(index), frames[index])


def test_seeds_give_different_drives(frames: list[SceneFrame]) -> None:
    other = Drive(4, SMALL, fps=2.0).frame(0)
    assert (other.labels != frames[0].labels).mean() > 0.05
    assert (other.image != frames[0].image).mean() > 0.5


@pytest.mark.parametrize(
    ("seed", "means", "pixels"),
    [
        (0, [[145.65, 79.97], [46.97, 51.14]],
         [5653, 13168, 426, 18147, 1984, 753, 675, 998, 438, 297, 661]),
        (3, [[147.87, 178.83], [107.7, 68.44]],
         [10844, 5560, 543, 17503, 2914, 2802, 0, 1416, 1427, 191, 0]),
    ],
)  # fmt: skip
def test_plain_drives_stay_as_they_are(
    seed: int, means: list[list[float]], pixels: list[int]
) -> None:
    """Figures that were measured on plain drives must hold when other drives get richer."""
    frame = Drive(seed, SMALL, fps=2.0).frame(7)
    quarters = frame.image.reshape(2, 90, 2, 120, 3).mean(axis=(1, 3, 4))
    np.testing.assert_allclose(quarters, means, atol=0.02)
    np.testing.assert_array_equal(np.bincount(frame.labels.ravel(), minlength=11), pixels)


def test_arrays_have_the_promised_shapes_and_types(frames: list[SceneFrame]) -> None:
    frame = frames[0]
    assert frame.image.shape == (180, 240, 3)
    assert frame.labels.shape == frame.depth.shape == (180, 240)
    assert frame.camera_to_world.shape == (4, 4)
    assert frame.image.dtype == frame.labels.dtype == np.uint8
    assert frame.depth.dtype == np.float32
    assert frame.camera_to_world.dtype == np.float64


def test_ground_depth_is_where_the_ray_meets_the_plane(frames: list[SceneFrame]) -> None:
    for frame in frames:
        v, u = np.nonzero((frame.labels == ROAD) | (frame.labels == PAVEMENT))
        ray = np.stack([(u - SMALL.cx) / SMALL.fx, (v - SMALL.cy) / SMALL.fy, np.ones(len(u))])
        falling = frame.camera_to_world[2, :3] @ ray
        expected = -frame.camera_to_world[2, 3] / falling
        np.testing.assert_allclose(frame.depth[v, u], expected, rtol=1e-6)


def test_nothing_stands_below_the_ground(frames: list[SceneFrame]) -> None:
    for frame in frames:
        height = world_points(frame, SMALL)[..., 2]
        assert height[frame.labels != SKY].min() > -1e-3


def test_all_eleven_classes_occur_and_no_other(frames: list[SceneFrame]) -> None:
    seen = np.unique([frame.labels for frame in frames])
    np.testing.assert_array_equal(seen, np.arange(11))


def test_only_the_sky_is_infinitely_far(frames: list[SceneFrame]) -> None:
    for frame in frames:
        np.testing.assert_array_equal(np.isinf(frame.depth), frame.labels == SKY)
        assert frame.depth.min() > 0


def test_pose_is_rigid_and_moves_at_the_speed(frames: list[SceneFrame]) -> None:
    for frame in frames:
        rotation = frame.camera_to_world[:3, :3]
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1.0)
        np.testing.assert_array_equal(frame.camera_to_world[3], [0, 0, 0, 1])
    along = np.array([frame.camera_to_world[0, 3] for frame in frames])
    np.testing.assert_allclose(np.diff(along), 8.0 / 2.0)


def test_camera_hangs_at_its_height_and_looks_down_by_its_pitch() -> None:
    high = Drive(3, Camera(width=16, height=12, cx=8, cy=6, mount_height=2.5, pitch=0.3)).frame(0)
    low = Drive(3, Camera(width=16, height=12, cx=8, cy=6, mount_height=1.0, pitch=0.1)).frame(0)
    assert high.camera_to_world[2, 3] - low.camera_to_world[2, 3] == pytest.approx(1.5)
    assert high.camera_to_world[2, 3] == pytest.approx(2.5, abs=0.06)
    down = [-np.arcsin(frame.camera_to_world[2, 2]) for frame in (high, low)]
    assert down[0] - down[1] == pytest.approx(0.2)


def reprojected(
    points: npt.NDArray[np.float64], frame: SceneFrame, camera: Camera
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return column, row and depth of (n, 3) world points in a frame."""
    rotation, position = frame.camera_to_world[:3, :3], frame.camera_to_world[:3, 3]
    x, y, z = ((points - position) @ rotation).T
    return x / z * camera.fx + camera.cx, y / z * camera.fy + camera.cy, z


def test_road_points_are_found_again_in_the_next_frame() -> None:
    camera = Camera(width=320, height=240, fx=240.0, fy=240.0, cx=159.5, cy=119.5)
    first, second = Drive(5, camera).frames(2)
    points = world_points(first, camera)[first.labels == ROAD]
    u, v, z = reprojected(points, second, camera)
    column, row = np.round(u).astype(int), np.round(v).astype(int)
    near = (z > 2) & (z < 15) & (column >= 0) & (column < 320) & (row >= 0) & (row < 240)
    assert near.sum() > 1000
    column, row, z, v = column[near], row[near], z[near], v[near]
    road = second.labels[row, column] == ROAD
    assert road.mean() > 0.97  # what moves hides a little of it
    # A row is at most half a pixel off, and depth on the ground goes with 1 / (row - horizon).
    error = np.abs(second.depth[row, column] - z)[road]
    per_pixel = z[road] ** 2 / (camera.fy * second.camera_to_world[2, 3])
    assert (error < 0.6 * per_pixel + 0.02).all()


def test_standing_walls_do_not_move_between_frames() -> None:
    first, second = Drive(5, SMALL, fps=50.0).frames(2)
    points = world_points(first, SMALL)[first.labels == 1]
    u, v, z = reprojected(points, second, SMALL)
    inside = (u > 0) & (u < 239) & (v > 0) & (v < 179)
    found = second.depth[np.round(v[inside]).astype(int), np.round(u[inside]).astype(int)]
    assert np.median(np.abs(found / z[inside] - 1.0)) < 0.01


def test_an_image_shows_what_the_labels_say(frames: list[SceneFrame]) -> None:
    """Sky is brighter than road in every frame: the two are drawn from the same geometry."""
    for frame in frames:
        assert frame.image[frame.labels == SKY].mean() > frame.image[frame.labels == ROAD].mean()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Drive(3, SMALL).frame(-1), "frame -1 is before the start; use 0 or more"),
        (lambda: Drive(-3, SMALL), "seed -3 is negative; use 0 or more"),
        (lambda: Drive(3, SMALL, fps=0.0), "fps 0.0 and speed .* greater than 0"),
        (lambda: Drive(3, SMALL, fps=-10.0), "fps -10.0 and speed .* greater than 0"),
        (lambda: Drive(3, SMALL, speed=0.0), "and speed 0.0 must both be greater than 0"),
        (lambda: Camera(width=0), "image size 0x360 is empty; use 1x1 or more"),
        (lambda: Camera(height=0), "image size 480x0 is empty; use 1x1 or more"),
        (lambda: Camera(fx=0.0), "fx, fy and mount_height must be greater than 0"),
        (lambda: Camera(mount_height=-1.0), "fx, fy and mount_height must be greater than 0"),
        (lambda: Camera(pitch=2.0), "pitch 2.0 rad; use a value between -1 and 1"),
    ],
)
def test_bad_arguments_are_refused(build: Callable[[], object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        build()
