"""Ways of a robot with a camera, and the ground that each pixel of it shows."""

from __future__ import annotations

import numpy as np

from segnet_model.driving import CameraPose, Lens
from segnet_model.driving.driven import Footprint
from segnet_model.driving.way import DrivenPath, DrivenSettings

LENS = Lens(160, 120, (120.0, 120.0), (79.5, 59.5))
CAMERA = CameraPose.mounted(height=0.8, pitch=0.3, x=0.2)
FOOTPRINT = Footprint(length=0.8, width=0.6)
EXACT = DrivenSettings(reach=5.0, seconds=100.0, margin=0.0, drift=0.0)
STEP_NS = 100_000_000


def pose(x: float, y: float, yaw: float) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    matrix[:2, 3] = x, y
    return matrix


def stamps(count: int) -> np.ndarray:
    return np.int64(1_700_000_000_000_000_000) + np.arange(count) * np.int64(STEP_NS)


def straight(meters: float = 20.0, speed: float = 1.0) -> DrivenPath:
    x = np.arange(0, meters, speed * 0.1)
    return DrivenPath(stamps(len(x)), np.stack([pose(each, 0, 0) for each in x]))


def circle(radius: float = 3.0) -> DrivenPath:
    turn = np.arange(0, 2 * np.pi, 0.1 / radius)
    poses = [pose(radius * np.sin(a), radius * (1 - np.cos(a)), a) for a in turn]
    return DrivenPath(stamps(len(turn)), np.stack(poses))


def ground(lens: Lens = LENS, camera: CameraPose = CAMERA) -> np.ndarray:
    """The place in the robot's frame where each pixel's ray meets the ground; NaN above it."""
    u, v = np.meshgrid(np.arange(lens.width), np.arange(lens.height))
    rays = np.stack(
        [(u - lens.center[0]) / lens.focal[0], (v - lens.center[1]) / lens.focal[1], u * 0 + 1], -1
    )
    rays = rays @ camera.matrix[:3, :3].T
    far = np.where(rays[..., 2] < -1e-6, -camera.height / np.minimum(rays[..., 2], -1e-6), np.nan)
    return (camera.matrix[:3, 3] + rays * far[..., None])[..., :2]
