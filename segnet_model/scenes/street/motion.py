"""The camera's motion along a street."""

from dataclasses import dataclass

import numpy as np

from segnet_model.scenes.drawing.panels import Floats
from segnet_model.scenes.drawing.rays import look
from segnet_model.scenes.draws import Purpose, stream
from segnet_model.scenes.ground.street import Street


@dataclass(frozen=True, eq=False)
class CameraMotion:
    """Smooth motion of a vehicle around the middle of its lane."""

    street: Street
    lift: float  # meters added to the mount height
    tilt: float  # radians added to the pitch
    sway: Floats  # (4, 3): for y, yaw, pitch and roll: amplitude, radians a second, phase
    lane: float  # meters left of the center line

    def pose(self, x: float, stamp: float, height: float, pitch: float) -> Floats:
        """Return camera_to_world (4, 4) at x meters along the street."""
        aside, yaw, nod, roll = self.sway[:, 0] * np.sin(self.sway[:, 1] * stamp + self.sway[:, 2])
        position = self.street.place(x, self.lane + float(aside), height + self.lift)
        yaw += np.arctan(self.street.slope(x + 6.0))  # drivers look into the bend ahead
        return look(position, float(yaw), pitch + self.tilt + float(nod), float(roll))


def draw_motion(seed: int, street: Street) -> CameraMotion:
    """Draw the motion of one drive's camera."""
    rng = stream(seed, Purpose.MOTION)
    amplitude = np.array([0.3, 0.02, 0.004, 0.006]) * rng.uniform(0.3, 1.0, 4)
    rate = np.array([0.5, 0.6, 5.0, 2.0]) * rng.uniform(0.7, 1.3, 4)
    sway = np.stack([amplitude, rate, rng.uniform(0, 2 * np.pi, 4)], axis=1)
    lane = street.keep * street.lane_width / 2
    return CameraMotion(street, rng.uniform(-0.05, 0.05), rng.uniform(-0.02, 0.02), sway, lane)
