"""First look at a recording: whether its camera hangs, and its images stand, as is needed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from math import atan2, degrees, hypot, inf

import numpy as np

from segnet_model.bags.odometry import Way
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.sources import BagSource, Frame
from segnet_model.driving import CameraPose, Lens
from segnet_model.driving.horizon import sampled_rays
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.upright import UprightCheck, not_upright
from segnet_model.recordings.driven_labels import CameraView
from segnet_model.recordings.mounting import Mounting

logger = logging.getLogger(__name__)
ORDER = (0, 3, 6, 1, 4, 7, 2, 5, 8)  # of ninths of the drive, so that each turn sees all of it
MOST_ROLL, UPSIDE_DOWN = 45.0, 135.0  # degrees
MOST_UP = -30.0  # degrees of pitch of a camera that sees ground
LEAST_TILT = 0.26  # sine of 15 degrees; a camera that looks straight down has no roll
AHEAD, SIDEWARDS = 0.95, 0.7  # share of the way: cosine of its mean angle to the robot's front
STRIDE = 0.25  # meters of a step, far above what odometry shakes by
TURN = (
    "turn them in the camera's driver, and record again; or, where the camera's pose says the "
    "same, or a look at them shows that they are upright, give --turned and --no-network"
)


def check_camera(
    source: BagSource, mounting: Mounting, view: CameraView, predictor: Predictor | None
) -> None:
    """Check the pose at the first image, and the images by a network.

    Args:
        source: of the images.
        mounting: gives the pose, and knows the transforms that it is from.
        view: gives lens and pose of a frame.
        predictor: looks at the images; None takes the default weights for it.

    Raises:
        SettingsError: the camera is below the ground, sees none, or is not upright by its pose.
        BagError: the images are not upright.
    """
    for frame, image in source.images():
        _check_pose(source, mounting, view, frame, image.shape[:2])
        break
    predictor = predictor or Predictor.load(DEFAULT_WEIGHTS, "cpu")
    check = UprightCheck()
    for second, image in enumerate(_spread(source)):
        check.look(image, predictor.predict(image), predictor.predict, float(second))
    if check.turn:
        raise BagError(f"{source.topic} in bag {source.path}: {not_upright(check.turn, TURN)}")


def check_way(source: BagSource, way: Way) -> None:
    """Check that the robot drives ahead by its poses, rather than by their inverses.

    A pose that is the wrong way round is one too, and moves: back on a straight way, and sidewards
    on others.

    Args:
        source: of the images.
        way: of the robot.

    Raises:
        BagError: it drives sidewards, and ahead by the inverses.
    """
    poses = way.matrices()
    ahead, inverse = _share_ahead(poses), _share_ahead(np.linalg.inv(poses))
    if inverse < AHEAD or ahead > SIDEWARDS:
        return
    parent, child = way.frames
    said = (
        f"by its poses from {parent} to {child}, the robot of bag {source.path} drives "
        f"{'back' if ahead < -AHEAD else 'sidewards'}, and by their inverses ahead"
    )
    if ahead < -AHEAD:
        logger.warning(
            "%s; if it did not drive back, parent and child of these poses are exchanged", said
        )
        return
    raise BagError(
        f"{said}: parent and child of these poses are exchanged; correct their publisher, or name "
        "another source of the way with --odometry or --odom-frame"
    )


def _share_ahead(poses: np.ndarray) -> float:
    """The share of the way (n, 4, 4) that is ahead, by its steps: 1 ahead, 0 sidewards, -1 back."""
    kept = [0]
    for index, place in enumerate(poses[:, :3, 3]):
        if np.linalg.norm(place - poses[kept[-1], :3, 3]) >= STRIDE:
            kept.append(index)
    begins, ends = poses[kept[:-1]], poses[kept[1:], :3, 3]
    steps = np.einsum("nji,nj->ni", begins[:, :3, :3], ends - begins[:, :3, 3])
    lengths = np.linalg.norm(steps, axis=1)
    return float(steps[:, 0].sum() / max(lengths.sum(), STRIDE))


def _spread(source: BagSource) -> Iterator[np.ndarray]:
    """Nine images from all over the drive, (H, W, 3) uint8 RGB."""
    length = source.end_ns - source.start_ns
    if source.is_video:  # would be decoded from its begin for each
        every = length / len(ORDER) / NANOSECONDS
        images = [image for _, image in source.part(every=every).images()]
        yield from (images[index] for index in ORDER if index < len(images))
        return
    for index in ORDER:
        begin = source.start_ns + index * length // len(ORDER)
        for _, image in source.between(begin, inf).images():
            yield image
            break


def _check_pose(
    source: BagSource, mounting: Mounting, view: CameraView, frame: Frame, size: tuple[int, ...]
) -> None:
    try:
        mounting.pose(frame)
        fault = ""
    except SettingsError as error:
        fault = str(error)
    if fault := fault or pose_fault(*view(frame, size)):
        raise SettingsError(f"bag {source.path}: {fault}{_exchanged(mounting, frame)}")


def pose_fault(lens: Lens, pose: CameraPose) -> str:
    """Why images by this pose teach no network the ground, with the mend; empty where they do."""
    _, rays = sampled_rays(lens)
    if not (rays @ pose.matrix[2, :3] < 0).any():
        return (
            "no image shows ground that the robot drove over; check the camera's pose: it looks "
            f"{-pose.pitch:.0f} degrees up; camera_pitch is positive downward, and the frame_id in "
            "tf is an optical frame (z forward, y down)"
        )
    if abs(roll := _roll(pose)) <= MOST_ROLL:
        return ""
    how = "hangs upside down" if abs(roll) > UPSIDE_DOWN else "lies on its side"
    return (
        f"by its pose, the camera {how}, "
        "and no network learns from such images; check its transform, whose frame_id is an optical "
        "frame (z forward, y down), or camera_roll; where it hangs so, turn its images in its "
        "driver, or give --turned"
    )


def _roll(pose: CameraPose) -> float:
    """Degrees between the ground and the lower edge of the image; 0 for a look straight down."""
    right, down = -pose.matrix[2, :2]  # of the image, where the ground is
    return degrees(atan2(right, down)) if hypot(right, down) > LEAST_TILT else 0.0


def _exchanged(mounting: Mounting, frame: Frame) -> str:
    """The transform without which the pose would be right, if it is the wrong way round."""
    for parent, child, found in mounting.with_one_inverse(frame):
        try:
            pose = CameraPose.from_transform(found.translation.tolist(), found.rotation.tolist())
        except SettingsError:
            continue
        if abs(_roll(pose)) <= MOST_ROLL and pose.pitch > MOST_UP:
            return (
                f"; the pose would be right if the transform from {parent} to {child} were the "
                "other way round: are its parent and child exchanged?"
            )
    return ""
