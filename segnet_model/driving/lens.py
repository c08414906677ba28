"""Camera models: intrinsics and distortion as in ROS's CameraInfo, and their projection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from segnet_model.base.errors import SettingsError

# Allowed numbers of coefficients of ROS's distortion models.
MODELS = {"": (0,), "plumb_bob": (0, 4, 5), "rational_polynomial": (8, 12, 14), "equidistant": (4,)}
MAX_SIDE = 16384  # pixels
_WIDEST = 89.0  # degrees from the optical axis; models that divide by z fail at 90
# Least and greatest width of view, degrees, of lenses on robots; a fisheye sees up to 360.
_NARROW, _WIDE, _ROUND = 5.0, 175.0, 360.0
_CALIBRATE = "calibrate the camera, e.g. with ROS's camera_calibration, and publish the result"


@dataclass(frozen=True)
class Lens:
    """The projection of a camera; (0, 0) is the center of the first pixel.

    Attributes:
        width: of the image, pixels.
        height: of the image, pixels.
        focal: fx and fy, pixels.
        center: cx and cy, pixels.
        model: of the distortion: "" for none, "plumb_bob", "rational_polynomial" or "equidistant".
        distortion: coefficients in OpenCV's order.
    """

    width: int
    height: int
    focal: tuple[float, float]
    center: tuple[float, float]
    model: str = ""
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values of an uncalibrated camera."""
        if not (0 < self.width <= MAX_SIDE and 0 < self.height <= MAX_SIDE):
            raise SettingsError(
                f"camera_info is for {self.width}x{self.height} pixels, which no image has; "
                f"fill in its width and height, 1 to {MAX_SIDE}"
            )
        if not np.isfinite([*self.focal, *self.center, *self.distortion]).all():
            raise SettingsError(f"camera_info holds numbers that are not finite; {_CALIBRATE}")
        if not min(self.focal) > 0:
            raise SettingsError(
                f"focal lengths {self.focal} are not above 0: the camera is uncalibrated; "
                f"{_CALIBRATE}"
            )
        self._check_model()

    def _check_model(self) -> None:
        if self.model not in MODELS:
            known = ", ".join(repr(name) for name in MODELS)
            raise SettingsError(
                f"distortion model {self.model!r} is none of {known}; use the rectified image"
            )
        counts = MODELS[self.model]
        if len(self.distortion) not in counts:
            raise SettingsError(
                f"distortion model {self.model!r} has {len(self.distortion)} coefficients "
                f"instead of {' or '.join(map(str, counts))}; {_CALIBRATE}"
            )

    @classmethod
    def from_camera_info(
        cls,
        width: int,
        height: int,
        matrix: Sequence[float],
        model: str = "",
        distortion: Sequence[float] = (),
    ) -> Lens:
        """Read the fields of a sensor_msgs/CameraInfo.

        For a rectified image give the left 3x3 part of P and no distortion.

        Args:
            width: of the whole image, pixels.
            height: of the whole image, pixels.
            matrix: K, nine numbers by rows.
            model: `distortion_model`.
            distortion: D; zeros mean no distortion in every model but equidistant.

        Raises:
            SettingsError: the camera is uncalibrated, its model is unknown, or K is of another
                image.
        """
        k = np.asarray(matrix, np.float64).ravel()
        if k.size != 9:
            raise SettingsError(f"K has {k.size} numbers instead of 9; {_CALIBRATE}")
        if np.isfinite(k).all() and k.any() and (k[[1, 3, 6, 7]].any() or k[8] != 1):
            raise SettingsError(
                f"K {k.tolist()} is not [fx 0 cx, 0 fy cy, 0 0 1]; skewed pixels are not known here"
            )
        coefficients = tuple(float(each) for each in distortion)
        if model != "equidistant" and not any(coefficients):
            model, coefficients = "" if model in MODELS else model, ()
        focal, center = (float(k[0]), float(k[4])), (float(k[2]), float(k[5]))
        lens = cls(int(width), int(height), focal, center, model, coefficients)
        lens._check_image()
        return lens

    def _check_image(self) -> None:
        """Refuse a calibration of another image, or in other units."""
        sizes = np.array([self.width, self.height])
        if self.model == "equidistant":
            views, most = np.degrees(sizes / self.focal), _ROUND
        else:
            views, most = np.degrees(2 * np.arctan(sizes / self.focal / 2)), _WIDE
        if not _NARROW <= views.max() <= most:
            raise SettingsError(
                f"focal lengths {self.focal} in pixels mean that {self.width}x{self.height} pixels "
                f"see {views.max():.1f} degrees, which is not {_NARROW:g} to {most:g}: the camera "
                f"is uncalibrated; {_CALIBRATE}"
            )
        center = np.array(self.center)
        if not ((center >= 0) & (center < sizes)).all():
            raise SettingsError(
                f"the optical center {self.center} is outside the image of "
                f"{self.width}x{self.height} pixels: camera_info is of another image; publish that "
                "of this one, with its roi where it is a part of a larger one"
            )

    def cropped(self, left: int, top: int, width: int, height: int) -> Lens:
        """The lens of a part of the image, CameraInfo's roi; all in pixels."""
        center = (self.center[0] - left, self.center[1] - top)
        return replace(self, width=width, height=height, center=center)

    def scaled_to(self, width: int, height: int) -> Lens:
        """The lens of the same image at another size, e.g. after binning.

        Raises:
            SettingsError: the size has another aspect ratio.
        """
        if abs(width * self.height / self.width - height) >= 1:
            raise SettingsError(
                f"camera_info is for {self.width}x{self.height} pixels, the image has "
                f"{width}x{height}, which is another shape; publish the camera_info of this image, "
                "with its roi where it is a part of a larger one"
            )
        across, down = width / self.width, height / self.height
        focal = (self.focal[0] * across, self.focal[1] * down)
        center = ((self.center[0] + 0.5) * across - 0.5, (self.center[1] + 0.5) * down - 0.5)
        return replace(self, width=width, height=height, focal=focal, center=center)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points into the image.

        Args:
            points: (N, 3) meters in the optical frame: x right, y down, z forward.

        Returns:
            (N, 2) float64 column and row in pixels, maybe outside the image; NaN for points behind
            the camera, or further from the axis than the distortion model is valid.
        """
        from_axis = np.arctan2(np.hypot(points[:, 0], points[:, 1]), points[:, 2])
        seen = from_axis < self._reach
        pixels = np.full((len(points), 2), np.nan)
        if seen.any():
            pixels[seen] = self._distorted(points[seen]) * self.focal + self.center
        return pixels

    @cached_property
    def _reach(self) -> float:
        """The largest angle from the optical axis, radians, for which the model is valid.

        Beyond it a polynomial turns back, and would project far points into the image.
        """
        angles = np.radians(np.arange(0.0, _WIDEST + 0.05, 0.1))
        least = angles[-1]
        for around in np.linspace(0, 2 * np.pi, 32, endpoint=False):
            side = np.array([np.cos(around), np.sin(around)])
            rays = np.column_stack([np.sin(angles)[:, None] * side, np.cos(angles)])
            outward = self._distorted(rays) @ side
            turns = np.flatnonzero(~(np.diff(outward) > 0))
            least = min(least, angles[turns[0]] if len(turns) else least)
        return float(least)

    def _distorted(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) image coordinates, focal length 1, of points (N, 3) in front of the camera."""
        still, unit, coefficients = np.zeros(3), np.eye(3), np.array(self.distortion)
        rays = (points / points[:, 2:])[:, None]
        if self.model == "equidistant":
            found, _ = cv2.fisheye.projectPoints(rays, still, still, unit, coefficients)
        else:
            found, _ = cv2.projectPoints(rays, still, still, unit, coefficients)
        image: np.ndarray = found[:, 0]
        return image
