import cv2
import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.driving import Lens

K = (400.0, 0, 319.5, 0, 410.0, 239.5, 0, 0, 1)
MATRIX = np.reshape(K, (3, 3))
BARREL = (-0.32, 0.11, 0.001, -0.002, -0.015)
RATIONAL = (0.5, 0.1, 0.0005, -0.0003, 0.01, 0.9, 0.25, 0.03)
FISHEYE = (-0.02, 0.004, -0.003, 0.0004)


def lens(model="", distortion=(), k=K, size=(640, 480)):
    return Lens.from_camera_info(*size, k, model, distortion)


def image_points():
    columns, rows = np.meshgrid(np.linspace(0, 639, 23), np.linspace(0, 479, 17))
    return np.column_stack([columns.ravel(), rows.ravel()])


def test_a_pinhole_by_hand():
    points = np.array([(0.0, 0, 5), (1, 0.5, 2), (1, 0.5, -2)])
    expected = [(319.5, 239.5), (519.5, 342), (np.nan, np.nan)]
    np.testing.assert_allclose(lens().project(points), expected)


@pytest.mark.parametrize(
    ("model", "distortion"), [("plumb_bob", BARREL), ("rational_polynomial", RATIONAL)]
)
def test_every_pixel_is_where_undistorting_says(model, distortion):
    """OpenCV goes from pixel to ray by iterating, the other way than `project`."""
    pixels = image_points()
    ends = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-12)
    undistort = getattr(cv2, "undistortPointsIter", cv2.undistortPoints)  # OpenCV 4 and 5
    rays = undistort(pixels[:, None], MATRIX, np.array(distortion), R=None, P=None, criteria=ends)
    rays = rays[:, 0]
    found = lens(model, distortion).project(np.column_stack([rays, np.ones(len(rays))]) * 3)
    np.testing.assert_allclose(found, pixels, atol=1e-4)


def test_every_pixel_of_a_fisheye_is_where_undistorting_says():
    pixels = image_points()
    rays = cv2.fisheye.undistortPoints(pixels[:, None], MATRIX, np.array(FISHEYE))[:, 0]
    found = lens("equidistant", FISHEYE).project(np.column_stack([rays, np.ones(len(rays))]))
    np.testing.assert_allclose(found, pixels, atol=1e-3)


def test_equidistant_without_coefficients_goes_with_the_angle():
    angle = np.radians(80)
    point = np.array([(np.sin(angle), 0, np.cos(angle))])
    found = lens("equidistant", (0, 0, 0, 0)).project(point)
    np.testing.assert_allclose(found, [(319.5 + 400 * angle, 239.5)])


@pytest.mark.parametrize(
    ("k", "model", "distortion", "reason"),
    [
        ((1, 0, 0, 0, 1, 0, 0, 0, 1), "", (), r"see 179\.6 degrees, which is not 20 to 175"),
        ((4.2, 0, 319.5, 0, 4.2, 239.5, 0, 0, 1), "", (), "is not 20 to 175"),  # millimeters
        ((4e3, 0, 319.5, 0, 4e3, 239.5, 0, 0, 1), "", (), "is not 20 to 175"),  # ten times too long
        ((4e5, 0, 319.5, 0, 4e5, 239.5, 0, 0, 1), "", (), "is not 20 to 175"),  # micrometers
        ((1, 0, 0, 0, 1, 0, 0, 0, 1), "equidistant", FISHEYE, "is not 20 to 360"),
        ((400, 0, 1908, 0, 400, 697.4, 0, 0, 1), "", (), "is outside the image of 640x480"),
        ((400, 0, 319.5, 0, 400, -1, 0, 0, 1), "", (), "is outside the image of 640x480"),
    ],
)
def test_the_calibration_of_no_such_camera_is_refused(k, model, distortion, reason):
    with pytest.raises(SettingsError, match=reason):
        lens(model, distortion, k)


