import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.driving import GridSpec


def test_the_default_is_15_meters_ahead_and_7_5_to_both_sides():
    spec = GridSpec()
    assert (spec.rows, spec.columns) == (150, 150)
    np.testing.assert_allclose(spec.centers[[0, 1, 150, -1]], [
        (0.05, -7.45), (0.15, -7.45), (0.05, -7.35), (14.95, 7.45)
    ])  # fmt: skip


def test_points_are_in_the_cells_that_hold_them():
    spec = GridSpec(0.5, 1.0, 3.0, -1.0, 2.0)
    cells = spec.rows * spec.columns
    assert (spec.rows, spec.columns) == (6, 4)
    np.testing.assert_array_equal(spec.indices(spec.centers), np.arange(cells))
    outside = np.array([(0.9, 0), (3.1, 0), (2, -1.1), (2, 2.1), (1e9, 0)])
    np.testing.assert_array_equal(spec.indices(outside), [cells] * 5)


def test_a_cell_that_fits_only_in_part_is_whole():
    assert GridSpec(0.4, 0.0, 1.0, 0.0, 0.3).columns == 3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"resolution": 0.0}, "0.01 to 10"),
        ({"resolution": np.nan}, "0.01 to 10"),
        ({"x_max": 0.0}, "x_min < x_max"),
        ({"y_min": np.nan}, "y_min < y_max"),
        ({"x_max": np.inf}, "within 100 m"),
        ({"x_max": 1e6}, "within 100 m"),
        ({"resolution": 0.01}, "1500 x 1500 cells, more than 250000"),
        ({"robot_height": -0.1}, "0 to 10"),
    ],
)
def test_bad_grids_are_refused(wrong, message):
    with pytest.raises(SettingsError, match=message):
        GridSpec(**wrong)
