"""Camera models: intrinsics and distortion as in ROS's CameraInfo, projection and its inverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.base.limits import MAX_SIDE
from segnet_model.driving.distortion import CALIBRATE, MODELS, Distortion

# Least and greatest width of view, degrees, of lenses on robots; a fisheye sees up to 360. Where a
# robot's camera, 40 to 120 degrees wide, has a focal length ten times too long, 4 to 20 are left.
_NARROW, _WIDE, _ROUND = 20.0, 175.0, 360.0
_SQUARE = 2.0  # largest ratio of the sides of a pixel, of one field of an interlaced image
_SHAPE = 0.02  # of the aspect ratio; binning drops a row, never more of a small image
_SPACING = 1 / 64  # radians between the pixels whose rays are computed; between them it is 3e-5


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
            raise SettingsError(f"camera_info holds numbers that are not finite; {CALIBRATE}")
        if not min(self.focal) > 0:
            raise SettingsError(
                f"focal lengths {self.focal} are not above 0: the camera is uncalibrated; "
                f"{CALIBRATE}"
            )
        self._distortion  # noqa: B018 - refuses an unknown one

    @cached_property
    def _distortion(self) -> Distortion:
        return _shared(self.model, self.distortion)

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
            raise SettingsError(f"K has {k.size} numbers instead of 9; {CALIBRATE}")
        if np.isfinite(k).all() and k.any() and (k[[1, 3, 6, 7]].any() or k[8] != 1):
            raise SettingsError(
                f"K {k.tolist()} is not [fx 0 cx, 0 fy cy, 0 0 1] by rows; skewed pixels are not "
                "known here: use the rectified image, as of image_proc"
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
                f"is uncalibrated; {CALIBRATE}"
            )
        if not 1 / _SQUARE <= self.focal[0] / self.focal[1] <= _SQUARE:
            raise SettingsError(
                f"focal lengths {self.focal} mean pixels that are far from square: the camera is "
                f"uncalibrated; {CALIBRATE}"
            )
        center = np.array(self.center)
        if not ((center >= 0) & (center < sizes)).all():
            raise SettingsError(
                f"the optical center {self.center} is outside the image of "
                f"{self.width}x{self.height} pixels: camera_info is of another image; publish that "
                "of this one, with its roi where it is a part of a larger one"
            )
        if self.model:
            self._check_distortion()

    def _check_distortion(self) -> None:
        for axis in (0, 1):
            size, focal, center = (
                (self.width, self.height)[axis],
                self.focal[axis],
                self.center[axis],
            )
            side = np.eye(2)[axis]
            self._distortion.check_side(-side, (center + 0.5) / focal)
            self._distortion.check_side(side, (size - 0.5 - center) / focal)

    def cropped(self, left: int, top: int, width: int, height: int) -> Lens:
        """The lens of a part of the image, CameraInfo's roi; all in pixels.

        Raises:
            SettingsError: the part reaches beyond the image.
        """
        if left + width > self.width or top + height > self.height:
            raise SettingsError(
                f"the roi of camera_info, {width}x{height} pixels at ({left}, {top}), reaches "
                f"beyond its image of {self.width}x{self.height}; width and height are those of "
                "the whole image"
            )
        center = (self.center[0] - left, self.center[1] - top)
        return replace(self, width=width, height=height, center=center)

    def scaled_to(self, width: int, height: int) -> Lens:
        """The lens of the same image at another size, e.g. after binning.

        Raises:
            SettingsError: the size has another aspect ratio.
        """
        expected = width * self.height / self.width
        if abs(expected - height) >= min(1, _SHAPE * expected):
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
        seen = from_axis < self._distortion.reach
        pixels = np.full((len(points), 2), np.nan)
        if seen.any():
            pixels[seen] = self._distortion.apply(points[seen]) * self.focal + self.center
        return pixels

    def unproject(self, pixels: np.ndarray) -> np.ndarray:
        """The rays through pixels (N, 2), column and row: the inverse of `project`.

        Returns:
            (N, 3) float64 of length 1 in the optical frame; NaN where the distortion model does
            not reach.
        """
        return self._distortion.undo((pixels - self.center) / self.focal)

    def rays(self, rows: slice) -> np.ndarray:
        """The ray through the middle of each pixel of some rows.

        Returns:
            (rows, width, 3) float64 in the optical frame, nearly of length 1; NaN where the
            distortion model does not reach.
        """
        down, across = (
            _few(*rows.indices(self.height)[:2], self.focal[1]),
            _few(0, self.width, self.focal[0]),
        )
        pixels = np.stack(np.meshgrid(across, down), -1).reshape(-1, 2)
        known = _between(self.unproject(pixels).reshape(len(down), len(across), 3), across)
        return _between(known.swapaxes(0, 1), down).swapaxes(0, 1)


@lru_cache(64)  # its reach takes milliseconds, and the node makes a lens for each image
def _shared(model: str, coefficients: tuple[float, ...]) -> Distortion:
    return Distortion(model, coefficients)


def _few(first: int, end: int, focal: float) -> np.ndarray:
    """Places of some of the pixels from first up to end, the last one included; float64."""
    spacing = max(1.0, _SPACING * focal)
    return np.linspace(first, end - 1, int(np.ceil((end - 1 - first) / spacing)) + 1)


def _between(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Interpolate values (n, places, 3) at all whole places: (n, pixels, 3)."""
    whole = np.arange(places[0], places[-1] + 0.5)
    position = np.interp(whole, places, np.arange(len(places)))
    low = np.minimum(position.astype(int), max(len(places) - 2, 0))
    share = (position - low)[:, None]
    high = np.minimum(low + 1, len(places) - 1)
    found: np.ndarray = values[:, low] * (1 - share) + values[:, high] * share
    return found
