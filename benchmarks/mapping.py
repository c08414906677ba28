"""The ground map of rendered drives against their exact geometry.

The truth about a cell of the map knows no pixels and no network: nine points of the cell must be
drivable ground, and at that moment nothing may stand on it, in view or not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from benchmarks.harness import Report
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.datasets.drives import DriveSettings
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.grid import FREE, OCCUPIED, UNKNOWN
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.driving.rolling_map import MapSpec, RollingMap
from segnet_model.inference.answer import Answer
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.scenes import Drive
from segnet_model.scenes.panels import Panel
from segnet_model.scenes.sketch import CLEAR
from segnet_model.weights.bounds import max_uncertainty
from segnet_model.weights.shipped import find_weights

RATES = {"street": 10.0, "park": 5.0}  # frames a second
SEEDS = (6001, 6002, 6003)
FRAMES, SETTLING = 60, 10  # of each drive, and of these without a figure
TALL = 2.0  # meters; below this height a robot would touch something
DRIFT = 0.01  # of odometry, of the distance driven
NEAR = 10.0  # meters
GRID, MAP = GridSpec(), MapSpec()
POINTS = 3  # a side of a cell
TEXEL = 0.015  # meters between points of a thing
# A thing of so many panels, and not longer than 8 m, is closed, as cars are.
BODY, LONGEST = 8, 8 / MAP.resolution * POINTS


def run(report: Report) -> None:
    """Free cells that are free, and known cells, with true labels and with the default network."""
    cv2.setNumThreads(1)  # so that the time of this thread is all that a map costs
    predictor = Predictor.load(find_weights(DEFAULT_WEIGHTS))
    for world in RATES:
        scores = {name: Score() for name in ("exact poses", "drift", "network")}
        for seed in SEEDS:
            _drive(world, seed, predictor, scores)
        rows = [{"world": world, "with": name, **score.row()} for name, score in scores.items()]
        report.table(f"{len(SEEDS)} drives of a {world}, {MAP.size:g} m around the robot", rows)
        exact, drift, network = scores.values()
        report.add(f"{world}: free cells that are", exact.right, "%", at_least=99.9)
        report.add(f"{world}: with drift of {DRIFT:.0%}", drift.right, "%", at_least=99.5)
        report.add(f"{world}: with the default network", network.right, "%")
        report.add(f"{world}: known cells, of one frame's", exact.known, at_least=2.5)
        report.add(f"{world}: processor time a frame", exact.cost, "ms", at_most=3.0)


@dataclass
class Score:
    """Sums over frames."""

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

    def __init__(self, score: Score, drift: float, side: float) -> None:
        """Start with an unknown map; drift and side as of `Slipping`."""
        self._score, self._odometry = score, Slipping(drift, side)
        self._map, self._frames = RollingMap(MAP), 0

    def add(
        self, grid: np.ndarray, view: np.ndarray, robot: RobotPose, now: float, around: Surroundings
    ) -> None:
        """Fuse a frame; count it once the map has settled."""
        pose = self._odometry.at(robot)
        begin = time.thread_time()
        self._map.add(grid, view, GRID, pose, now)
        cells = self._map.cells()
        seconds = time.thread_time() - begin
        self._frames += 1
        if self._frames > SETTLING:
            # Where the map's corner really is.
            corner = np.add(self._map.corner, (robot.x - pose.x, robot.y - pose.y))
            self._score.add(cells, grid, around.free(corner), seconds)


class Surroundings:
    """The ground around the robot at one moment, and all that stands on it."""

    def __init__(self, drive: Drive, index: int) -> None:
        """Take a frame of a drive."""
        self._drive = drive
        stamp, pose = drive._moment(index)  # which panels are of one thing is not public
        props = drive._world.props(pose[:3, 3], stamp, drive.speed)
        self._bodies = [[_standing(panel, pose[:2, 3]) for panel in p.panels] for p in props]

    def free(self, corner: np.ndarray) -> np.ndarray:
        """Whether all of each cell is free: (cells, cells) bool; corner: least x and y, meters."""
        inset = (np.arange(POINTS) / (POINTS - 1) - 0.5) * (1 - 1e-6)
        steps = ((np.arange(MAP.cells) + 0.5)[:, None] + inset).ravel() * MAP.resolution
        x, y = np.meshgrid(corner[0] + steps, corner[1] + steps)
        parts = (np.array_split(each.ravel(), POINTS * 10) for each in (x, y))  # what worlds take
        drivable = np.concatenate([self._drive.is_drivable(*p) for p in zip(*parts, strict=True)])
        shape = MAP.cells, POINTS, MAP.cells, POINTS
        free = drivable.reshape(shape).all((1, 3)) & ~self._taken(corner).reshape(shape).any((1, 3))
        return np.asarray(free)

    def _taken(self, corner: np.ndarray) -> np.ndarray:
        """Where something stands: (cells * POINTS, cells * POINTS) bool."""
        taken = np.zeros((MAP.cells * POINTS, MAP.cells * POINTS), np.uint8)
        for body in self._bodies:
            places = np.concatenate([*body, np.zeros((0, 2))]) - corner
            places = places / MAP.resolution * POINTS
            if len(body) >= BODY and len(places) and np.ptp(places, 0).max() < LONGEST:
                hull = cv2.convexHull(places.astype(np.float32))
                cv2.fillConvexPoly(taken, np.floor(hull).astype(np.int32), 1)
            column, row = np.floor(places).astype(int).T
            inside = (np.minimum(column, row) >= 0) & (np.maximum(column, row) < len(taken))
            taken[row[inside], column[inside]] = 1
        return taken > 0


def _standing(panel: Panel, robot: np.ndarray) -> np.ndarray:
    """Points below a panel's lower part, (n, 2) meters, if it is near the robot (2,)."""
    origin, across, down = panel.corners
    corners = origin + np.array([(0, 0, 0), across, down, across + down])
    low, high = corners.min(0), corners.max(0)
    if low[2] >= TALL or (np.maximum(low[:2] - robot, robot - high[:2]) > MAP.size).any():
        return np.zeros((0, 2))
    counts = [min(2000, max(2, int(np.linalg.norm(way) / TEXEL))) for way in (across, down)]
    s, t = ((np.arange(count) + 0.5) / count for count in counts)
    rows, columns = panel.texture.labels.shape
    shown = panel.texture.labels[np.ix_((t * rows).astype(int), (s * columns).astype(int))] != CLEAR
    places = origin + s[None, :, None] * across + t[:, None, None] * down
    return np.asarray(places[shown & (places[..., 2] < TALL)][:, :2])


