import cv2
import numpy as np
import pytest

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.datasets.annotations import shapes
from segnet_model.datasets.annotations.shapes import (
    Patch,
    Shape,
    box,
    ellipse,
    outline,
    paint,
    points,
    turned,
)

SIZE = 60, 80


def whole(patch, size=SIZE):
    mask = np.zeros(size, bool)
    rows, columns = patch.mask.shape
    mask[patch.top : patch.top + rows, patch.left : patch.left + columns] = patch.mask
    return mask


def centers_inside(ring):
    """Each pixel's center, asked for by itself."""
    ring = np.asarray(ring, np.float32)
    found = np.zeros(SIZE, bool)
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            found[row, column] = cv2.pointPolygonTest(ring, (column + 0.5, row + 0.5), False) > 0
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_pixels_of_an_outline_are_those_whose_centers_lie_inside(seed):
    draws = np.random.default_rng(seed)
    angles = np.sort(draws.uniform(0, 2 * np.pi, 9))
    radii = draws.uniform(5, 35, 9)  # beyond the image, too
    center = draws.uniform((20, 10), (60, 50))
    ring = center + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    np.testing.assert_array_equal(whole(outline([ring], SIZE)), centers_inside(ring))


@pytest.mark.parametrize("seed", range(4))
def test_cocos_own_tools_differ_only_along_the_border(seed):
    coco = pytest.importorskip("pycocotools.mask")
    draws = np.random.default_rng(seed)
    angles = np.sort(draws.uniform(0, 2 * np.pi, 12))
    ring = (40, 30) + draws.uniform(8, 28, (12, 1)) * np.stack([np.cos(angles), np.sin(angles)], 1)
    theirs = coco.decode(coco.frPyObjects([ring.ravel().tolist()], *SIZE))[..., 0]
    ours = whole(outline([ring], SIZE)).astype(np.uint8)
    border = cv2.dilate(ours, np.ones((3, 3))) - cv2.erode(ours, np.ones((3, 3)))
    assert not (theirs != ours)[border == 0].any()
    assert (theirs != ours).mean() < 0.01


def test_shapes_that_share_a_border_share_no_pixel_and_leave_none():
    draws = np.random.default_rng(1)
    border = np.stack([draws.uniform(20, 60, 30), np.linspace(0, 60, 30)], 1)
    left = outline([np.concatenate([border, [[0, 60], [0, 0]]])], SIZE)
    right = outline([np.concatenate([border, [[80, 60], [80, 0]]])], SIZE)
    assert (whole(left) ^ whole(right)).all()


def test_a_ring_in_a_ring_is_a_hole():
    ring, hole = box(10, 10, 50, 40), box(20, 15, 30, 25)
    mask = whole(outline([ring, hole], SIZE))
    wanted = np.zeros(SIZE, bool)
    wanted[10:40, 10:50] = True
    wanted[15:25, 20:30] = False
    np.testing.assert_array_equal(mask, wanted)


def test_turned_shapes_turn_clockwise_on_the_screen():
    # A point to the right goes down, as y does.
    np.testing.assert_allclose(turned(points([[9, 4]]), np.array([4, 4]), 90), [[4, 9]], atol=1e-9)
    flat = whole(outline([ellipse(40, 30, 20, 5)], SIZE))
    upright = whole(outline([ellipse(40, 30, 20, 5, degrees=90)], SIZE))
    assert np.ptp(np.nonzero(flat)[1]) == np.ptp(np.nonzero(upright)[0]) == 39
    assert flat.sum() == pytest.approx(np.pi * 100, rel=0.03)


def test_an_outline_outside_of_the_image_has_no_pixels():
    assert not whole(outline([box(81, 61, 100, 80)], SIZE)).any()
    assert not whole(outline([box(-30, 5, -10, 20)], SIZE)).any()
    assert outline([box(-3, 5, 10, 20)], SIZE).cut
    assert not outline([box(-1, 5, 10, 20)], SIZE).cut
    assert outline([points([[1, 1], [5, 5]])], SIZE) is None


@pytest.mark.parametrize(
    "values",
    [[[1, 2], [3]], [["x", 2]], [1, 2, 3], {"a": 1}, [[float("nan"), 1]], [[1e300, 1]],
     [[10**400, 1]], [[1, 2, 3]], [[None, 1]], "abc"],
)  # fmt: skip
def test_points_that_are_none_are_refused(values):
    with pytest.raises(DatasetError, match="no pairs of numbers|far outside any image"):
        points(values)


def test_what_costs_too_much_is_refused(monkeypatch):
    ring = points([[1, 0], [2, 60]] * 50)
    monkeypatch.setattr(shapes, "MAX_CROSSINGS", 1000)
    with pytest.raises(DatasetError, match="cross 6000 rows"):
        outline([ring], SIZE)
    monkeypatch.setattr(shapes, "MAX_PAINTED", 10_000)
    shape = Shape("a", Patch(np.ones(SIZE, bool), 0, 0))
    paint([shape] * 2, SIZE)
    with pytest.raises(DatasetError, match="more than 10000 pixels"):
        paint([shape] * 3, SIZE)
    with pytest.raises(ImageError, match="100000x1"):
        paint([], (1, 100_000))


@pytest.mark.parametrize("label", ["", None, 3.5, " ", "a\x1b[2J", "x" * 101])
def test_a_label_that_is_no_name_is_refused(label):
    with pytest.raises(DatasetError, match="label is no text|a label of 101 letters"):
        paint([Shape(label, Patch(np.ones((1, 1), bool), 0, 0))], SIZE)
