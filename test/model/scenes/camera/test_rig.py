"""Cameras: what a lens shows, against OpenCV's projection; and how cameras are drawn."""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.scenes import Camera, Drive, SceneFrame, draw_camera

PINHOLE = Camera(
    width=200, height=150, fx=110.0, fy=112.0, cx=98.0, cy=76.0, mount_height=0.9, pitch=0.12
)
LENSES = {
    "barrel": ("plumb_bob", (-0.12, 0.01, 0.002, -0.003, 0.0)),
    "pincushion": ("plumb_bob", (0.08, 0.02, 0.0, 0.001, 0.0)),
    "rational": ("rational_polynomial", (0.3, 0.02, 0.001, 0.0, 0.0, 0.4, 0.02, 0.0)),
    "fisheye": ("equidistant", (-0.01, 0.004, 0.0, 0.0)),
}
ROAD, PAVEMENT, SKY = 3, 4, 0


def projected(camera: Camera, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the (n, 2) pixels of (n, 3) points in the optical frame, by OpenCV alone."""
    project = cv2.fisheye.projectPoints if camera.model == "equidistant" else cv2.projectPoints
    found, _ = project(
        points[:, None], np.zeros(3), np.zeros(3), camera.matrix, np.array(camera.distortion)
    )
    return np.asarray(found[:, 0], np.float64)


@pytest.fixture(scope="module", params=LENSES)
def lens(request: pytest.FixtureRequest) -> Camera:
    model, distortion = LENSES[request.param]
    return replace(PINHOLE, model=model, distortion=distortion)


@pytest.fixture(scope="module")
def frame(lens: Camera) -> SceneFrame:
    return Drive(5, lens, fps=1.0).frame(2)


def test_the_ray_of_a_pixel_is_projected_back_onto_it(lens: Camera) -> None:
    rays = lens.rays()
    assert rays is not None
    points = np.stack([*rays, np.ones(rays.shape[1:])], axis=-1).reshape(-1, 3)
    columns, rows = np.meshgrid(np.arange(200), np.arange(150))
    expected = np.stack([columns, rows], axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(projected(lens, points), expected, atol=1e-4)


def test_points_of_the_ground_are_on_the_pixels_that_show_them(
    lens: Camera, frame: SceneFrame
) -> None:
    drive, pose = Drive(5, lens, fps=1.0), frame.camera_to_world
    rng = np.random.default_rng(0)
    world = rng.uniform((1.0, -6.0, 0.0), (14.0, 6.0, 0.0), (4000, 3)) + pose[:3, 3] * (1, 1, 0)
    points = (world - pose[:3, 3]) @ pose[:3, :3]
    pixels = np.round(projected(lens, points)).astype(int)
    inside = ((pixels >= 0) & (pixels < (200, 150))).all(axis=1)
    assert inside.sum() > 300
    column, row = pixels[inside].T
    label, depth, z = frame.labels[row, column], frame.depth[row, column], points[inside, 2]
    ground = np.isin(label, (ROAD, PAVEMENT))
    assert ground.mean() > 0.7  # the rest is behind something
    assert (depth[~ground] < z[~ground] + 0.3).all()
    # Half a pixel up or down is this much nearer or farther.
    tolerance = 0.75 * z**2 / (lens.fy * pose[2, 3]) * (1 + (points[inside, 0] / z) ** 2) + 0.02
    assert (np.abs(depth - z)[ground] < tolerance[ground]).all()
    road = drive.is_drivable(world[inside, 0], world[inside, 1])
    assert ((label == ROAD) == road)[ground].mean() > 0.98


def test_things_look_as_through_a_pinhole(lens: Camera, frame: SceneFrame) -> None:
    straight = Drive(5, PINHOLE, fps=1.0).frame(2)
    np.testing.assert_array_equal(straight.camera_to_world, frame.camera_to_world)
    row, column = np.indices((150, 200)).reshape(2, -1)
    rays = np.stack(
        [
            (column - PINHOLE.cx) / PINHOLE.fx,
            (row - PINHOLE.cy) / PINHOLE.fy,
            np.ones(row.size),
        ],
        axis=-1,
    )
    found = np.round(projected(lens, rays)).astype(int)
    inside = ((found >= 0) & (found < (200, 150))).all(axis=1)
    u, v = found[inside].T
    row, column = row[inside], column[inside]
    same = frame.labels[v, u] == straight.labels[row, column]
    assert same.mean() > 0.93  # edges are half a pixel off
    near = same & (straight.depth[row, column] < 60)
    ratio = frame.depth[v, u][near] / straight.depth[row, column][near]
    assert np.median(np.abs(ratio - 1)) < 0.01


def test_a_roll_leans_the_camera_to_the_right() -> None:
    level = Drive(5, PINHOLE).frame(0).camera_to_world[:3, :3]
    leaning = Drive(5, replace(PINHOLE, roll=0.1)).frame(0).camera_to_world[:3, :3]
    np.testing.assert_allclose(leaning[:, 2], level[:, 2])
    turn = level.T @ leaning
    assert np.arctan2(turn[1, 0], turn[0, 0]) == pytest.approx(0.1)


def test_cameras_are_drawn_as_robots_carry_them() -> None:
    cameras = [draw_camera(seed) for seed in range(300)]
    heights = [camera.mount_height for camera in cameras]
    assert 0.2 <= min(heights) < 0.25
    assert 1.6 < max(heights) <= 1.8
    pitches = [camera.pitch for camera in cameras]
    assert -0.1 <= min(pitches) < -0.05
    assert 0.35 < max(pitches) <= 0.5
    assert {camera.model for camera in cameras if camera.distortion} == {
        "plumb_bob", "rational_polynomial", "equidistant",
    }  # fmt: skip
    assert len({(camera.width, camera.height) for camera in cameras}) > 3
    assert draw_camera(17) == draw_camera(17)


def test_drawn_cameras_see_50_to_120_degrees() -> None:
    for seed in range(24):
        camera = draw_camera(seed)
        across = camera.rays()
        if across is None:
            ends = (np.array([0, camera.width - 1]) - camera.cx) / camera.fx
        else:
            ends = across[0, camera.height // 2, [0, -1]]
        view = np.degrees(np.ptp(np.arctan(ends)))
        assert 46 < view < 124


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"roll": 1.5}, "roll 1.5 rad; use a value between -1 and 1"),
        ({"model": "pinhole", "distortion": (0.1,)}, "'pinhole' with 1 coefficients; use one of"),
        ({"distortion": (0.1, 0.2)}, "'plumb_bob' with 2 coefficients"),
        ({"model": "equidistant"}, "'equidistant' with 0 coefficients"),
    ],
)
def test_impossible_cameras_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Camera(**change)  # type: ignore[arg-type]


def test_a_lens_that_folds_the_image_is_refused() -> None:
    folded = replace(PINHOLE, distortion=(-0.9, 0.0, 0.0, 0.0, 0.0))
    with pytest.raises(SettingsError, match="reaches no ray for some pixels"):
        folded.rays()
