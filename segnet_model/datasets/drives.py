"""Rendered drives as recordings with ground truth, and as data sets."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from multiprocessing import get_context
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
from segnet_model.base.atomic import check_output, write_rules
from segnet_model.base.errors import SettingsError
from segnet_model.base.lock import locked
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.folder import make_folders, write_label_set
from segnet_model.datasets.images_to_bag import FOLDER_START_NS
from segnet_model.datasets.layout import CamVidLayout
from segnet_model.images.files import write_png
from segnet_model.labels import LabelMap
from segnet_model.scenes import (
    Camera,
    Drive,
    SceneFrame,
    Square,
    Surfaces,
    draw_camera,
    draw_conditions,
)

IMAGE_TOPIC = "/camera/image_raw"
INFO_TOPIC = "/camera/camera_info"
LABELS_TOPIC = "/truth/labels"
DEPTH_TOPIC = "/truth/depth"
POSE_TOPIC = "/truth/pose"
ODOMETRY_TOPIC = "/odom"
FRAME, ODOM, BASE = "camera_optical_frame", "odom", "base_link"
ODOMETRY_RATE = 20.0  # Hz, at least
WORLD = "world"
SCENES, STREET, OUTDOOR = "scenes", "camvid", "outdoor"  # label sets
VARIED = "varied"
HOUR_NS = 3600 * NANOSECONDS
Plan = Callable[[int, Square], np.ndarray]  # from a stamp, nanoseconds: which cells are free


@dataclass(frozen=True)
class DriveSettings:
    """What drives show and how, for all seeds.

    Attributes:
        unknown: add objects of no class, whose pixels are ignored; see `Drive`.
        labels: label set of the truth, camvid or outdoor; None takes camvid for the street.
        surfaces: what covers the ground, walls and plants; see `Drive`.
        world: where the drives lead; a name of `WORLDS`.
        conditions: "plain" for days with a good camera; "varied" draws seasons, light, weather
            and faults of the camera for each drive; see `draw_conditions`.
        cameras: "default" for one camera; "varied" draws height, tilt, field of view, distortion
            and image size for each drive; see `draw_camera`.

    Raises:
        SettingsError: conditions or cameras are none of these.
    """

    unknown: bool = False
    labels: str | None = None
    surfaces: Surfaces | None = None
    world: str = "street"
    conditions: str = "plain"
    cameras: str = "default"

    def __post_init__(self) -> None:
        """Check the names."""
        for name, value, known in (
            ("conditions", self.conditions, ("plain", VARIED)),
            ("cameras", self.cameras, ("default", VARIED)),
        ):
            if value not in known:
                raise SettingsError(f"{name} {value!r}; use one of {', '.join(known)}")

    def label_map(self) -> LabelMap:
        """Return the map from the ids of frames to the label set of the truth."""
        return LabelMap.load(SCENES, self.labels or (STREET if self.world == "street" else OUTDOOR))

    def camera(self, seed: int) -> Camera:
        """Return the camera of a seed."""
        return draw_camera(seed) if self.cameras == VARIED else Camera()

    def drive(self, seed: int, fps: float | None) -> Drive:
        """Return the drive of a seed."""
        return Drive(
            seed,
            camera=self.camera(seed),
            fps=fps,
            unknown=self.unknown,
            world=self.world,
            surfaces=self.surfaces,
            conditions=draw_conditions(seed) if self.conditions == VARIED else None,
        )


def write_drive(
    path: str | Path,
    seed: int,
    seconds: float,
    fps: float = 10.0,
    storage: str = "mcap",
    depth: bool = False,
    progress: ShareDone = no_progress,
    settings: DriveSettings = DriveSettings(),
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


def write_dataset(
    folder: str | Path,
    seeds: Sequence[int],
    frames: int,
    fps: float | None = None,
    val: float = 0.1,
    workers: int | None = None,
    progress: ShareDone = no_progress,
    settings: DriveSettings = DriveSettings(),
) -> tuple[int, int]:
    """Render drives into a data set in CamVid's form; returns the images of train and of val.

    Args:
        folder: the data set; created if missing. Files are named by seed and frame.
        seeds: of the drives. The last ones become the validation split, whole drives each.
        frames: images a drive.
        fps: frames a second; None draws a frame every 8 meters.
        val: share of the drives in the validation split, 0 to 1.
        workers: processes that render; None takes one for each core.
        progress: called with the share of drives that is done.
        settings: what the drives show.

    Raises:
        DatasetError: a file cannot be written, or the folder has labels of another set.
        SettingsError: a number is out of range, or there is no such label set.
    """
    if frames < 1 or not seeds or not 0 <= val <= 1:
        raise SettingsError(
            f"cannot render {len(seeds)} drives of {frames} frames with a share of {val} to val; "
            "ask for 1 or more of both, and a share from 0 to 1"
        )
    if workers is not None and workers < 1:
        raise SettingsError(f"workers is {workers}; give at least 1")
    with locked(Path(folder), "command"):
        return _write_dataset(Path(folder), seeds, frames, fps, val, workers, progress, settings)


def _write_dataset(
    folder: Path,
    seeds: Sequence[int],
    frames: int,
    fps: float | None,
    val: float,
    workers: int | None,
    progress: ShareDone,
    settings: DriveSettings,
) -> tuple[int, int]:
    first_val = len(seeds) - round(len(seeds) * val)
    jobs = [(seed, "val" if i >= first_val else "train") for i, seed in enumerate(seeds)]
    mapped = settings.label_map()
    for (seed, split), index in product(jobs, range(frames)):
        for path in _paths(folder, split, seed, index):
            check_output(path)
    make_folders(folder)
    write_label_set(folder, mapped.target)
    render = partial(_render, folder, frames, fps, mapped, settings)
    if workers == 1:
        _report(map(render, jobs), len(jobs), progress)
    else:
        # Forking a process in which PyTorch or ROS runs threads can hang.
        context = get_context("spawn")
        with _hidden_main(), ProcessPoolExecutor(workers or os.cpu_count(), context) as pool:
            _report(pool.map(render, jobs), len(jobs), progress)
    return first_val * frames, (len(seeds) - first_val) * frames


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Keep new processes from running the main program, which may have no main guard."""
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: vars(main).pop(name) for name in ("__file__", "__spec__") if name in vars(main)
    }
    main.__spec__ = None
    try:
        yield
    finally:
        vars(main).update(hidden)


def _paths(folder: Path, split: str, seed: int, index: int) -> tuple[Path, Path]:
    """Paths of an image's labels, and of the image."""
    image = folder / split / f"{seed:06d}_{index:04d}.png"
    return CamVidLayout(folder).label_path(image), image


def _render(
    folder: Path,
    frames: int,
    fps: float | None,
    mapped: LabelMap,
    settings: DriveSettings,
    job: tuple[int, str],
) -> None:
    seed, split = job
    for index, frame in enumerate(settings.drive(seed, fps).frames(frames)):
        labels, image = _paths(folder, split, seed, index)
        with write_rules(overwrite=True):  # the paths have been checked
            write_png(labels, mapped.map(frame.labels))
            write_png(image, frame.image)


def _report(done: Iterable[None], total: int, progress: ShareDone) -> None:
    for number, _ in enumerate(done, 1):
        progress(number / total)
