"""Costs of classes in the grid: ground of two costs side by side, seen by a level camera."""

from __future__ import annotations

import numpy as np
import pytest

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.grid import trinary
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")
ROAD, PAVEMENT, CAR = 3, 4, 8
# The camera is 1.003 m up: a point of the ground at (x, y) is in row 300 + 300 * 1.003 / x and in
# column 300 - 300 * y / x.
SIZE, MIDDLE = 601, 300
LENS = Lens(SIZE, SIZE, (300.0, 300.0), (300.0, 300.0))
SPEC = GridSpec(0.25, 0.0, 10.0, -5.0, 5.0)
PROJECTOR = GroundProjector(LENS, CameraPose.mounted(1.003), SPEC)
X, Y = SPEC.centers.T.reshape(2, SPEC.rows, SPEC.columns)
SEEN = (X - 0.125 >= 1.003) & (np.abs(Y) + 0.125 <= X - 0.125)  # whole cells


def mapped(labels, uncertainty=None, **costs):
    sure = np.zeros(labels.shape, np.float32) if uncertainty is None else uncertainty
    return PROJECTOR.grid(labels, sure, CAMVID.with_costs(costs), 0.5)


@pytest.fixture
def half():
    """Pavement to the left of the middle column, which is y 0, and road from there on."""
    labels = np.full((SIZE, SIZE), ROAD, np.uint8)
    labels[:, :MIDDLE] = PAVEMENT
    return labels


def test_a_cell_has_the_highest_cost_of_its_pixels(half):
    grid = mapped(half, Pavement=60, Road=5)
    left, right = SEEN & (Y > 0.25), SEEN & (Y < -0.25)
    assert set(grid[left]) == {60}
    assert set(grid[right]) == {5}
    # Cells along the middle have pixels of both less than a pixel away.
    assert set(grid[SEEN & (Y > 0) & (Y < 0.25)]) == {60}
    assert set(grid[~SEEN]) <= {-1}
    # The other way round the same cells are those of the road.
    turned = mapped(half, Pavement=5, Road=60)
    assert set(turned[SEEN & (Y < 0) & (Y > -0.25)]) == {60}


def test_100_is_occupied_and_unknown_ground_is_neither(half):
    left, right = SEEN & (Y > 0.25), SEEN & (Y < -0.25)
    grid = mapped(half, Pavement=100)
    assert (set(grid[left]), set(grid[right])) == ({100}, {0})
    grid = mapped(half, Pavement=-1)
    assert (set(grid[left]), set(grid[right])) == ({-1}, {0})


def test_unsure_ground_is_unknown_at_any_cost(half):
    unsure = np.zeros((SIZE, SIZE), np.float32)
    unsure[:, MIDDLE:] = 1
    grid = mapped(half, unsure, Pavement=60, Road=99)
    assert set(grid[SEEN & (Y < 0)]) == {-1}
    assert set(grid[SEEN & (Y > 0.25)]) == {60}


def test_costs_hide_no_thing(half):
    half[330:, 290:310] = CAR
    plain, costly = mapped(half, Pavement=0), mapped(half, Pavement=60, Road=60)
    np.testing.assert_array_equal(costly == 100, plain == 100)
    np.testing.assert_array_equal(costly == -1, plain == -1)
    assert (plain == 100).any()


def test_trinary_values_are_those_without_costs(half):
    grid = mapped(half, Pavement=60, Road=99)
    np.testing.assert_array_equal(trinary(grid), mapped(half, Pavement=0))
    assert trinary(grid).dtype == np.int8
