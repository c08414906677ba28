"""The speed limit on ground that is made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segnet_model.base.errors import SettingsError
from segnet_model.base.tables import AnswerSettings
from segnet_model.driving import GridSpec
from segnet_model.driving.speed import speed_limit

# Eight columns of half a meter forward, four such rows, of which the two in the middle are the way.
SPEC = GridSpec(resolution=0.5, x_max=4, y_min=-1, y_max=1)
SETTINGS = AnswerSettings(robot_width=1.0, stopping_distance=4.0, lowest_speed=10.0)
FREE, OCCUPIED, UNKNOWN = 0, 100, -1


def limit(cells, in_view=None, settings=SETTINGS):
    seen = np.ones((4, 8), bool) if in_view is None else in_view
    return speed_limit(cells, seen, SPEC, settings)


def ground(*changes):
    cells = np.zeros((4, 8), np.int8)
    for row, column, value in changes:
        cells[row, column] = value
    return cells


def test_free_ground_has_no_limit():
    assert limit(ground()) == 100


def test_the_robot_can_stop_before_what_is_not_free():
    # Its front cell free of four meters begins at 1, 2 and 3 m: the square roots of the shares.
    assert limit(ground((1, 2, OCCUPIED))) == pytest.approx(50)
    assert limit(ground((2, 4, UNKNOWN))) == pytest.approx(100 * np.sqrt(1 / 2))
    assert limit(ground((1, 6, OCCUPIED), (1, 7, UNKNOWN))) == pytest.approx(100 * np.sqrt(3 / 4))
    assert limit(ground((1, 0, OCCUPIED))) == 10


def test_what_is_beside_the_way_limits_nothing():
    assert limit(ground((0, 2, OCCUPIED), (3, 1, UNKNOWN), (0, 0, 99))) == 100
    assert limit(
        ground((0, 2, OCCUPIED)), settings=AnswerSettings(robot_width=1.1, stopping_distance=4.0)
    ) == pytest.approx(50)


def test_ground_at_a_cost_slows_down_by_it():
    assert limit(ground((1, 3, 60), (2, 5, 30))) == 40
    assert limit(ground((1, 6, OCCUPIED), (2, 1, 5))) == pytest.approx(100 * np.sqrt(3 / 4))
    assert limit(ground((2, 1, 99))) == 10
    assert limit(ground((1, 2, OCCUPIED), (1, 3, 80))) == 20


def test_ground_too_near_to_be_in_view_is_passed_over():
    view = np.ones((4, 8), bool)
    view[:, :3] = False
    cells = np.where(view, FREE, UNKNOWN).astype(np.int8)
    assert limit(cells, view) == 100
    cells[1, 3] = UNKNOWN
    assert limit(cells, view) == 10  # nothing free is in view
    cells[1, 1] = OCCUPIED
    assert limit(cells, view) == 10


def test_ground_too_far_to_be_in_view_is_not_free():
    view = np.ones((4, 8), bool)
    view[:, 4:] = False
    assert limit(np.where(view, FREE, UNKNOWN).astype(np.int8), view) == pytest.approx(
        70.71, abs=0.01
    )
    far = AnswerSettings(robot_width=1.0, stopping_distance=16.0)
    assert limit(ground(), settings=far) == pytest.approx(50)  # the grid ends at 4 m


def test_ground_beside_a_narrow_view_is_passed_over_only_near_the_robot():
    view = np.ones((4, 8), bool)
    view[:, 0] = view[1, :3] = False  # the view is as wide as the way from 1.5 m on
    cells = np.where(view, FREE, UNKNOWN).astype(np.int8)
    assert limit(cells, view) == 100
    view[1, 5:] = False  # and does not get narrower
    cells = np.where(view, FREE, UNKNOWN).astype(np.int8)
    assert limit(cells, view) == pytest.approx(100 * np.sqrt(2.5 / 4))
    view[1] = False  # never in its whole width
    assert limit(np.where(view, FREE, UNKNOWN).astype(np.int8), view) == 10


def test_a_grid_narrower_than_the_way_does_not_show_it():
    for y_min, y_max in ((-1, 0.5), (-0.5, 1), (-0.5, 0.5)):
        spec = GridSpec(resolution=0.5, x_max=4, y_min=y_min, y_max=y_max)
        seen, wide = np.ones((spec.rows, 8), bool), AnswerSettings(robot_width=1.1)
        assert speed_limit(np.zeros((spec.rows, 8), np.int8), seen, spec, wide) == 10
        assert speed_limit(np.zeros((spec.rows, 8), np.int8), seen, spec, SETTINGS) == 100


def test_ground_behind_the_robot_is_no_way():
    spec = GridSpec(resolution=0.5, x_min=-4, x_max=4, y_min=-1, y_max=1)
    behind = ground((1, 2, OCCUPIED))
    for rear in (ground(), behind, np.full((4, 8), UNKNOWN, np.int8)):
        cells = np.hstack([rear, ground()])
        assert speed_limit(cells, np.ones((4, 16), bool), spec, SETTINGS) == 100
    cells = np.hstack([ground(), behind])
    assert speed_limit(cells, np.ones((4, 16), bool), spec, SETTINGS) == pytest.approx(50)


def test_an_answer_that_says_nothing_slows_down_most():
    assert limit(np.full((4, 8), UNKNOWN, np.int8)) == 10
    assert limit(np.full((4, 8), UNKNOWN, np.int8), np.zeros((4, 8), bool)) == 10


@given(arrays.arrays(np.int8, (4, 8), elements=st.sampled_from([FREE, 1, 60, OCCUPIED, UNKNOWN])))
def test_worse_ground_is_never_faster_and_no_limit_is_never_said(cells):
    now = limit(cells)
    assert 10 <= now <= 100
    for value in (1, 60, OCCUPIED, UNKNOWN):
        assert limit(np.where(cells == FREE, value, cells).astype(np.int8)) <= now


def test_a_limit_of_0_would_be_none():
    with pytest.raises(SettingsError, match="lowest_speed"):
        AnswerSettings(lowest_speed=0.0)
