"""Labels without a hand: where a robot drove is drivable, and things stand in the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segnet_model.bags.odometry import Way, read_way
from segnet_model.base.errors import BagError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.base.topics import info_topic
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.extraction.extract import DEFAULTS, Extracted, extract
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.extraction.splits import SPLITS
from segnet_model.datasets.folder import make_folders, open_split, spread, write_label_set
from segnet_model.datasets.sources import BagSource
from segnet_model.datasets.sources.folder import DRIVEN_SHEET
from segnet_model.driving.driven import Footprint
from segnet_model.driving.settings import GroundSettings
from segnet_model.driving.way import DrivenPath, DrivenSettings
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet
from segnet_model.pictures.drawing import overlay, panel
from segnet_model.recordings.calibration import CameraCalibration
from segnet_model.recordings.driven_checks import check_camera, check_way
from segnet_model.recordings.driven_labels import LABELS, DrivenLabels
from segnet_model.recordings.mounting import Mounting
from segnet_model.recordings.sense_settings import SenseSettings
from segnet_model.recordings.senses import read_senses

if TYPE_CHECKING:
    from segnet_model.inference.predictor import Predictor

SHEET_IMAGES, SHEET_COLUMNS, SHEET_SIZE = 12, 4, (320, 240)  # pixels: width, height


@dataclass(frozen=True)
class RobotSettings:
    """The robot of a recording, and the topics that say where it was.

    Attributes:
        footprint: that it covers on the ground.
        odometry: topic of nav_msgs/Odometry or geometry_msgs/PoseStamped; None takes the only
            Odometry of the bag, or else tf.
        odom_frame: in tf, the frame that odometry starts in, to take the way from tf; None takes
            it only where the bag has no Odometry, from odom.
        base_frame: the robot's frame, on the ground.
        ground: the camera's pose, unless tf has it.
        info_topic: CameraInfo topic; None takes camera_info beside the images.
        trust: how far the way is trusted.
        senses: its other sensors.
        turned: whether images may be upside down or on their side, as the pose says.
    """

    footprint: Footprint
    odometry: str | None = None
    odom_frame: str | None = None
    base_frame: str = "base_link"
    ground: GroundSettings = field(default_factory=GroundSettings)
    info_topic: str | None = None
    trust: DrivenSettings = field(default_factory=DrivenSettings)
    senses: SenseSettings = field(default_factory=SenseSettings)
    turned: bool = False


@dataclass(frozen=True)
class Driven:
    """What `driven` made: the images, and the way that they are from."""

    images: Extracted
    meters: float
    breaks: int  # gaps and jumps of odometry
    bumps: int = 0
    slips: int = 0
    without_scan: int = 0  # images that no scan was near

    def __str__(self) -> str:
        """One sentence."""
        counts = {
            "gaps or jumps of odometry": self.breaks, "bumps": self.bumps,
            "slips of wheels": self.slips, "images without a scan of their time": self.without_scan,
        }  # fmt: skip
        noted = [f"{count} {name}" for name, count in counts.items() if count]
        noted = [f"with {', '.join(noted)}"] if noted else []
        return ", ".join([str(self.images), f"along {self.meters:.0f} m", *noted])


def label_driven(
    path: str | Path,
    out: str | Path,
    robot: RobotSettings,
    predictor: Predictor | None = None,
    settings: ExtractSettings = DEFAULTS,
    progress: ShareDone = no_progress,
) -> Driven:
    """Make a data set of a recording, labeled by where the robot drove.

    Where its footprint lay shortly before or after an image, and the network sees ground, pixels
    are `Drivable`; where it is sure of what is no ground, `Blocked`; all others are ignored.

    Args:
        path: a bag with images, camera_info and the robot's way.
        out: the data set; created if missing.
        robot: its footprint and topics.
        predictor: finds things; None labels only the ground that was driven over.
        settings: which images, and their split.
        progress: called with the share that is done.

    Raises:
        BagError: the bag lacks one of these, or its clocks do not agree.
        SettingsError: the robot stands, or the camera's pose is not known.
        DatasetError: a file cannot be written, or the data set has other labels.
    """
    topic = next(iter(settings.topics), None)
    with BagSource(Path(path), topic) as source:
        labeler = _labeler(source, robot, predictor)
    labels = LabelSet.load(LABELS)
    make_folders(Path(out))
    write_label_set(Path(out), labels)
    made = extract(path, out, settings, progress, labeler)
    labeled = [split for split in SPLITS if any((Path(out) / f"{split}annot").iterdir())]
    if not labeled or not made.train + made.val + made.kept:
        sensed = " and is not left out by --scan, --bumper, --imu or --compare"
        raise BagError(
            f"no image of {path} shows ground that the robot drove over"
            f"{sensed if robot.senses != SenseSettings() else ''}; check the camera's pose "
            "(--camera-height, --camera-pitch), and that it looks where the robot goes"
        )
    _write_sheet(Path(out), labeled[0], labels)
    senses = labeler.senses
    return Driven(
        made, labeler.path.meters, labeler.path.breaks,
        len(senses.bumps), len(senses.slips), labeler.without_scan,
    )  # fmt: skip


def _write_sheet(dataset: Path, split: str, labels: LabelSet) -> None:
    """Draw the labels of some images, so that a person sees whether they are right."""
    folder = open_split(dataset, split, labels)
    drawn = []
    for index in spread(SHEET_IMAGES, len(folder)):
        image, ids = folder.read(index)
        known = (ids != labels.ignore_id)[..., None]
        picture = np.where(known, overlay(image, ids, labels), image)
        drawn.append(cv2.resize(picture, SHEET_SIZE, interpolation=cv2.INTER_AREA))
    columns = min(SHEET_COLUMNS, len(drawn))
    rows = [drawn[i : i + columns] for i in range(0, len(drawn), columns)]
    write_png(dataset / DRIVEN_SHEET, panel(rows, [""] * columns, labels))


def _labeler(source: BagSource, robot: RobotSettings, predictor: Predictor | None) -> DrivenLabels:
    bag = source.reader
    mounting = Mounting(bag, robot.ground, robot.base_frame)
    mounting.check(bag, source.topic)
    mounting.check_fixed(bag, source.topic)  # as no messages of /tf are followed
    calibration = CameraCalibration(bag, robot.info_topic or info_topic(source.topic), mounting)
    view = partial(calibration.view, mounting)
    way = read_way(bag, robot.odometry, robot.odom_frame, robot.base_frame)
    _check_clocks(source, way)
    check_way(source, way)
    senses = read_senses(bag, robot.senses, way, robot.base_frame)
    doubtful = [*senses.bumps, *senses.slips]
    path = DrivenPath(np.array(way.stamps, np.int64), way.matrices(), doubtful)
    if not robot.turned:
        check_camera(source, mounting, view, predictor)
    return DrivenLabels(path, view, robot.footprint, robot.trust, senses, predictor)


def _check_clocks(source: BagSource, way: Way) -> None:
    """Raise BagError where the stamps of images and odometry have nothing in common."""
    first = next(iter(source.frames()), None)
    if first is None:
        return
    length = source.end_ns - source.start_ns
    begin, end = way.stamps[0], way.stamps[-1]
    if first.stamp_ns > end or first.stamp_ns + length < begin:
        apart = (first.stamp_ns - begin) / NANOSECONDS
        raise BagError(
            f"the images of bag {source.path} are stamped {apart:+.1f} s from its odometry, and "
            "have no time in common; set the clocks of both machines by one, and record again"
        )
