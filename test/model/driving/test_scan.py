"""The scan over the grid, against rays that are walked in small steps and grids made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.scan import GroundScan, occupied_points
from segnet_model.labels import LabelSet

# Four by six meters; rows are y from -3 up, columns x from 0 up.
SPEC = GridSpec(resolution=1.0, x_max=4, y_min=-3, y_max=3)
ALL = np.ones((6, 4), bool)
FREE, OCCUPIED, UNKNOWN = 0, 100, -1


def beam(scan, ranges, degrees):
    """The range of the beam nearest to a bearing."""
    return float(ranges[np.abs(scan.bearings - math.radians(degrees)).argmin()])


def grid(*occupied, unknown=(), cost=()):
    """A free grid with other cells at (row, column)."""
    cells = np.zeros((6, 4), np.int8)
    for value, places in ((OCCUPIED, occupied), (UNKNOWN, unknown), (60, cost)):
        for place in places:
            cells[place] = value
    return cells


def test_by_hand():
    scan = GroundScan(SPEC, ALL)
    assert scan.range_max == 3
    fields = scan.fields(grid((3, 2)))
    ranges = fields["ranges"]
    assert ranges.dtype == np.float32
    assert len(ranges) == len(scan.bearings)
    # The cell is x 2 to 3, y 0 to 1: a beam of 14 degrees passes x 2.5 in its middle.
    assert beam(scan, ranges, 14) == pytest.approx(2.5 / math.cos(math.radians(14)), abs=0.1)
    # It ends at the bearing of its corner, atan(1 / 2) = 27 degrees, and at 0 below.
    assert beam(scan, ranges, 29) == math.inf
    assert beam(scan, ranges, -9) == math.inf
    last = fields["angle_min"] + fields["angle_increment"] * (len(ranges) - 1)
    assert fields["angle_max"] == pytest.approx(last)


def test_nothing_is_cleared_where_all_is_unknown():
    scan = GroundScan(SPEC, ALL)
    assert np.isnan(scan.ranges(np.full((6, 4), UNKNOWN, np.int8))).all()


def test_a_beam_ends_where_the_camera_is_unsure():
    spec = GridSpec(resolution=0.25, x_max=4, y_min=-3, y_max=3)
    scan = GroundScan(spec, np.ones((24, 16), bool))
    cells = np.zeros((24, 16), np.int8)
    cells[13, 6] = UNKNOWN  # x 1.5 to 1.75, y 0.25 to 0.5: at 14 degrees
    assert math.isnan(beam(scan, scan.ranges(cells), 14))
    assert beam(scan, scan.ranges(cells), -45) == math.inf
    # Beams that pass through a cell beside it stop, too.
    assert math.isnan(beam(scan, scan.ranges(cells), 7))
    # A thing behind that ground may begin there: the beam ends in the middle of the free cell
    # before those beside it, which begin at x 1.25.
    cells[13:16, 10] = OCCUPIED
    end = 1.25 / math.cos(math.radians(14)) - 0.125
    assert beam(scan, scan.ranges(cells), 14) == pytest.approx(end, abs=0.05)
    # Without a free cell before it, nothing is known.
    cells[12:14, :6] = UNKNOWN
    assert math.isnan(beam(scan, scan.ranges(cells), 14))


def test_a_costmap_that_lies_otherwise_clears_no_unsure_cell():
    """Cleared in whole cells of a turned costmap, by a line that is drawn in whole cells, too."""
    spec = GridSpec(resolution=0.1, x_max=4, y_min=-4, y_max=4)
    scan = GroundScan(spec, np.ones((80, 40), bool))
    random = np.random.default_rng(3)
    wrong = 0
    for turn in (0.0, 0.4, 1.1):
        cells = np.zeros((80, 40), np.int8)
        for row, column in random.integers((0, 8), (80, 40), (15, 2)):
            cells[row : row + 3, column : column + 2] = random.choice([UNKNOWN, OCCUPIED])
        for bearing, length in zip(scan.bearings, scan.ranges(cells), strict=True):
            if not math.isnan(length):
                reach = min(length, scan.range_max)
                wrong += cleared_unsure(cells, spec, bearing + turn, reach, turn)
    assert wrong == 0


def cleared_unsure(cells, spec, bearing, length, turn):
    """Number of unknown cells that a line of whole 0.1 m cells clears in a frame that is turned."""
    start, end = np.array([0.03, 0.07]), np.array([math.cos(bearing), math.sin(bearing)]) * length
    first, last = (np.floor(each / 0.1).astype(int) for each in (start, start + end))
    steps = int(np.abs(last - first).max())
    line = np.rint(first + (last - first) * np.linspace(0, 1, steps + 1)[:, None])
    centers = (line + 0.5) * 0.1 - start
    turned = centers @ np.array([[math.cos(turn), -math.sin(turn)],
                                 [math.sin(turn), math.cos(turn)]])  # fmt: skip
    return int((np.append(cells.ravel(), FREE)[spec.indices(turned)] == UNKNOWN).sum())


def test_ground_at_a_cost_is_no_obstacle():
    scan = GroundScan(SPEC, ALL)
    assert beam(scan, scan.ranges(grid(cost=[(3, 1)])), 14) == math.inf


def test_the_ground_before_the_view_stops_no_beam_but_a_thing_there_does():
    ahead = ALL.copy()
    ahead[:, 0] = False
    scan = GroundScan(SPEC, ahead)
    cells = np.where(ahead, FREE, UNKNOWN).astype(np.int8)
    assert beam(scan, scan.ranges(cells), 14) == math.inf
    cells[3, 0] = OCCUPIED
    assert beam(scan, scan.ranges(cells), 14) == pytest.approx(0.5, abs=0.1)


def test_a_beam_that_comes_into_view_from_the_side_says_nothing():
    # Only the way straight ahead is in view near the robot: a beam to the side enters it late.
    view = np.zeros((6, 4), bool)
    view[2:4], view[:, 3] = True, True
    scan = GroundScan(SPEC, view)
    cells = np.where(view, FREE, UNKNOWN).astype(np.int8)
    assert beam(scan, scan.ranges(cells), 5) == math.inf
    assert math.isnan(beam(scan, scan.ranges(cells), 35))


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.int8, (6, 4), elements=st.sampled_from([FREE, FREE, 60, OCCUPIED, UNKNOWN])),
    arrays.arrays(bool, (6, 4)),
)
def test_no_beam_crosses_what_is_not_free(cells, view):
    """A costmap clears all cells up to the end of a beam, of an infinite one up to range_max."""
    cells = np.where(view | (cells == OCCUPIED), cells, UNKNOWN)
    scan = GroundScan(SPEC, view)
    for bearing, length in zip(scan.bearings, scan.ranges(cells), strict=True):
        if math.isnan(length):
            continue
        entered = False
        for far in np.arange(0.005, min(length, scan.range_max), 0.01):
            x, y = far * math.cos(bearing), far * math.sin(bearing)
            place = math.floor(y + 3), math.floor(x)
            entered |= bool(view[place])
            if cells[place] == OCCUPIED:  # only the cell that the beam ends in
                end = length * math.cos(bearing), length * math.sin(bearing)
                assert (math.floor(end[1] + 3), math.floor(end[0])) == place
            elif entered:
                assert cells[place] in (FREE, 60)


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.int8, (6, 4), elements=st.sampled_from([FREE, FREE, FREE, OCCUPIED])))
def test_every_range_is_that_of_the_nearest_occupied_cell(cells):
    scan = GroundScan(SPEC, ALL)
    for bearing, length in zip(scan.bearings, scan.ranges(cells), strict=True):
        met = None
        for far in np.arange(0.0005, scan.range_max, 0.001):
            if cells[math.floor(far * math.sin(bearing) + 3), math.floor(far * math.cos(bearing))]:
                met = far
                break
        assert (met is None) == math.isinf(length) or met > scan.range_max - 0.01
        if met is not None and math.isfinite(length):
            assert 0 <= length - met < math.sqrt(2) / 2 + 0.01  # the middle of its way through


def test_every_occupied_cell_within_reach_is_met():
    spec = GridSpec(resolution=0.5, x_max=6, y_min=-6, y_max=6)
    scan = GroundScan(spec, np.ones((24, 12), bool))
    for index, (x, y) in enumerate(spec.centers):
        cells = np.zeros(24 * 12, np.int8)
        cells[index] = OCCUPIED
        met = np.isfinite(scan.ranges(cells.reshape(24, 12))).any()
        assert met or math.hypot(abs(x) - 0.25, abs(y) - 0.25) > scan.range_max - 0.5


def test_a_camera_that_sees_only_road_clears_its_view_and_nothing_beside():
    lens = Lens(width=160, height=120, focal=(120, 120), center=(79.5, 59.5))
    spec = GridSpec(0.1, 0.0, 5.0, -5.0, 5.0)
    projector = GroundProjector(lens, CameraPose.mounted(1.2, pitch=0.3), spec)
    labels, sure = np.full((120, 160), 3, np.uint8), np.zeros((120, 160))
    camvid = LabelSet.load("camvid")
    ranges = projector.scan.ranges(projector.grid(labels, sure, camvid, 0.5))
    free = np.degrees(projector.scan.bearings[np.isinf(ranges)])
    # The view is atan(80 / 120) = 34 degrees to both sides in the image, and a little more on the
    # ground, as the camera looks down.
    assert 30 < free.max() < 37
    assert -37 < free.min() < -30
    assert not np.isfinite(ranges).any()
    assert np.isnan(projector.scan.ranges(projector.grid(labels, sure + 1, camvid, 0.5))).all()


def test_points_are_the_centers_of_occupied_cells():
    points = occupied_points(grid((3, 2), (0, 0), unknown=[(1, 1)], cost=[(2, 2)]), SPEC)
    assert points.dtype == np.float32
    assert sorted(points.tolist()) == [[0.5, -2.5, 0.0], [2.5, 0.5, 0.0]]
    assert occupied_points(grid(), SPEC).shape == (0, 3)
