"""The ground that a robot drove over, in the images that its camera took on the way.

Where the robot's footprint lay, one can drive. This needs no label by hand: Kim et al.,
"Traversability classification using unsupervised on-line visual learning", ICRA 2006; Frey et al.,
"Fast traversability estimation for wild visual navigation", RSS 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose
from segnet_model.driving.way import USUAL, DrivenPath, DrivenSettings

_SIDE = 4  # points of each side of a footprint: a lens bends long edges
_SHIFT = 4  # binary digits behind the point of a drawn pixel


@dataclass(frozen=True)
class Footprint:
    """The rectangle on the ground that the robot covers.

    Attributes:
        length: meters along the robot.
        width: meters across it.
        forward: meters from the origin of the robot's frame to the middle, along the robot.
    """

    length: float
    width: float
    forward: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an empty rectangle, and one in centimeters."""
        for name, side in (("length", self.length), ("width", self.width)):
            if not 0.05 <= side <= 20:
                raise SettingsError(
                    f"the footprint's {name} is {side:g} m; give 0.05 to 20, the robot's own"
                )
        if not abs(self.forward) <= 20:
            raise SettingsError(f"the footprint's middle is {self.forward:g} m ahead; give meters")

    def outlines(self, margins: np.ndarray) -> np.ndarray:
        """Its outlines with the sides moved inward by margins (n,), meters.

        Returns:
            (n, 4 * _SIDE, 3) float64 points in the robot's frame, all at its middle where nothing
            is left of the rectangle.
        """
        share = np.arange(_SIDE) / _SIDE
        edge = np.concatenate([
            np.column_stack([1 - 2 * share, np.ones(_SIDE)]),
            np.column_stack([-np.ones(_SIDE), 1 - 2 * share]),
            np.column_stack([2 * share - 1, -np.ones(_SIDE)]),
            np.column_stack([np.ones(_SIDE), 2 * share - 1]),
        ])  # fmt: skip
        half = np.array([self.length, self.width]) / 2
        halves = np.maximum(half - margins[:, None], 0)
        outlines = np.zeros((len(margins), len(edge), 3))
        outlines[..., :2] = edge * halves[:, None]
        outlines[..., 0] += self.forward
        return outlines


def driven_pixels(
    lens: Lens,
    camera: CameraPose,
    path: DrivenPath,
    stamp: int,
    footprint: Footprint,
    settings: DrivenSettings = USUAL,
) -> np.ndarray | None:
    """The pixels of an image in which the robot drove, shortly before or after.

    What stands in front of that ground is not known here: its pixels are among them.

    Args:
        lens: of the image.
        camera: its pose in the robot's frame.
        path: the robot's way.
        stamp: of the image, nanoseconds.
        footprint: of the robot.
        settings: how far the way is trusted.

    Returns:
        (H, W) bool; None where the robot's pose at that time is not known.
    """
    here = path.at(stamp)
    if here is None:
        return None
    poses, ways = path.near(stamp, settings)
    margins = settings.margin + settings.drift * ways
    kept = margins < min(footprint.length, footprint.width) / 2
    relative = np.linalg.inv(here) @ poses[kept]
    outlines = footprint.outlines(margins[kept])
    points = outlines @ relative[:, :3, :3].transpose(0, 2, 1) + relative[:, None, :3, 3]
    pixels = lens.project(camera.to_optical(points.reshape(-1, 3))).reshape(*points.shape[:2], 2)
    return whole_pixels(touched_pixels(pixels, (lens.height, lens.width)))


def touched_pixels(outlines: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The pixels that outlines (n, k, 2) fill or touch: (height, width) uint8, 0 or 1."""
    mask = np.zeros(size, np.uint8)
    far = 8 * max(size)  # pixels; OpenCV draws no larger numbers
    usable = np.isfinite(outlines).all((1, 2)) & (np.abs(outlines) < far).all((1, 2))
    usable &= ((outlines.max(1) > -1) & (outlines.min(1) < size[::-1])).all(1)
    for corners in np.rint(outlines[usable] * (1 << _SHIFT)).astype(np.int32):
        cv2.fillPoly(mask, [corners], 1, shift=_SHIFT)
    return mask


def whole_pixels(mask: np.ndarray) -> np.ndarray:
    """The pixels that are filled, of `touched_pixels`, since OpenCV fills those at edges too."""
    return np.asarray(cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=1) > 0)
