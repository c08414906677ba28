"""What stands where, in the images of a robot: by its laser scanner, and by what it bumped into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.driven import Footprint, touched_pixels, whole_pixels
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose
from segnet_model.driving.way import DrivenPath, DrivenSettings

_CONTACT = 0.15  # meters: so deep is the ground before the footprint on which a thing surely stands
_BEFORE = 300_000_000  # nanoseconds in which the direction before a bump is seen
_MOVED = 0.01  # meters in them; a robot that moved less turned on the spot, or was pushed
LEAST_HEIGHT = 0.05  # meters; a beam that ends lower may have met the ground
_DOWN = 0.3  # meters below a beam in which what it met is taken to go on
_TILT = 0.03  # radians by which a robot nods or a ground slopes: so high, a pixel may show ground
_LEVELS = 8  # parts of a wall, one above the other: a lens bends it, and does not see all


@dataclass(frozen=True)
class Returns:
    """Where the beams of one turn of a laser scanner ended.

    Attributes:
        times: (n,) int64 nanoseconds, of each beam.
        edges: (n, 2, 3) float64 meters in the robot's frame at that time: both sides of the
            beam, at its end.
        firm: (n,) bool, whether a beam beside it ended on the same thing.
    """

    times: np.ndarray
    edges: np.ndarray
    firm: np.ndarray


def standing_pixels(
    lens: Lens, camera: CameraPose, path: DrivenPath, stamp: int, returns: Returns
) -> tuple[np.ndarray, np.ndarray] | None:
    """The pixels of an image in which a scan of nearly the same time shows things.

    Each reaches from the beam that met it a little down, where legs or wheels are still near, and
    not so far that the pixel may show ground; it may hide all that lies behind it.

    Args:
        lens: of the image.
        camera: its pose in the robot's frame.
        path: the robot's way.
        stamp: of the image, nanoseconds.
        returns: of the scan.

    Returns:
        Two (H, W) bool: things, by beams with a neighbor; and the pixels that any thing hides, were
        it as high as the camera. None where the robot's pose at either time is not known.
    """
    here = path.at(stamp)
    poses = path.poses_at(stamp, returns.times) if len(returns.times) else np.empty((0, 4, 4))
    if here is None or poses is None:
        return None
    relative = np.linalg.inv(here) @ poses
    ends = np.einsum("nij,nkj->nki", relative[:, :3, :3], returns.edges)
    ends += relative[:, None, :3, 3]
    met = ends[..., 2].min(1) >= LEAST_HEIGHT
    ends, firm = ends[met], returns.firm[met]
    size = lens.height, lens.width
    tops = np.minimum(ends[..., 2], camera.height)
    far = np.hypot(ends[..., 0], ends[..., 1])
    feet = np.minimum(np.maximum(tops - _DOWN, _TILT * far), tops)
    things = touched_pixels(_walls(lens, camera, ends[firm], feet[firm], tops[firm]), size)
    high, ground = np.full_like(tops, camera.height), np.zeros_like(tops)
    hidden = touched_pixels(_walls(lens, camera, ends, ground, high), size)
    return whole_pixels(things), hidden > 0


def _walls(
    lens: Lens, camera: CameraPose, ends: np.ndarray, feet: np.ndarray, tops: np.ndarray
) -> np.ndarray:
    """Outlines (k, 4, 2), pixels, of upright walls, by levels.

    Args:
        lens: of the image.
        camera: its pose.
        ends: (n, 2, 3) meters, both sides of each wall.
        feet: (n, 2) meters above the ground, of the lower edge.
        tops: (n, 2) meters, of the upper edge.
    """
    points = np.repeat(ends[:, None], _LEVELS + 1, 1)
    share = np.linspace(0, 1, _LEVELS + 1)[:, None]
    points[..., 2] = feet[:, None] + share * (tops - feet)[:, None]
    pixels = lens.project(camera.to_optical(points.reshape(-1, 3)))
    pixels = pixels.reshape(*points.shape[:3], 2)
    low, high = pixels[:, :-1], pixels[:, 1:]
    return np.asarray(np.concatenate([low, high[:, :, ::-1]], 2).reshape(-1, 4, 2))


def bumped_pixels(
    lens: Lens,
    camera: CameraPose,
    path: DrivenPath,
    stamp: int,
    bumps: Sequence[int],
    footprint: Footprint,
    settings: DrivenSettings,
) -> np.ndarray:
    """The pixels of an image in which the robot was about to bump into something.

    This is the ground right before the footprint, on the side that the robot moved to.

    Args:
        lens: of the image.
        camera: its pose in the robot's frame.
        path: the robot's way, on which a pose of each bump is known.
        stamp: of the image, nanoseconds.
        bumps: times, nanoseconds.
        footprint: of the robot.
        settings: how far the way is trusted.

    Returns:
        (H, W) bool.
    """
    found = np.zeros((lens.height, lens.width), bool)
    most = settings.seconds * NANOSECONDS
    for bump in (each for each in bumps if abs(each - stamp) <= most):
        before = max(bump - _BEFORE, path.start_ns)
        poses = path.poses_at(stamp, np.array([stamp, bump, before]))
        meters = path.meters_between(stamp, bump)
        if poses is None or meters > settings.reach:
            continue
        place = _contact(poses[1:], footprint, settings.margin + settings.drift * meters)
        if place is not None:
            relative = np.linalg.inv(poses[0]) @ poses[1]
            points = place.outlines(np.zeros(1))[0] @ relative[:3, :3].T + relative[:3, 3]
            pixels = lens.project(camera.to_optical(points))[None]
            found |= whole_pixels(touched_pixels(pixels, found.shape))
    return found


def _contact(poses: np.ndarray, footprint: Footprint, margin: float) -> Footprint | None:
    """The ground where a thing stood at a bump, in the robot's frame there.

    Args:
        poses: (2, 4, 4) at the bump, and shortly before.
        footprint: of the robot.
        margin: meters by which it may lie further away, and less to the sides.
    """
    moved = -(np.linalg.inv(poses[0]) @ poses[1])[0, 3]
    width = footprint.width - 2 * margin
    if abs(moved) < _MOVED or width < 0.05:
        return None
    away = footprint.length / 2 + _CONTACT / 2 + margin
    return Footprint(_CONTACT, width, footprint.forward + float(np.sign(moved)) * away)
