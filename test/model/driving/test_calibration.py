"""A calibration at another size, against what a camera of that size would see."""

from contextlib import suppress

import numpy as np
import pytest

from segnet_model.bags.messages import CAMERA_INFO, camera_info_message, make_header, standard_types
from segnet_model.base.errors import SettingsError
from segnet_model.driving.calibration import (
    InfoCheck,
    UnsettledError,
    check_frame,
    read_lens,
    scaled_info,
)

POINT = np.array([0.3, -0.2, 2.0])  # meters, in the optical frame


def info(**fields):
    found = camera_info_message(make_header(5, "camera"), (640, 480), (500, 510), (319.5, 239.5))
    found.d = np.array([0.1, 0.2, 0, 0, 0])
    found.p = np.array([490.0, 0, 310, 12, 0, 495, 230, 0, 0, 0, 1, 0])
    for name, value in fields.items():
        setattr(found, name, value)
    return found


def region(x=0, y=0, width=0, height=0, rectify=False):
    kind = standard_types().types["sensor_msgs/msg/RegionOfInterest"]
    return kind(x_offset=x, y_offset=y, width=width, height=height, do_rectify=rectify)


PART = region(64, 48, 320, 240, rectify=True)


def written(message):
    """The bytes of a message, which are equal where all its fields are."""
    return bytes(standard_types().serialize_cdr(message, CAMERA_INFO))


def seen(matrix, columns):
    """Pixel coordinates whose origin is the image's corner, as shares of nothing else do."""
    x, y, z = np.reshape(matrix, (3, columns))[:, :3] @ POINT
    return np.array([x / z + 0.5, y / z + 0.5])


def test_a_point_is_seen_at_the_same_share_of_the_image():
    before, after = info(), scaled_info(info(), (120, 320))
    assert (after.height, after.width, after.header) == (120, 320, before.header)
    share = np.array([640, 480]) / np.array([320, 120])
    for field, columns in (("k", 3), ("p", 4)):
        found = seen(getattr(after, field), columns) * share
        np.testing.assert_allclose(found, seen(getattr(before, field), columns))
    assert after.p[3] == 6.0  # the baseline of a stereo pair is in pixels too
    assert list(after.d) == list(before.d)  # of angles, which stay


def test_a_part_of_the_camera_and_binned_pixels_are_worked_in():
    before = info()
    before.roi, before.binning_x, before.binning_y = PART, 2, 2  # the image has 160x120 pixels
    after = scaled_info(before, (60, 40))
    assert (after.width, after.height, after.binning_x, after.binning_y) == (40, 60, 0, 0)
    assert after.roi == region(rectify=True)
    for field, columns in (("k", 3), ("p", 4)):
        there = seen(getattr(before, field), columns) - [PART.x_offset, PART.y_offset]
        found = seen(getattr(after, field), columns)
        np.testing.assert_allclose(found, there / [320 / 40, 240 / 60])


@pytest.mark.parametrize(
    ("roi", "binning", "size"),
    [
        (region(), 0, (480, 640)),
        (region(), 2, (240, 320)),
        (PART, 1, (240, 320)),
        (PART, 3, (80, 106)),
    ],
)
def test_at_the_size_of_the_image_it_is_a_copy(roi, binning, size):
    before = info(roi=roi, binning_x=binning, binning_y=binning)
    after = scaled_info(before, size)
    assert written(after) == written(before)
    after.header = make_header(7, "here")
    assert written(after) != written(before)


def test_a_camera_that_tells_no_size_is_left_alone():
    nothing = info(width=0, height=0)
    assert written(scaled_info(nothing, (10, 20))) == written(nothing)


def test_what_is_scaled_can_be_written():
    after = scaled_info(info(roi=PART), (60, 40))
    assert standard_types().deserialize_cdr(written(after), CAMERA_INFO).k.tolist() == list(after.k)


def test_the_read_lens_a_rectified_image_is_that_of_p_without_distortion():
    lens = read_lens(info(), rectified=True)
    assert (lens.focal, lens.center, lens.distortion) == ((490.0, 495.0), (310.0, 230.0), ())
    assert read_lens(info(), rectified=False).distortion[0] == 0.1


def test_the_read_lens_a_part_of_the_image():
    lens = read_lens(info(roi=PART), rectified=False)
    assert (lens.width, lens.height, lens.center) == (320, 240, (319.5 - 64, 239.5 - 48))


LEFT, RIGHT = info(), info(k=info().k + 1.0)


@pytest.mark.parametrize(
    ("messages", "failed"),
    [
        ([LEFT, RIGHT] * 2, True),
        ([LEFT, LEFT, RIGHT] * 2, True),  # one is slower
        ([RIGHT, *[LEFT] * 9] * 2, True),
        ([LEFT] * 50, False),
        ([LEFT] * 5 + [RIGHT] * 5, False),  # calibrated anew
        ([LEFT] * 5 + [RIGHT] + [LEFT] * 5, False),  # a driver that began with another file
        ([LEFT, RIGHT] * 5 + [LEFT] * 30, False),  # over
        ([*[LEFT] * 40, *[RIGHT] * 40] * 3, False),  # a lens of two focal lengths
    ],
)
def test_calibrations_of_two_cameras_on_one_topic_alternate(messages, failed):
    check = InfoCheck()
    for number, each in enumerate(messages):
        check.add(each, number / 30)
    assert check.failed == failed
    if failed:
        with pytest.raises(SettingsError, match="several cameras publish on its topic"):
            check.check(len(messages) / 30)


def used(messages, rate=30.0):
    """The calibrations that images right after them would get."""
    check, found = InfoCheck(), []
    for number, each in enumerate(messages):
        check.add(each, number / rate)
        with suppress(SettingsError):
            check.check(number / rate)
            found.append(each)
    return found


@pytest.mark.parametrize("late", [1, 10, 11, 40])
@pytest.mark.parametrize("pattern", [[RIGHT, LEFT], [RIGHT, RIGHT, LEFT], [RIGHT, LEFT, LEFT]])
def test_no_image_gets_the_calibration_of_a_camera_that_starts_late(pattern, late):
    assert all(each is LEFT for each in used([LEFT] * late + pattern * 20))


def test_a_new_calibration_of_one_camera_is_used_after_three_messages():
    assert used([LEFT] * 5 + [RIGHT] * 5) == [LEFT] * 5 + [RIGHT] * 3


def test_a_new_calibration_that_came_once_is_used_after_two_seconds():
    check = InfoCheck()
    check.add(LEFT, 0.0)
    check.check(0.0)
    check.add(RIGHT, 5.0)
    with pytest.raises(UnsettledError, match="has just changed; the new one is used after 3 equal"):
        check.check(6.9)
    check.check(7.1)


@pytest.mark.parametrize("field", ["d", "k", "p"])
def test_not_a_number_in_a_field_is_no_change(field):
    def strange():
        found = info()
        getattr(found, field)[-1] = float("nan")
        return found

    check = InfoCheck()
    for number in range(5):
        check.add(strange(), number / 30)
        check.check(number / 30)
    assert used([LEFT] * 5 + [strange()] * 2) == [LEFT] * 5


@pytest.mark.parametrize(("ours", "theirs"), [("/camera", "camera"), ("camera", "/camera")])
def test_a_slash_before_a_frame_is_none_of_another_camera(ours, theirs):
    check_frame(info(header=make_header(5, ours)), theirs)
