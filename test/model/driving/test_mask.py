import numpy as np

from segnet_model.driving.mask import drivable_mask
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")
BUILDING, ROAD = 1, 3


def street():
    """Road in the lower half of 20 x 30 pixels, and an island of it in the upper left."""
    labels = np.full((20, 30), BUILDING, np.uint8)
    labels[10:] = ROAD
    labels[2:5, 2:5] = ROAD
    return labels, np.zeros((20, 30), np.float32)


def expected(rows=slice(10, None)):
    mask = np.zeros((20, 30), np.uint8)
    mask[rows] = 255
    return mask


def test_road_that_is_not_connected_is_not_drivable():
    np.testing.assert_array_equal(drivable_mask(*street(), CAMVID, 0.5), expected())


def test_uncertain_road_is_not_drivable_and_cuts_off_what_lies_behind():
    labels, uncertainty = street()
    uncertainty[15] = 0.51
    mask = drivable_mask(labels, uncertainty, CAMVID, 0.5)
    np.testing.assert_array_equal(mask, expected(slice(16, None)))
    np.testing.assert_array_equal(drivable_mask(labels, uncertainty, CAMVID, 0.51), expected())


def test_touching_at_a_corner_is_not_connected():
    labels, uncertainty = street()
    labels[10:15] = BUILDING
    labels[14, 3] = labels[13, 2] = ROAD
    assert drivable_mask(labels, uncertainty, CAMVID, 0.5)[13, 2] == 0


def test_no_road_gives_no_drivable_pixel():
    labels, uncertainty = street()
    assert not drivable_mask(labels, uncertainty, CAMVID.with_drivable(("Car",)), 0.5).any()


def test_a_bonnet_in_the_last_rows_does_not_hide_the_road():
    labels, uncertainty = street()
    labels[19:] = 8
    np.testing.assert_array_equal(
        drivable_mask(labels, uncertainty, CAMVID, 0.5), expected(slice(10, 19))
    )


def area(pixels):
    """The share of 20 x 30 pixels."""
    return pixels / 600


def test_a_small_hole_of_what_is_unsure_is_filled_and_a_large_one_is_not():
    labels, uncertainty = street()
    labels[15:17, 10:13] = BUILDING
    uncertainty[15:17, 10:13] = 0.9
    mask = drivable_mask(labels, uncertainty, CAMVID, 0.5, min_area=area(7))
    np.testing.assert_array_equal(mask, expected())
    mask = drivable_mask(labels, uncertainty, CAMVID, 0.5, min_area=area(6))
    assert np.count_nonzero(mask) == 300 - 6


def test_a_small_thing_that_the_network_is_sure_of_stays_in_the_way():
    labels, uncertainty = street()
    labels[15:17, 10:13] = BUILDING
    uncertainty[15, 10:13] = 0.9  # half of it
    for pixels in (90, 100, 299):
        mask = drivable_mask(labels, uncertainty, CAMVID, 0.5, min_area=area(pixels))
        assert not mask[15:17, 10:13].any()
    uncertainty[15:17, 10:13] = 0.9
    uncertainty[16, 12] = 0.5  # one pixel of it is known
    mask = drivable_mask(labels, uncertainty, CAMVID, 0.5, min_area=area(90))
    assert not mask[15:17, 10:13].any()


def test_a_person_in_the_road_is_not_filled_at_the_largest_min_area():
    labels = np.full((480, 640), ROAD, np.uint8)
    labels[300:355, 300:325] = 9  # 1,375 pixels
    mask = drivable_mask(labels, np.zeros(labels.shape, np.float32), CAMVID, 0.5, min_area=0.1)
    np.testing.assert_array_equal(mask, np.where(labels == ROAD, 255, 0))


def test_specks_before_the_robot_vanish():
    labels, uncertainty = street()
    labels[10:] = BUILDING
    labels[18:, 10:12] = ROAD
    assert np.count_nonzero(drivable_mask(labels, uncertainty, CAMVID, 0.5)) == 4
    assert not drivable_mask(labels, uncertainty, CAMVID, 0.5, min_area=area(5)).any()


def test_the_margin_keeps_away_from_things_and_not_from_the_image_edge():
    mask = drivable_mask(*street(), CAMVID, 0.5, margin=3)
    np.testing.assert_array_equal(mask, expected(slice(13, None)))


def test_what_a_margin_cuts_off_is_not_drivable():
    labels, uncertainty = street()
    labels[14:16] = BUILDING
    labels[14:16, 13:17] = ROAD  # a gate of four pixels
    assert drivable_mask(labels, uncertainty, CAMVID, 0.5, margin=1)[11].any()
    assert not drivable_mask(labels, uncertainty, CAMVID, 0.5, margin=2)[11].any()
