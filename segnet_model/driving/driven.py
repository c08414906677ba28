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
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose

STEP = 0.05  # meters between two footprints that are drawn
TURN = 0.05  # radians between them where the robot turns on the spot
MAX_GAP = 0.5  # seconds between two poses of one stretch
JUMP = 1.0  # seconds back, from which a recording that is played has begun again
MAX_SPEED, MAX_RISE, MAX_SPIN = 20.0, 1.0, 6.0  # meters a second, the same upward, radians a second
LEAST_WAY = 1.0  # meters; a robot that drove less taught nothing
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


@dataclass(frozen=True)
class DrivenSettings:
    """How far the way of the robot is trusted.

    Attributes:
        reach: meters along the way, ahead and behind, that an image is labeled with.
        seconds: the same in time; what moves may have stood there before.
        margin: meters by which the footprint is narrowed on each side.
        drift: meters by which odometry may be wrong after one meter; the margin grows by it.
    """

    reach: float = 8.0
    seconds: float = 20.0
    margin: float = 0.03
    drift: float = 0.02

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        limits = {"reach": 100.0, "seconds": 3600.0, "margin": 1.0, "drift": 1.0}
        for name, most in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise SettingsError(f"{name} is {value}; give 0 to {most:g}")


class DrivenPath:
    """The way of a robot: poses by time, in stretches without gaps and jumps.

    Attributes:
        start_ns: stamp of the first pose.
        end_ns: stamp of the last pose.
        meters: length of the way.
        breaks: number of gaps and jumps.
    """

    def __init__(self, stamps: np.ndarray, poses: np.ndarray) -> None:
        """Measure the way, and place footprints along it.

        Args:
            stamps: (n,) int64 nanoseconds, rising.
            poses: (n, 4, 4) float64, from the robot's frame to the one that odometry starts in.

        Raises:
            SettingsError: the robot stands, or there are no poses.
        """
        if len(stamps) < 2 or not (np.diff(stamps) > 0).all():
            raise SettingsError("a way needs two poses or more, whose stamps rise")
        self._stamps, self._poses = stamps, poses
        self.start_ns, self.end_ns = int(stamps[0]), int(stamps[-1])
        moved, turned, broken = _steps(stamps, poses)
        self.breaks = int(broken.sum())
        moved, turned = np.where(broken, 0, moved), np.where(broken, 0, turned)
        self._way = np.append(0.0, np.cumsum(moved))
        self._stretch = np.append(0, np.cumsum(broken))
        self.meters = float(self._way[-1])
        if self.meters < LEAST_WAY:
            raise SettingsError(f"{self._shortness()}; record a drive with its whole odometry")
        placed = _places(self._way, np.append(0.0, np.cumsum(turned)), self._stretch, stamps)
        self._placed, self._placed_way = placed, np.interp(placed, stamps, self._way)
        self._placed_stretch = self._stretch[np.searchsorted(stamps, placed, "right") - 1]

    def _shortness(self) -> str:
        moved = f"the robot moved {self.meters:.2f} m in all, so nothing was driven over"
        if not self.breaks:
            return moved
        return (
            f"odometry has {self.breaks} gaps of more than {MAX_GAP} s or jumps, and without "
            f"these {moved}"
        )

    def at(self, stamp: int) -> np.ndarray | None:
        """The pose (4, 4) at a time in nanoseconds; None in a gap, and outside of the way."""
        after = int(np.searchsorted(self._stamps, stamp))
        if after == len(self._stamps) or (after == 0 and stamp != self._stamps[0]):
            return None
        if self._stamps[after] == stamp:
            return np.asarray(self._poses[after])
        if self._stretch[after] != self._stretch[after - 1]:
            return None
        return np.asarray(_between(self._stamps, self._poses, np.array([stamp]))[0])

    def near(self, stamp: int, settings: DrivenSettings) -> tuple[np.ndarray, np.ndarray]:
        """Poses along the way near a time, within reach and time, without a break between.

        Returns:
            (k, 4, 4) poses, and (k,) meters along the way from the pose at that time.
        """
        before = max(int(np.searchsorted(self._stamps, stamp, "right")) - 1, 0)
        stretch = self._stretch[before]
        here = float(np.interp(stamp, self._stamps, self._way))
        ways = self._placed_way - here
        chosen = (np.abs(ways) <= settings.reach) & (self._placed_stretch == stretch)
        chosen &= np.abs(self._placed - stamp) <= settings.seconds * NANOSECONDS
        times = self._placed[chosen]
        return _between(self._stamps, self._poses, times), np.abs(ways[chosen])


