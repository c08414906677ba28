"""The plan of the ground against the pixels of a frame, each placed by its exact depth."""

import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.labels import LabelSet
from segnet_model.scenes import Drive, Square
from segnet_model.scenes.drawing.panels import View
from segnet_model.scenes.drawing.rays import cast_rays

SCENES = LabelSet.load("scenes")
CELL = 0.1


def placed(drive, frame):
    """World points (n, 3) of the pixels, and their labels (n,)."""
    view = View(drive.camera.matrix, frame.camera_to_world)
    rays = cast_rays(view, frame.labels.shape)
    near = frame.depth < 18
    points = frame.camera_to_world[:3, 3] + (frame.depth * rays)[:, near].T
    return points, frame.labels[near]


@pytest.mark.parametrize(("world", "seed"), [("street", 3), ("street", 7), ("park", 5)])
def test_cells_are_free_where_pixels_show_free_ground(world, seed):
    drive = Drive(seed, world=world)
    frame = drive.frame(0)
    points, labels = placed(drive, frame)
    x, y = frame.camera_to_world[:2, 3]
    square = Square(float(x), float(y) - 8, 160, CELL)
    free = drive.free_cells(0, square)
    column, row = np.floor((points[:, :2] - (square.x, square.y)) / CELL).astype(int).T
    inside = (np.minimum(column, row) >= 0) & (np.maximum(column, row) < 160)
    column, row, labels, height = column[inside], row[inside], labels[inside], points[inside, 2]
    ground = SCENES.ground[labels] & (abs(height) < 0.01)
    things = ~SCENES.ground[labels] & (height < 1.9)
    # A pixel shows its middle; at the edge of a cell another one begins.
    assert free[row, column][things].mean() < 0.01
    barred = ground & ~SCENES.drivable[labels]
    assert free[row, column][barred].mean() < 0.01
    good, bad = (np.zeros((160, 160), int) for _ in range(2))
    np.add.at(good, (row, column), ground & SCENES.drivable[labels])
    np.add.at(bad, (row, column), things | barred)
    shown = (good > 5) & (bad == 0)
    assert shown.sum() > 200
    assert free[shown].mean() > 0.9  # the others hold an edge that no pixel's middle meets


def test_a_frame_before_the_start_is_refused():
    with pytest.raises(SettingsError, match="frame -1"):
        Drive(3).free_cells(-1, Square(0.0, 0.0, 2, 1.0))
