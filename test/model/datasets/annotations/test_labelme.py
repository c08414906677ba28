import base64
import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.datasets.annotations.labelme import paint


def shape(label, points, kind="polygon", **more):
    return {"label": label, "points": points, "shape_type": kind, **more}


def file(*shapes, **more):
    values = {"version": "5.5.0", "imageHeight": 40, "imageWidth": 60, "shapes": list(shapes)}
    return json.dumps({**values, **more}).encode()


def areas(mask):
    counts = np.bincount(mask.indices.ravel(), minlength=256)
    return {name: counts[index] for index, name in enumerate(mask.names)}


def test_outlines_belong_to_their_shapes():
    # Corners at the centers of pixels 10 and 19: ten pixels a side.
    square = [[10, 20], [19, 20], [19, 29], [10, 29]]
    mask = paint(file(shape("road", square), shape("tree", [[50, 5], [30, 0]], "rectangle")))
    assert mask.indices.shape == (40, 60)
    assert areas(mask) == {"road": 100, "tree": 21 * 6}
    assert (mask.indices[20:30, 10:20] == 0).all()
    assert (mask.indices[0:6, 30:51] == 1).all()
    assert (mask.indices == 255).sum() == 40 * 60 - 100 - 126


def test_a_circle_is_given_by_its_center_and_rim():
    mask = paint(file(shape("ball", [[30, 20], [30, 35]], "circle")))
    y, x = np.nonzero(mask.indices == 0)
    assert (x.min(), x.max(), y.min(), y.max()) == (15, 45, 5, 35)
    assert areas(mask)["ball"] == pytest.approx(np.pi * 15.5**2, rel=0.02)


def test_later_shapes_lie_on_top_and_groups_share_a_class():
    whole, left = [[0, 0], [59, 39]], [[0, 0], [9, 39]]
    mask = paint(
        file(
            shape("sky", whole, "rectangle"),
            shape("tree", left, "rectangle", group_id=1),
            shape("tree", [[50, 0], [59, 39]], "rectangle", group_id=2),
        )
    )
    assert areas(mask) == {"sky": 40 * 40, "tree": 2 * 10 * 40}
    beneath = paint(file(shape("tree", left, "rectangle"), shape("sky", whole, "rectangle")))
    assert areas(beneath) == {"tree": 0, "sky": 40 * 60}


def packed(mask):
    data = io.BytesIO()
    Image.fromarray(mask).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


@pytest.mark.parametrize("kind", [bool, np.uint8])
def test_the_masks_of_its_ai_fill_their_boxes(kind):
    truth = np.random.default_rng(0).integers(0, 2, (11, 21)).astype(kind)
    ground = shape("ground", [[0, 15], [59, 39]], "rectangle")
    mask = paint(
        file(ground, shape("thing", [[5.0, 8.0], [25.0, 18.0]], "mask", mask=packed(truth)))
    )
    wanted = np.full((40, 60), 255)
    wanted[15:] = 0
    wanted[8:19, 5:26][truth > 0] = 1
    np.testing.assert_array_equal(mask.indices, wanted)


def test_an_oriented_rectangle_is_the_polygon_of_its_corners():
    corners = [[10, 5], [20, 10], [17, 16], [7, 11]]
    mask = paint(file(shape("thing", corners, "oriented_rectangle")))
    np.testing.assert_array_equal(mask.indices, paint(file(shape("thing", corners))).indices)
    inside = cv2.fillPoly(np.zeros((40, 60), np.uint8), [np.array(corners)], 1)
    inner = cv2.erode(inside, np.ones((3, 3)))
    outer = cv2.dilate(inside, np.ones((3, 3)))
    assert (mask.indices[inner == 1] == 0).all()
    assert (mask.indices[outer == 0] == 255).all()


@pytest.mark.parametrize(
    ("points", "mask", "message"),
    [
        ([[5, 8], [24, 18]], packed(np.ones((11, 21), bool)), "21x11 pixels for a box of 20x11"),
        ([[50, 8], [70, 18]], packed(np.ones((11, 21), bool)), r"at \(50, 8\) that leaves"),
        ([[-1, 8], [19, 18]], packed(np.ones((11, 21), bool)), r"at \(-1, 8\) that leaves"),
        ([[5, 8], [25, 18]], "%%%", "no PNG as text"),
        ([[5, 8], [25, 18]], "AAAA", "does not open as a PNG"),
        ([[5, 8], [25, 18]], 3, "no PNG as text"),
        ([[5, 8]], packed(np.ones((1, 1), bool)), "a mask 'a' of 1 points"),
        ([[5, 8]] * 3, packed(np.ones((1, 1), bool)), "a mask 'a' of 3 points"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(points, mask, message):
    with pytest.raises((DatasetError, ImageError), match=message):
        paint(file(shape("a", points, "mask", mask=mask)))


def test_shapes_reach_beyond_the_image():
    mask = paint(file(shape("road", [[-100, 30], [200, 30], [200, 90], [-100, 90]])))
    assert areas(mask) == {"road": 60 * 10}


def test_what_has_no_area_is_left_out_and_counted():
    mask = paint(
        file(
            shape("lane", [[0, 0], [9, 9]], "line"),
            shape("lane", [[0, 0], [9, 9], [5, 3]], "linestrip"),
            shape("lane", [[0, 0]], "point"),
        )
    )
    assert mask.names == ()
    assert (mask.indices == 255).all()
    assert list(mask.notes.values()) == [3]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "not whole JSON"),
        (b"\xff\xfe", "not whole JSON"),
        (b"[" * 100_000, "not whole JSON"),
        (b"[]", "no shapes as labelme's"),
        (b'{"images": [], "annotations": []}', "no shapes as labelme's.*another tool"),
        (file(imageWidth=None), "no imageHeight and imageWidth"),
        (file(imageWidth="60"), "no imageHeight and imageWidth"),
        (file({"points": []}), "damaged shape"),
        (file("text"), "damaged shape"),
        (file(shape("a", [[1, 2, 3]])), "damaged shape"),
        (file(shape("a", [["x", 2]])), "damaged shape"),
        (file(shape("a", None)), "damaged shape"),
        (file(shape(["a"], [[1, 2]] * 3)), "no text"),
        (file(shape("a", [[1, 2], [3, 4]])), "a polygon 'a' of 2 points"),
        (file(shape("a", [[1, 2]], "circle")), "a circle 'a' of 1 points"),
        (
            file(shape("a", [[1, 2]] * 3, "cube")),
            "a shape 'cube'; draw polygon, .*rectangle, circle",
        ),
        (file(shape("a", [[float("nan"), 2]] * 3)), "far outside"),
        (file(shape("a", [[1e30, 2]] * 3)), "far outside"),
    ],
)
def test_what_is_no_labelme_file_is_refused(data, message):
    with pytest.raises(DatasetError, match=message):
        paint(data)


def test_an_absurd_size_is_refused():
    with pytest.raises(ImageError, match="60x1000000"):
        paint(file(imageHeight=1_000_000))