def test_a_part_without_the_optical_center_has_a_lens():
    assert lens().cropped(0, 300, 640, 180).center == (319.5, -60.5)
    assert lens("equidistant", FISHEYE, (170.0, 0, 319.5, 0, 170.0, 239.5, 0, 0, 1)).width == 640


def test_what_a_polynomial_folds_back_into_the_image_is_not_seen():
    """r (1 - 0.3 r^2) turns at r = 1.054, at 46.5 degrees; at r = 1.7 it is 0.226 again."""
    radii = np.array([0.5, 1.04, 1.07, 1.7])
    points = np.column_stack([radii, 0 * radii, np.ones(4)])
    still = np.zeros(3)
    folded, _ = cv2.projectPoints(points, still, still, MATRIX, np.array([-0.3, 0, 0, 0]))
    assert 0 < folded[3, 0, 0] < 640  # so OpenCV alone would show it
    folded_lens = Lens(640, 480, (400, 410), (319.5, 239.5), "plumb_bob", (-0.3, 0, 0, 0))
    found = folded_lens.project(points)
    np.testing.assert_array_equal(np.isnan(found[:, 0]), [False, False, True, True])


@pytest.mark.parametrize(
    ("model", "distortion", "reason"),
    [
        ("plumb_bob", (-0.3, 0, 0, 0), "turns back 46 degrees from the optical axis, inside the"),
        ("plumb_bob", (-10, 0, 0, 0), "turns back 10 degrees"),
        ("plumb_bob", (0, 0, 5, 0), "turns back 2 degrees"),
        ("plumb_bob", (1e300, 0, 0, 0), "outward"),
        (
            "rational_polynomial",
            (0, 0, 0, 0, 0, -5, 0, 0),
            "moves the image's edge outward 2.4 times",
        ),
        ("equidistant", (-1, 0, 0, 0), "turns back 33 degrees"),
        ("plumb_bob", (10, 0, 0, 0), "moves the image's edge outward 2.3 times, as no lens does"),
        ("plumb_bob", (1.5, 0, 0, 0), "outward 1.5 times"),
        ("equidistant", (10, 0, 0, 0), "outward"),
    ],
)
def test_a_distortion_of_no_lens_is_refused(model, distortion, reason):
    with pytest.raises(SettingsError, match=reason):
        lens(model, distortion)


def test_a_polynomial_of_more_than_150_degrees_is_refused():
    wide = (80.0, 0, 319.5, 0, 80.0, 239.5, 0, 0, 1)  # a pinhole of 152 degrees
    small = (1e-9, 0, 0, 0, 0, 0, 0, 0)
    with pytest.raises(SettingsError, match="more than 150 degrees, for which no polynomial holds"):
        lens("rational_polynomial", small, wide)


def test_stereographic_and_orthographic_fisheyes_are_lenses():
    """2 tan(a / 2) = a (1 + a^2 / 12 + a^4 / 120 ...), and sin a = a (1 - a^2 / 6 ...)."""
    k = (203.0, 0, 319.5, 0, 203.0, 239.5, 0, 0, 1)  # 180 degrees across where equidistant
    for coefficients in ((1 / 12, 1 / 120, 0, 0), (-1 / 6, 1 / 120, 0, 0)):
        assert lens("equidistant", coefficients, k).width == 640


