"""Streets with surfaces: another look, the same truth."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from segnet_model.scenes import Camera, Drive, Surfaces
from segnet_model.scenes.classes import GROUND
from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.ground.paved import draw_ground
from segnet_model.scenes.materials.coverings import PLAIN, Covering, Coverings, draw_coverings

SMALL = Camera(width=240, height=180, fx=180.0, fy=180.0, cx=119.5, cy=89.5)
ROAD = 3


@pytest.fixture(scope="module")
def drives() -> tuple[Drive, Drive, Drive]:
    """Return a drive with surfaces, the same again, and the same without surfaces."""
    surfaces = Surfaces.procedural(1)
    return (
        Drive(12, SMALL, surfaces=surfaces),
        Drive(12, SMALL, surfaces=surfaces),
        Drive(12, SMALL),
    )


def test_surfaces_change_the_image_and_not_the_ground(drives: tuple[Drive, Drive, Drive]) -> None:
    covered, again, plain = (drive.frame(5) for drive in drives)
    np.testing.assert_array_equal(covered.image, again.image)
    assert (covered.image != plain.image).mean() > 0.3
    np.testing.assert_array_equal(covered.camera_to_world, plain.camera_to_world)
    ground = np.isin(covered.labels, GROUND) & np.isin(plain.labels, GROUND)
    assert ground.mean() > 0.25
    for name in ("labels", "depth"):
        np.testing.assert_array_equal(getattr(covered, name)[ground], getattr(plain, name)[ground])


def test_surfaces_leave_the_truth_where_nothing_is_built() -> None:
    """A park has no houses that could be richer."""
    drives = (
        Drive(12, SMALL, world="park", surfaces=Surfaces.procedural(1)),
        Drive(12, SMALL, world="park"),
    )
    covered, plain = (drive.frame(5) for drive in drives)
    assert (covered.image != plain.image).mean() > 0.3
    for name in ("labels", "depth", "camera_to_world"):
        np.testing.assert_array_equal(getattr(covered, name), getattr(plain, name))


def test_frames_come_in_any_order(drives: tuple[Drive, Drive, Drive]) -> None:
    covered, again, _ = drives
    later = covered.frame(60)
    again.frame(30)
    np.testing.assert_array_equal(again.frame(60).image, later.image)


def test_most_things_are_covered_in_most_drives() -> None:
    surfaces = Surfaces.procedural(1)
    found = [len(draw_coverings(seed, surfaces).things) for seed in range(12)]
    assert 2 < np.mean(found) < 5  # of six kinds, each with a chance of 0.6
    assert draw_coverings(0, None) is PLAIN


def test_some_pavements_look_like_roads() -> None:
    """Of asphalt, behind a dark curb; on plain drives, each has slabs and a bright curb."""
    plain, varied = ([draw_ground(s, each) for s in range(40)] for each in (PLAIN, Coverings(0)))
    assert all(ground.slabs.any() and np.mean(ground.curb) > 165 for ground in plain)
    assert min(np.mean(ground.curb) for ground in varied) < 120
    assert max(np.mean(ground.curb) for ground in varied) > 180
    of_asphalt = [ground for ground in varied if not ground.slabs.any()]
    assert 8 <= len(of_asphalt) <= 24  # each with a chance of 0.4
    assert all(0.8 <= ground.paving[0] / ground.asphalt[0] <= 1.7 for ground in of_asphalt)


def test_the_ground_does_not_swim_between_frames(tmp_path: Path) -> None:
    """A point of the road keeps its color while the camera passes."""
    strong = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "strong.png"), strong)
    surfaces = Surfaces({"Asphalt": [tmp_path / "strong.png"] * 999})
    seed = next(seed for seed in range(9) if draw_coverings(seed, surfaces).ground("Road"))
    drive = Drive(seed, SMALL, fps=40.0, surfaces=surfaces)  # 0.2 m a frame
    first, second = drive.frames(2)
    v, u = np.nonzero((first.labels == ROAD) & (first.depth < 6))
    z = first.depth[v, u]
    rays = np.stack([(u - SMALL.cx) / SMALL.fx, (v - SMALL.cy) / SMALL.fy, np.ones(u.size)])
    points = first.camera_to_world[:3, :3] @ (rays * z) + first.camera_to_world[:3, 3:]
    moved = second.camera_to_world[:3, :3].T @ (points - second.camera_to_world[:3, 3:])
    column = np.rint(moved[0] / moved[2] * SMALL.fx + SMALL.cx).astype(int)
    row = np.rint(moved[1] / moved[2] * SMALL.fy + SMALL.cy).astype(int)
    inside = (column >= 0) & (column < 240) & (row >= 0) & (row < 180)
    before, after = (grain(frame.image) for frame in (first, second))
    here, there = before[v[inside], u[inside]], after[row[inside], column[inside]]
    still = after[v[inside], u[inside]]
    assert np.corrcoef(here, there)[0, 1] > 0.5
    assert abs(np.corrcoef(here, still)[0, 1]) < 0.4


def grain(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the brightness without what is smooth: shadows and the insides of markings."""
    gray = image.astype(float).mean(axis=2)
    return np.asarray(gray - cv2.GaussianBlur(gray, (0, 0), 3.0))


@pytest.mark.parametrize("keep", [0.0, 1.0])
def test_a_covering_keeps_as_much_as_it_says_of_the_colors_below(keep: float) -> None:
    surface = Surfaces.procedural(0).pick(np.random.default_rng(0), ["Bricks"])
    sheet = Sketch(8.0, 8.0, 1, 20.0)
    sheet.rgb[:] = (40, 90, 160)
    Covering(surface, keep).lay(sheet.rgb, sheet.scale)
    expected = np.array([40, 90, 160]) if keep else surface.mean
    np.testing.assert_allclose(sheet.rgb.mean(axis=(0, 1)), expected, rtol=0.1)
    assert sheet.rgb.std(axis=(0, 1)).min() > 2
    assert (sheet.labels == 255).all()
