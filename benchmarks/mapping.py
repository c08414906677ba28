"""The ground map of rendered drives against their exact geometry.

The truth about a cell of the map knows no pixels and no network: all of the cell must be drivable
ground, and at that moment nothing may stand on it, in view or not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np

from benchmarks.harness import Report
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.datasets.drives import DriveSettings
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.grid import FREE, OCCUPIED, UNKNOWN
from segnet_model.driving.map_spec import MapSpec
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.driving.rolling_map import RollingMap
from segnet_model.inference.answer import Answer
from segnet_model.inference.predictor import Predictor
from segnet_model.scenes import Drive, Square
from segnet_model.weights.bounds import max_uncertainty
from segnet_model.weights.shipped import find_weights

RATES = {"street": 10.0, "park": 5.0}  # frames a second
SEEDS = (6001, 6002, 6003)
FRAMES, SETTLING = 60, 10  # of each drive, and of these without a figure
DRIFT = 0.01  # of odometry, of the distance driven
NEAR = 10.0  # meters
GRID, MAP = GridSpec(), MapSpec()
Free = Callable[[Square], np.ndarray]  # which cells are free


def run(report: Report) -> None:
    """Free cells that are free, and known cells, with true labels and with the default network."""
    cv2.setNumThreads(1)  # so that the time of this thread is all that a map costs
    predictor = Predictor.load(find_weights(DEFAULT_WEIGHTS))
    seeds = SEEDS[: report.amount(len(SEEDS), 1)]
    for world in list(RATES)[: report.amount(len(RATES), 1)]:
        exact, drift, network = Way(), Way(drift=DRIFT), Way(predictor=predictor)
        ways = {"exact poses": exact, f"drift of {DRIFT:.0%}": drift, "network": network}
        for seed in seeds:
            measure(world, seed, tuple(ways.values()), report.amount(FRAMES, SETTLING + 6))
        rows = [{"world": world, "with": name, **way.row()} for name, way in ways.items()]
        report.table(f"{len(seeds)} drives of a {world}, {MAP.size:g} m around the robot", rows)
        report.add(f"{world}: free cells that are", exact.right, "%", at_least=99.9)
        report.add(f"{world}: with drift of {DRIFT:.0%}", drift.right, "%", at_least=99.5)
        report.add(f"{world}: with the default network", network.right, "%")
        report.add(f"{world}: known cells, of one frame's", exact.known, at_least=2.5)
        report.add(f"{world}: processor time a frame", exact.cost, "ms", at_most=3.0)


@dataclass
class Way:
    """A way to make maps, and sums over its frames.

    Attributes:
        drift: of odometry, share of the distance driven.
        predictor: gives the labels; None takes the true ones.
    """

    drift: float = 0.0
    predictor: Predictor | None = None
    free: int = 0
    wrong: int = 0
    in_map: int = 0
    in_frame: int = 0
    seconds: float = 0.0
    frames: int = 0

    def add(self, cells: np.ndarray, grid: np.ndarray, truth: np.ndarray, seconds: float) -> None:
        """Count a frame: the map, the grid of the frame, where ground is free, and the time."""
        free = (cells >= FREE) & (cells < OCCUPIED)
        self.free += int(free.sum())
        self.wrong += int((free & ~truth).sum())
        self.in_map += int((cells != UNKNOWN)[_near(MAP_CENTERS)].sum())
        self.in_frame += int((grid.ravel() != UNKNOWN)[_near(GRID.centers)].sum())
        self.seconds += seconds
        self.frames += 1

    @property
    def right(self) -> float:
        """Percent of the free cells that are free."""
        return 100 - 100 * self.wrong / max(self.free, 1)

    @property
    def known(self) -> float:
        """Known cells near the robot, over those of a single frame."""
        return self.in_map / max(self.in_frame, 1)

    @property
    def cost(self) -> float:
        """Milliseconds of a processor for a frame."""
        return 1000 * self.seconds / max(self.frames, 1)

    def row(self) -> dict[str, Any]:
        """The figures by name."""
        return {
            "free cells": self.free // max(self.frames, 1),
            "right %": self.right,
            "known": self.known,
            "ms": self.cost,
        }


def _near(centers: np.ndarray) -> np.ndarray:
    return np.asarray(np.hypot(centers[..., 0], centers[..., 1]) <= NEAR)


_AWAY = (np.arange(MAP.cells) + 0.5) * MAP.resolution - MAP.size / 2
MAP_CENTERS = np.stack(np.meshgrid(_AWAY, _AWAY), -1)


@dataclass
class Slipping:
    """Odometry that adds a share of each step, always to the same side of the robot."""

    share: float
    side: float  # radians
    pose: RobotPose | None = None
    _true: RobotPose | None = None

    def at(self, true: RobotPose) -> RobotPose:
        """What odometry says at the robot's next pose."""
        if self.pose is None or self._true is None:
            self.pose = true
        else:
            step = np.array([true.x - self._true.x, true.y - self._true.y])
            cosine, sine = np.cos(self.side), np.sin(self.side)
            x, y = step + self.share * np.array([[cosine, -sine], [sine, cosine]]) @ step
            self.pose = RobotPose(self.pose.x + x, self.pose.y + y, true.yaw)
        self._true = true
        return self.pose