@pytest.mark.parametrize(
    ("model", "distortion"),
    [
        ("", ()),
        ("plumb_bob", BARREL),
        ("rational_polynomial", RATIONAL),
        ("equidistant", FISHEYE),
    ],
)
@pytest.mark.parametrize("size", [(640, 480), (7, 5), (1, 1), (639, 3)])
def test_the_ray_of_a_pixel_is_projected_onto_it(model, distortion, size):
    view = lens(model, distortion).cropped(0, 0, *size)
    rays = view.rays(slice(0, size[1]))
    assert rays.shape == (size[1], size[0], 3)
    found = view.project(rays.reshape(-1, 3))
    expected = np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), -1).reshape(-1, 2)
    np.testing.assert_allclose(found, expected, atol=0.05)
    np.testing.assert_allclose(
        view.rays(slice(size[1] // 2, size[1])), rays[size[1] // 2 :], atol=1e-4
    )


def test_a_pixel_beyond_the_fold_has_no_ray():
    rays = Lens(640, 480, (400, 410), (319.5, 239.5), "plumb_bob", (-0.3, 0, 0, 0)).rays(slice(480))
    across, down = np.meshgrid((np.arange(640) - 319.5) / 400, (np.arange(480) - 239.5) / 410)
    radius = np.hypot(across, down)  # the fold is at 0.703
    assert np.isnan(rays[radius > 0.703]).all()
    assert not np.isnan(rays[radius < 0.66]).any()


@pytest.mark.parametrize("focal", [(400.0, 4000.0), (1000.0, 400.0)])
def test_pixels_that_are_far_from_square_are_refused(focal):
    with pytest.raises(SettingsError, match="far from square"):
        lens(k=(focal[0], 0, 319.5, 0, focal[1], 239.5, 0, 0, 1))


def test_scaling_keeps_the_edges_of_the_image():
    half = lens().scaled_to(320, 240)
    assert (half.focal, half.center) == ((200.0, 205.0), (159.5, 119.5))
    ray = np.array([(-0.79875, -0.58414634, 1.0)])  # of pixel (0, 0)
    np.testing.assert_allclose(lens().project(ray), [(0, 0)], atol=1e-6)
    np.testing.assert_allclose(half.project(ray), [(-0.25, -0.25)], atol=1e-6)


def test_binning_may_drop_an_odd_row():
    assert lens(size=(641, 481)).scaled_to(320, 240).height == 240


def test_another_shape_is_refused_with_the_mend():
    with pytest.raises(SettingsError, match="640x480 pixels, the image has 640x360.*roi"):
        lens().scaled_to(640, 360)


@pytest.mark.parametrize("size", [(2, 2), (4, 2), (16, 11), (32, 25)])
def test_a_tiny_image_of_another_shape_is_refused(size):
    with pytest.raises(SettingsError, match="another shape"):
        lens().scaled_to(*size)


def test_a_tiny_image_of_the_same_shape_has_a_lens():
    assert lens().scaled_to(4, 3).focal == (2.5, 2.5625)


def test_a_part_beyond_the_image_is_refused():
    with pytest.raises(SettingsError, match=r"640x480 pixels at \(1, 0\), reaches beyond its"):
        lens().cropped(1, 0, 640, 480)


def test_a_crop_moves_the_center():
    part = lens().cropped(100, 40, 400, 300)
    assert (part.width, part.height, part.center) == (400, 300, (219.5, 199.5))


def test_zeros_are_no_distortion():
    assert lens("plumb_bob", [0.0] * 5) == lens()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"k": [0.0] * 9}, "uncalibrated"),
        ({"k": (-1.0, *K[1:])}, "not above 0"),
        ({"k": (np.nan, *K[1:])}, "not finite"),
        ({"k": (np.inf, *K[1:])}, "not finite"),
        ({"k": K[:8]}, "8 numbers"),
        ({"k": (400.0, 3.0, *K[2:])}, "by rows; skewed pixels are .*: use the rectified image"),
        ({"size": (0, 480)}, "0x480"),
        ({"size": (640, 1 << 20)}, "1 to 16384"),
        ({"model": "plumb_bob", "distortion": [0.1] * 3}, "3 coefficients instead of 0 or 4 or 5"),
        ({"model": "equidistant", "distortion": [0.1] * 5}, "5 coefficients instead of 4"),
        ({"model": "plumb_bob", "distortion": [np.nan] * 5}, "not finite"),
        ({"model": "double_sphere", "distortion": [0.1]}, "rectified"),
        ({"distortion": [0.1] * 5}, "'' has 5 coefficients"),
    ],
)
def test_bad_camera_info_is_refused(wrong, message):
    with pytest.raises(SettingsError, match=message):
        lens(**wrong)
