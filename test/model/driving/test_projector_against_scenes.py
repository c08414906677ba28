"""Grids of procedural drives against their exact geometry, by lines of sight through the scene.

The truth here knows no pixels: a line from the camera to a point of the ground is cut with every
surface of the scene, and what a cell holds follows from 9 points of it.
"""

import numpy as np
import pytest

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.labels import LabelSet
from segnet_model.scenes import Drive
from segnet_model.scenes.drawing.sketch import CLEAR

CAMVID = LabelSet.load("camvid")
FREE, OCCUPIED, UNKNOWN = 0, 100, -1
SPEC = GridSpec(resolution=0.1)
INSET = 1e-6  # of a cell, so that no point of it is a point of the next
POINTS = 3  # a side of a cell
TALL = 2.0  # meters; below this height a robot would touch something


class Sight:
    """What a camera at a pose sees of the ground, in a robot's frame right below it."""

    def __init__(self, drive, index, pose):
        self.drive, self.pose, self.eye = drive, pose, pose[:3, 3]
        self.panels = [panel for panel in drive.panels(index) if self.matters(panel)]
        forward = pose[:3, 2] * (1, 1, 0)
        forward /= np.linalg.norm(forward)
        self.robot = np.eye(4)
        self.robot[:3, :2] = np.column_stack([forward, np.cross((0, 0, 1), forward)])
        self.robot[:2, 3] = self.eye[:2]

    def matters(self, panel):
        """Whether it can hide ground of the grid: ahead, not far, and partly below the camera."""
        origin, across, down = panel.corners
        corners = origin + np.array([(0, 0, 0), across, down, across + down])
        low, high = corners.min(0), corners.max(0)
        aside = np.maximum(np.maximum(low - self.eye, self.eye - high), 0)
        ahead = ((corners - self.eye) @ self.pose[:3, 2]).max() > 0
        return low[2] < TALL and ahead and np.hypot(*aside[:2]) < 17

    def world(self, places):
        """World points (n, 3) of places (n, 2) on the ground in the robot's frame."""
        return places @ self.robot[:3, :2].T + self.robot[:3, 3]

    def in_view(self, points):
        x, y, z = ((points - self.eye) @ self.pose[:3, :3]).T
        camera = self.drive.camera
        column, row = x / z * camera.fx + camera.cx, y / z * camera.fy + camera.cy
        across = (column >= -0.5) & (column <= camera.width - 0.5)
        return (z > 0) & across & (row >= -0.5) & (row <= camera.height - 0.5)

    def cut(self, starts, ends):
        """Which lines from starts to ends, (n, 3) each, meet something between the two."""
        found, ways = np.zeros(len(ends), bool), ends - starts
        for panel in self.panels:
            origin, across, down = panel.corners
            normal = np.cross(across, down)
            with np.errstate(divide="ignore", invalid="ignore"):
                share = ((origin - starts) @ normal) / (ways @ normal)
            hit = np.flatnonzero((share > 0) & (share < 1 - 1e-6))
            point = starts[hit] + ways[hit] * share[hit, None] - origin
            s = np.cross(point, down) @ normal / (normal @ normal)
            t = np.cross(across, point) @ normal / (normal @ normal)
            inside = (s >= 0) & (s < 1) & (t >= 0) & (t < 1)
            rows, columns = panel.texture.labels.shape
            row, column = (t[inside] * rows).astype(int), (s[inside] * columns).astype(int)
            found[hit[inside]] |= panel.texture.labels[row, column] != CLEAR
        return found

    def hidden(self, points):
        return self.cut(np.broadcast_to(self.eye, points.shape), points)

    def feet(self, places, hidden):
        """Hidden places, a step in front of which the ground is seen."""
        step = SPEC.resolution / POINTS
        before = self.world(places * (1 - step / np.hypot(*places.T))[:, None])
        feet = hidden.copy()
        feet[hidden] = ~(self.hidden(before[hidden]) & self.in_view(before[hidden]))
        return feet

    def grid(self):
        """What the cells of SPEC hold, and which have only free ground that is seen."""
        offsets = ((np.arange(POINTS) / (POINTS - 1)) - 0.5) * SPEC.resolution * (1 - INSET)
        places = np.concatenate([SPEC.centers + np.array([x, y]) for x in offsets for y in offsets])
        points = self.world(places)
        view = self.in_view(points)
        hidden = np.zeros(len(points), bool)
        hidden[view] = self.hidden(points[view])
        feet = self.feet(places, hidden)
        seen = view & ~hidden
        barred = ~self.drive.is_drivable(points[:, 0], points[:, 1])
        barred[seen] |= self.cut(points[seen], points[seen] + (0, 0, TALL))
        cells = [each.reshape(POINTS**2, -1) for each in (feet, seen, barred)]
        feet, seen, barred = cells
        grid = np.where(seen.all(0), FREE, UNKNOWN)
        grid[(feet | (seen & barred)).any(0)] = OCCUPIED
        return grid.reshape(SPEC.rows, SPEC.columns)


def counts(seed, frames):
    """Cells within 15 m, of these the right ones, the free ones, and of these the right ones."""
    drive = Drive(seed, fps=1.0)
    camera = drive.camera
    lens = Lens.from_camera_info(camera.width, camera.height, camera.matrix)
    near = (np.hypot(*SPEC.centers.T) <= 15).reshape(SPEC.rows, SPEC.columns)
    total = np.zeros(4, int)
    for index in frames:
        frame = drive.frame(index)
        sight = Sight(drive, index, frame.camera_to_world)
        pose = CameraPose(np.linalg.inv(sight.robot) @ frame.camera_to_world)
        sure = np.zeros(frame.labels.shape, np.float32)
        grid = GroundProjector(lens, pose, SPEC).grid(frame.labels, sure, CAMVID, 0.5)
        truth, free = sight.grid()[near], grid[near] == FREE
        right = grid[near] == truth
        total += [near.sum(), right.sum(), free.sum(), (right & free).sum()]
    return total


@pytest.mark.parametrize(
    ("seeds", "frames"),
    [((3,), (0,)), pytest.param((3, 7, 11, 19), (0, 9), marks=pytest.mark.slow)],
)
def test_true_labels_give_the_true_grid(seeds, frames):
    cells, right, free, right_free = sum(counts(seed, frames) for seed in seeds)
    assert free > cells / 4
    assert right >= 0.97 * cells
    assert right_free >= 0.99 * free
