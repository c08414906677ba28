"""Distortion of a lens: ROS's models in OpenCV's order of coefficients, and where they hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from segnet_model.base.errors import SettingsError

# Allowed numbers of coefficients of ROS's distortion models.
MODELS = {"": (0,), "plumb_bob": (0, 4, 5), "rational_polynomial": (8, 12, 14), "equidistant": (4,)}
CALIBRATE = "calibrate the camera, e.g. with ROS's camera_calibration, and publish the result"
_WIDEST = 89.0  # degrees from the optical axis; models that divide by z fail at 90
# Half the width of view, degrees, up to which a polynomial of the tangent is a lens.
_POLYNOMIAL = 75.0
# No lens moves the middle of a side further outward than by this factor; stereographic fisheyes
# of 180 degrees, the worst, have 1.27.
_OUTWARD = 1.3
_MEND = "use the rectified image, or calibrate the camera with the model equidistant"
_STEPS = 8  # of Newton's method
_NUDGE = 1e-6  # radians, for its derivatives


@dataclass(frozen=True)
class Distortion:
    """A distortion model with its coefficients, for focal length 1.

    Attributes:
        model: "" for none, "plumb_bob", "rational_polynomial" or "equidistant".
        coefficients: in OpenCV's order.
    """

    model: str
    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse an unknown model, and a wrong number of coefficients."""
        if self.model not in MODELS:
            known = ", ".join(repr(name) for name in MODELS)
            raise SettingsError(
                f"distortion model {self.model!r} is none of {known}; use the rectified image"
            )
        counts = MODELS[self.model]
        if len(self.coefficients) not in counts:
            raise SettingsError(
                f"distortion model {self.model!r} has {len(self.coefficients)} coefficients "
                f"instead of {' or '.join(map(str, counts))}; {CALIBRATE}"
            )

    def apply(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) image coordinates of points (N, 3) in front of the camera."""
        still, unit, coefficients = np.zeros(3), np.eye(3), np.array(self.coefficients)
        rays = (points / points[:, 2:])[:, None]
        if self.model == "equidistant":
            found, _ = cv2.fisheye.projectPoints(rays, still, still, unit, coefficients)
        else:
            found, _ = cv2.projectPoints(rays, still, still, unit, coefficients)
        image: np.ndarray = found[:, 0]
        return image

    def undo(self, image: np.ndarray) -> np.ndarray:
        """Unit rays (N, 3) of image coordinates (N, 2); NaN where the model does not reach.

        Newton's method on the angle from the optical axis, in which all models are smooth.
        """
        angles = self._angles
        outward = self._outward(angles, np.array([1.0, 0.0]))
        lengths = np.maximum(np.hypot(*image.T), 1e-12)
        bent = image * (np.interp(lengths, outward, angles) / lengths)[:, None]
        for _ in range(_STEPS):
            bent = self._within(bent - self._newton(bent, image))
        rays = _directions(bent)
        missed = np.abs(self.apply(rays) - image).max(1)
        rays[~(missed < 1e-5)] = np.nan
        return rays

    def _newton(self, bent: np.ndarray, image: np.ndarray) -> np.ndarray:
        """The step (N, 2) from angles toward those whose image is given."""
        here = self.apply(_directions(bent))
        across = (self.apply(_directions(bent + _NUDGE * np.array([1, 0]))) - here) / _NUDGE
        down = (self.apply(_directions(bent + _NUDGE * np.array([0, 1]))) - here) / _NUDGE
        missed = here - image
        with np.errstate(divide="ignore", invalid="ignore"):
            area = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
            step = np.column_stack(
                [
                    missed[:, 0] * down[:, 1] - missed[:, 1] * down[:, 0],
                    across[:, 0] * missed[:, 1] - across[:, 1] * missed[:, 0],
                ]
            )
            step /= area[:, None]
        step[~np.isfinite(step)] = 0.0
        return step

    def _within(self, bent: np.ndarray) -> np.ndarray:
        """Angles (N, 2), shortened to where the model holds."""
        lengths = np.maximum(np.hypot(*bent.T), 1e-12)
        within: np.ndarray = bent * np.minimum(1, self.reach / lengths)[:, None]
        return within

    @cached_property
    def reach(self) -> float:
        """The largest angle from the optical axis, radians, for which the model is valid.

        Beyond it a polynomial turns back, and would project far points into the image.
        """
        angles = np.radians(np.arange(0.0, _WIDEST + 0.05, 0.1))
        least = angles[-1]
        for around in np.linspace(0, 2 * np.pi, 32, endpoint=False):
            outward = self._outward(angles, np.array([np.cos(around), np.sin(around)]))
            turns = np.flatnonzero(~(np.diff(outward) > 0))
            least = min(least, angles[turns[0]] if len(turns) else least)
        return float(least)

    @property
    def _angles(self) -> np.ndarray:
        return np.linspace(0, self.reach, 1000)

    def _outward(self, angles: np.ndarray, side: np.ndarray) -> np.ndarray:
        """Distances from the center of the image, toward a side (2,), of rays bent that way."""
        distances: np.ndarray = self.apply(_directions(angles[:, None] * side)) @ side
        return distances

    def check_side(self, side: np.ndarray, distance: float) -> None:
        """Refuse a model that does not hold up to the middle of a side of the image.

        The corners may be further out than a model holds: nothing there is projected.

        Args:
            side: (2,) unit vector toward it.
            distance: of it from the optical center, in focal lengths; above 0.

        Raises:
            SettingsError: the model turns back before, sees too far, or bends as no lens does.
        """
        angles = self._angles
        outward = self._outward(angles, side)
        reached = outward[-1] >= distance
        if not reached and self.reach < np.radians(_WIDEST) - 1e-9:
            raise SettingsError(
                f"distortion {self._text} turns back {np.degrees(self.reach):.0f} degrees from the "
                f"optical axis, inside the image; {_MEND}"
            )
        angle = float(np.interp(distance, outward, angles))
        straight = angle if self.model == "equidistant" else np.tan(angle)
        if reached and distance > _OUTWARD * straight:
            raise SettingsError(
                f"distortion {self._text} moves the image's edge outward {distance / straight:.2g} "
                f"times, as no lens does; {CALIBRATE}"
            )
        if self.model != "equidistant" and angle > np.radians(_POLYNOMIAL):
            raise SettingsError(
                f"distortion {self._text} means a view of more than {2 * _POLYNOMIAL:.0f} degrees, "
                f"for which no polynomial holds; {_MEND}"
            )

    @property
    def _text(self) -> str:
        return f"{self.model} {[float(f'{each:.4g}') for each in self.coefficients]}"


def _directions(bent: np.ndarray) -> np.ndarray:
    """Unit rays (N, 3) of angles (N, 2) from the optical axis toward x and y, radians."""
    angles = np.hypot(*bent.T)
    return np.column_stack([bent * np.sinc(angles / np.pi)[:, None], np.cos(angles)])