class Side:
    """A map that is measured beside others of the same drive."""

    def __init__(self, way: Way, side: float) -> None:
        """Start with an unknown map; side as of `Slipping`."""
        self.way = way
        self._odometry, self._map = Slipping(way.drift, side), RollingMap(MAP)

    def add(
        self, grid: np.ndarray, view: np.ndarray, robot: RobotPose, now: float, free: Free | None
    ) -> None:
        """Fuse a frame; count it where the truth about it is given."""
        pose = self._odometry.at(robot)
        begin = time.thread_time()
        self._map.add(grid, view, GRID, pose, now)
        cells = self._map.cells()
        seconds = time.thread_time() - begin
        if free is not None:
            # Where the map's corner really is.
            x, y = np.add(self._map.corner, (robot.x - pose.x, robot.y - pose.y))
            truth = free(Square(float(x), float(y), MAP.cells, MAP.resolution))
            self.way.add(cells, grid, truth, seconds)


def measure(
    world: str, seed: int, ways: tuple[Way, ...], frames: int = FRAMES, settling: int = SETTLING
) -> None:
    """Add a drive to each way; the first frames, settling, do not count."""
    settings = DriveSettings(world=world)
    drive, label_map = settings.drive(seed, RATES[world]), settings.label_map()
    side = float(np.random.default_rng(seed).uniform(-np.pi, np.pi))
    sides = [Side(way, side) for way in ways]
    for index, frame in enumerate(drive.frames(frames)):
        to_robot, robot = robot_of(frame.camera_to_world)
        pose = CameraPose(to_robot @ frame.camera_to_world)
        projector = GroundProjector(_lens(drive), pose, GRID)
        labels = label_map.map(frame.labels)
        sure = np.zeros(labels.shape, np.float32)
        true = projector.grid(labels, sure, label_map.target, 0.5)
        free = partial(drive.free_cells, index) if index >= settling else None
        for each in sides:
            found = true
            if each.way.predictor is not None:
                found = _answered(frame.image, each.way.predictor, projector)
            each.add(found, projector.in_view, robot, frame.stamp, free)


def _answered(image: np.ndarray, predictor: Predictor, projector: GroundProjector) -> np.ndarray:
    """The grid of an image by a network, as the node makes it."""
    bound = max_uncertainty(predictor.promise)
    labels = predictor.info.labels
    grid = Answer(image, predictor.predict(image), labels, bound=bound, ground=projector).grid
    assert grid is not None
    return grid


def _lens(drive: Drive) -> Lens:
    camera = drive.camera
    return Lens.from_camera_info(camera.width, camera.height, camera.matrix.ravel().tolist())


def robot_of(camera_to_world: np.ndarray) -> tuple[np.ndarray, RobotPose]:
    """The robot's frame, on the ground below the camera: world to robot (4, 4), and its pose."""
    forward, (x, y) = camera_to_world[:2, 2], camera_to_world[:2, 3]
    pose = RobotPose(float(x), float(y), float(np.arctan2(forward[1], forward[0])))
    cosine, sine = np.cos(pose.yaw), np.sin(pose.yaw)
    robot = np.eye(4)
    robot[:2, :2], robot[:2, 3] = [[cosine, -sine], [sine, cosine]], (x, y)
    return np.linalg.inv(robot), pose