def _drive(world: str, seed: int, predictor: Predictor, scores: dict[str, Score]) -> None:
    """Measure a drive with each way to make a map."""
    settings = DriveSettings(world=world)
    drive, label_map = settings.drive(seed, RATES[world]), settings.label_map()
    side = float(np.random.default_rng(seed).uniform(-np.pi, np.pi))
    sides = {
        name: Side(score, DRIFT if name == "drift" else 0.0, side) for name, score in scores.items()
    }
    lens = _lens(drive)
    for index, frame in enumerate(drive.frames(FRAMES)):
        to_robot, robot = robot_of(frame.camera_to_world)
        projector = GroundProjector(lens, CameraPose(to_robot @ frame.camera_to_world), GRID)
        around = Surroundings(drive, index)
        labels = label_map.map(frame.labels)
        sure = np.zeros(labels.shape, np.float32)
        true = projector.grid(labels, sure, LabelSet.load(label_map.target.name), 0.5)
        answer = Answer(
            frame.image, predictor.predict(frame.image), predictor.info.labels,
            bound=max_uncertainty(predictor.promise), ground=projector,
        )  # fmt: skip
        for name, each in sides.items():
            grid = answer.grid if name == "network" else true
            assert grid is not None
            each.add(grid, projector.in_view, robot, frame.stamp, around)


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