def driven_pixels(
    lens: Lens,
    camera: CameraPose,
    path: DrivenPath,
    stamp: int,
    footprint: Footprint,
    settings: DrivenSettings = DrivenSettings(),
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
    return _filled(pixels, (lens.height, lens.width))


def _filled(outlines: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The whole pixels within outlines (n, k, 2): (height, width) bool."""
    mask = np.zeros(size, np.uint8)
    far = 8 * max(size)  # pixels; OpenCV draws no larger numbers
    for outline in outlines[np.isfinite(outlines).all((1, 2))]:
        if np.abs(outline).max() < far:
            corners = np.rint(outline * (1 << _SHIFT)).astype(np.int32)
            cv2.fillPoly(mask, [corners], 1, shift=_SHIFT)
    # OpenCV fills the pixels that an edge touches too.
    return np.asarray(cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=1) > 0)


def _steps(stamps: np.ndarray, poses: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Meters and radians of each step (n - 1,), and whether no robot moves like that."""
    seconds = np.diff(stamps) / NANOSECONDS
    shift = np.diff(poses[:, :3, 3], axis=0)
    moved = np.linalg.norm(shift, axis=1)
    trace = np.einsum("nij,nij->n", poses[1:, :3, :3], poses[:-1, :3, :3])
    turned = np.arccos(np.clip((trace - 1) / 2, -1, 1))
    rise = np.abs(shift[:, 2])
    broken = (seconds > MAX_GAP) | (moved > 0.3 + MAX_SPEED * seconds)
    broken |= (turned > 0.15 + MAX_SPIN * seconds) | (rise > 0.1 + MAX_RISE * seconds)
    return moved, turned, broken


def _places(
    way: np.ndarray, turn: np.ndarray, stretch: np.ndarray, stamps: np.ndarray
) -> np.ndarray:
    """Times at which the robot has moved or turned by another step: (k,) int64, rising."""
    # Each break counts as a step, so that both of its ends are among the places.
    progress = way / STEP + turn / TURN + stretch
    wanted = np.arange(0.0, progress[-1] + 1)
    index = np.minimum(np.searchsorted(progress, wanted), len(stamps) - 1)
    times = np.append(_exact(progress, stamps, stretch, wanted, index), stamps[[0, -1]])
    return np.asarray(np.unique(times))


def _exact(
    progress: np.ndarray,
    stamps: np.ndarray,
    stretch: np.ndarray,
    wanted: np.ndarray,
    index: np.ndarray,
) -> np.ndarray:
    """Stamps of values of progress between poses; of the later pose where a break is between."""
    before = np.maximum(index - 1, 0)
    span = np.maximum(progress[index] - progress[before], 1e-12)
    share = np.clip((wanted - progress[before]) / span, 0, 1)
    share[stretch[index] != stretch[before]] = 1
    times = stamps[before] + np.rint(share * (stamps[index] - stamps[before])).astype(np.int64)
    return np.asarray(times, np.int64)


def _between(stamps: np.ndarray, poses: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Poses (k, 4, 4) at times (k,) within the way, on the line between their neighbors."""
    after = np.clip(np.searchsorted(stamps, times), 1, len(stamps) - 1)
    share = (times - stamps[after - 1]) / (stamps[after] - stamps[after - 1])
    mixed = poses[after - 1] + share[:, None, None] * (poses[after] - poses[after - 1])
    # The nearest rotation: neighbors are a few degrees apart, so that it lies between them.
    left, _, right = np.linalg.svd(mixed[:, :3, :3])
    mixed[:, :3, :3] = left @ right
    return np.asarray(mixed)
