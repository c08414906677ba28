"""Label images of boxes on a flat road, by a ray through the middle of each pixel.

Shares nothing with the projection under test: lenses are undone by OpenCV's own inverse.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

SKY, POLE, ROAD, PAVEMENT, CAR, PEDESTRIAN = 0, 2, 3, 4, 8, 9  # of CamVid
FAR = 400.0  # meters to the end of the road


@dataclass(frozen=True)
class Eye:
    """A camera; angles in radians as of a robot's camera: pitch down, roll right, yaw left."""

    width: int
    height: int
    focal: float
    up: float = 1.2  # meters above the ground
    pitch: float = 0.1
    roll: float = 0.0
    yaw: float = 0.0
    model: str = ""
    distortion: tuple = ()

    @property
    def center(self):
        return (self.width - 1) / 2, (self.height - 1) / 2

    @property
    def matrix(self):
        (x, y), f = self.center, self.focal
        return np.array([(f, 0, x), (0, f, y), (0, 0, 1.0)])

    @property
    def axes(self):
        """Right, down and forward (3, 3) in the robot's frame, as rows."""
        cos, sin = np.cos(self.pitch), np.sin(self.pitch)
        flat = np.array([np.cos(self.yaw), np.sin(self.yaw), 0])
        forward, right = cos * flat - (0, 0, sin), np.array([flat[1], -flat[0], 0])
        down = np.cross(forward, right)
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return np.array([cos * right + sin * down, cos * down - sin * right, forward])

    def rays(self):
        """Directions (H, W, 3) in the robot's frame; NaN where the lens has none."""
        pixels = np.stack(np.meshgrid(np.arange(self.width), np.arange(self.height)), -1)
        pixels = pixels.reshape(-1, 1, 2).astype(np.float64)
        bends = np.array(self.distortion) if self.distortion else np.zeros(4)
        if self.model == "equidistant":
            flat = cv2.fisheye.undistortPoints(pixels, self.matrix, bends)[:, 0]
        else:
            ends = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-10)
            undistort = getattr(cv2, "undistortPointsIter", cv2.undistortPoints)  # OpenCV 4 and 5
            flat = undistort(pixels, self.matrix, bends, R=None, P=None, criteria=ends)[:, 0]
        rays = np.column_stack([flat, np.ones(len(flat))]) @ self.axes
        return rays.reshape(self.height, self.width, 3)


@dataclass(frozen=True)
class Box:
    """From low to high (3,) each, meters in the robot's frame."""

    label: int
    low: tuple
    high: tuple


@dataclass(frozen=True)
class Scene:
    """Boxes on a road, with patches (label, x0, x1, y0, y1) of other ground."""

    boxes: list = field(default_factory=list)
    patches: list = field(default_factory=list)


def render(eye, scene):
    """Labels (H, W) uint8, and where each ray would meet the ground (H, W, 2), or NaN."""
    rays, origin = eye.rays(), np.array([0, 0, eye.up])
    labels = np.full(rays.shape[:2], SKY, np.uint8)
    with np.errstate(all="ignore"):
        depth = np.where(rays[..., 2] < 0, -eye.up / rays[..., 2], np.nan)
        ground = rays[..., :2] * depth[..., None]
        x, y = np.moveaxis(ground, -1, 0)
        labels[depth < FAR] = ROAD
        for label, x0, x1, y0, y1 in scene.patches:
            labels[(depth < FAR) & (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)] = label
        nearest = np.where(depth < FAR, depth, np.inf)
        for box in scene.boxes:
            low, high = (np.array(box.low) - origin) / rays, (np.array(box.high) - origin) / rays
            enter, leave = np.fmin(low, high).max(-1), np.fmax(low, high).min(-1)
            hit = (enter <= leave) & (enter > 0) & (enter < nearest)
            labels[hit], nearest[hit] = box.label, enter[hit]
    return labels, ground
