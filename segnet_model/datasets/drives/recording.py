"""Rendered drives as recordings with ground truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.bags.messages import (
    camera_info_message,
    image_message,
    make_header,
    odometry_message,
    pose_message,
)
from segnet_model.bags.reader import BagWriter
from segnet_model.base.errors import SettingsError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.drives.settings import PLAIN, DriveSettings
from segnet_model.datasets.images_to_bag import FOLDER_START_NS
from segnet_model.scenes import Camera, Drive, SceneFrame, Square

IMAGE_TOPIC = "/camera/image_raw"
INFO_TOPIC = "/camera/camera_info"
LABELS_TOPIC = "/truth/labels"
DEPTH_TOPIC = "/truth/depth"
POSE_TOPIC = "/truth/pose"
ODOMETRY_TOPIC = "/odom"
FRAME, ODOM, BASE = "camera_optical_frame", "odom", "base_link"
ODOMETRY_RATE = 20.0  # Hz, at least
WORLD = "world"
HOUR_NS = 3600 * NANOSECONDS
Plan = Callable[[int, Square], np.ndarray]  # from a stamp, nanoseconds: which cells are free


def write_drive(
    path: str | Path,
    seed: int,
    seconds: float,
    fps: float = 10.0,
    storage: str = "mcap",
    depth: bool = False,
    progress: ShareDone = no_progress,
    settings: DriveSettings = PLAIN,
    then: Sequence[DriveSettings] = (),
) -> int:
    """Render a drive into a new recording; returns its number of frames.

    Each seed begins an hour after the one before, so that stamps of drives are distinct.

    Args:
        path: the rosbag2 folder to make.
        seed: 0 or more; the same drive for the same seed.
        seconds: of driving.
        fps: frames a second.
        storage: "mcap" or "sqlite3".
        depth: add /truth/depth, which doubles the size of the bag.
        progress: called with the share of frames that is done.
        settings: what the drive shows.
        then: what the next drives of the same recording show, each for so many seconds.

    Raises:
        BagError: the bag exists already or cannot be written.
        SettingsError: a number is out of range, or there is no such label set.
    """
    count = round(seconds * fps)
    if count < 1:
        raise SettingsError(f"{seconds} s at {fps} frames a second is no frame; ask for more")
    legs = [settings, *then]
    total = count * len(legs)
    start = FOLDER_START_NS + seed * HOUR_NS
    with BagWriter(path, storage) as bag:
        for index, (frame, drive) in enumerate(_frames(legs, seed, fps, count)):
            stamp = start + round(index / fps * NANOSECONDS)
            _write_odometry(bag, stamp, frame.stamp, drive, 1 / fps)
            _write_frame(bag, stamp, frame, drive.camera, depth)
            progress((index + 1) / total)
    return total


def plan_of(seed: int, seconds: float, legs: Sequence[DriveSettings], fps: float = 10.0) -> Plan:
    """The plans of the ground of a recording by `write_drive`, of the same arguments."""
    drives = [leg.drive(seed, fps) for leg in legs]
    start, count = FOLDER_START_NS + seed * HOUR_NS, round(seconds * fps)

    def plan(stamp_ns: int, square: Square) -> np.ndarray:
        leg, index = divmod(round((stamp_ns - start) / NANOSECONDS * fps), count)
        return drives[leg].free_cells(index, square)

    return plan


def _frames(
    legs: Iterable[DriveSettings], seed: int, fps: float, count: int
) -> Iterator[tuple[SceneFrame, Drive]]:
    """Each drive's frames, with the truth in its label set."""
    for leg in legs:
        drive, mapped = leg.drive(seed, fps), leg.label_map()
        for frame in drive.frames(count):
            yield replace(frame, labels=mapped.map(frame.labels)), drive


def _write_frame(
    bag: BagWriter, stamp: int, frame: SceneFrame, camera: Camera, depth: bool
) -> None:
    header = make_header(stamp, FRAME)
    bag.write(INFO_TOPIC, _camera_info(header, camera), stamp)
    bag.write_labels(LABELS_TOPIC, stamp, FRAME, frame.labels)
    bag.write(POSE_TOPIC, pose_message(make_header(stamp, WORLD), frame.camera_to_world), stamp)
    if depth:
        bag.write(DEPTH_TOPIC, image_message(header, frame.depth.astype("<f4"), "32FC1"), stamp)
    bag.write_image(IMAGE_TOPIC, stamp, FRAME, frame.image)


def _write_odometry(bag: BagWriter, stamp: int, seconds: float, drive: Drive, since: float) -> None:
    """Write the robot's poses since the frame before, up to the one at seconds and its stamp."""
    count = max(1, math.ceil(since * ODOMETRY_RATE)) if seconds else 1
    for number in reversed(range(count)):
        before = number * since / count
        time = stamp - round(before * NANOSECONDS)
        robot = _below(drive.pose(seconds - before))
        bag.write(ODOMETRY_TOPIC, odometry_message(make_header(time, ODOM), BASE, robot), time)


def _below(camera: np.ndarray) -> np.ndarray:
    """The pose (4, 4) of a robot on the ground below its camera, heading where that looks."""
    east, north = camera[:2, 2] / np.hypot(*camera[:2, 2])
    robot = np.eye(4)
    robot[:2, :2] = [[east, -north], [north, east]]
    robot[:2, 3] = camera[:2, 3]
    return robot


def _camera_info(header: Any, camera: Camera) -> Any:
    size, focal = (camera.width, camera.height), (camera.fx, camera.fy)
    center, lens = (camera.cx, camera.cy), (camera.model, camera.distortion)
    return camera_info_message(header, size, focal, center, *lens)
