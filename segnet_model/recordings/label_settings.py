"""Settings of a labeling, and the outputs that a recording allows."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from segnet_model.bags.messages import CAMERA_INFO
from segnet_model.bags.reader import BagReader
from segnet_model.base.choices import PREFIX
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.map_table import MapOptions
from segnet_model.base.options import changed, options_of
from segnet_model.base.tables import GRID, AnswerSettings
from segnet_model.base.topics import info_topic
from segnet_model.datasets.sources import BagSource, Source
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.outputs import DEFAULT_OUTPUTS, GROUNDED, LATCHED, OUTPUTS
from segnet_model.recordings.calibration import CameraCalibration
from segnet_model.recordings.mounting import Mounting, has_transforms, has_type
from segnet_model.recordings.recorded_map import NAME as MAP
from segnet_model.recordings.recorded_map import RecordedMap

logger = logging.getLogger(__name__)
NAMES = (*OUTPUTS, MAP, *LATCHED)
PLACED = {*GROUNDED, MAP}  # need the camera's pose
CALIBRATED = {"camera_info", *PLACED}  # need its calibration
_SPEED = {"robot_width", "stopping_distance", "lowest_speed"}
_MAKE = "make a bag of it with `segnet bag --camera-info`"


@dataclass(frozen=True)
class LabelSettings:
    """Topics to add to a recording.

    Attributes:
        topic: image topic; None takes the only one of a bag, or `TOPIC`.
        outputs: some of `NAMES`; None takes `DEFAULT_OUTPUTS`, camera_info where the recording
            has it, drivable_grid where the camera's pose is known too, and drivable_map where the
            robot's is.
        prefix: namespace of the new topics.
        storage: "mcap", "sqlite3", or None for the recording's.
        answer: how outputs are made.
        ground: size of the grid, and pose of the camera unless it comes from the recording's tf.
        info_topic: CameraInfo topic; None takes camera_info beside the images.
        map: the ground map, and where the robot's pose comes from.
    """

    topic: str | None = None
    outputs: Sequence[str] | None = None
    prefix: str = PREFIX
    storage: str | None = None
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    ground: GroundSettings = field(default_factory=GroundSettings)
    info_topic: str | None = None
    map: MapOptions = field(default_factory=MapOptions)

    def __post_init__(self) -> None:
        if not self.prefix.startswith("/") or self.prefix.endswith("/"):
            raise SettingsError(f"prefix {self.prefix!r} must be like {PREFIX}")
        if unknown := sorted(set(self.outputs or ()) - set(NAMES)):
            raise SettingsError(f"no topics {unknown}; there are {', '.join(NAMES)}")

    def name(self, output: str) -> str:
        """The topic of an output."""
        return f"{self.prefix}/{output}"

    def unused(self, outputs: Collection[str]) -> dict[str, str]:
        """The options that are given and that none of these outputs uses, with one that does."""
        options = options_of(GroundSettings) | options_of(AnswerSettings)
        given = {*changed(self.ground), *changed(self.answer)}
        ground = {name for name in given if options[name].group == GRID}
        of_outputs = {
            "speed_limit": ground & _SPEED,
            "drivable_grid": set() if PLACED.intersection(outputs) else ground - _SPEED,
            "camera_info": {"camera_info"} if self.info_topic else set(),
            MAP: set(changed(self.map)),
        }
        if CALIBRATED.intersection(outputs):
            of_outputs["camera_info"] = set()
        return {
            option: name
            for name, options in of_outputs.items()
            if name not in outputs
            for option in sorted(options)
        }


@dataclass(frozen=True, eq=False)
class Chosen:
    """Outputs to add, and what some of them need.

    Attributes:
        outputs: names.
        calibration: of the camera; None where no output needs it.
        map: of the ground; None where it is not wanted.
    """

    outputs: tuple[str, ...]
    calibration: CameraCalibration | None = None
    map: RecordedMap | None = None


def choose_outputs(source: Source, settings: LabelSettings) -> Chosen:
    """The outputs of the settings, or the defaults for this recording.

    Raises:
        BagError: the bag has one of the topics already, or no calibration.
        SettingsError: there is no calibration, no pose of the camera for the grid, or none of the
            robot for the map.
    """
    if isinstance(source, BagSource):
        chosen = _choose(source.reader, source.topic, settings)
        _check_free(source.reader, chosen.outputs, settings)
        _check_used(chosen.outputs, settings)
        return chosen
    outputs = DEFAULT_OUTPUTS if settings.outputs is None else tuple(settings.outputs)
    if missing := sorted(CALIBRATED & set(outputs)):
        raise SettingsError(
            f"{source.path} is no bag and has no calibration for {', '.join(missing)}; leave "
            f"that out of --topics, or {_MAKE}"
        )
    _warn_without_grid(settings, f"{source.path} is no bag and has no calibration; {_MAKE}")
    _check_used(outputs, settings)
    return Chosen(outputs)


def _choose(bag: BagReader, topic: str, settings: LabelSettings) -> Chosen:
    info, outputs = settings.info_topic or info_topic(topic), settings.outputs
    if outputs is None and not has_type(bag, info, CAMERA_INFO):
        _warn_without_grid(
            settings, f"bag {bag.path} has no CameraInfo on {info}; name its topic, --camera-info"
        )
        return Chosen(DEFAULT_OUTPUTS)
    if outputs is not None and not CALIBRATED.intersection(outputs):
        return Chosen(tuple(outputs))
    if outputs is not None and not PLACED.intersection(outputs):
        return Chosen(tuple(outputs), CameraCalibration(bag, info))
    mounting = Mounting(bag, settings.ground, settings.answer.base_frame)
    try:
        mounting.check(bag, topic)
    except SettingsError as error:
        if outputs is not None:
            raise
        if has_transforms(bag) or settings.unused(DEFAULT_OUTPUTS):
            logger.warning("no drivable_grid: %s", error)
        return Chosen((*DEFAULT_OUTPUTS, "camera_info"), CameraCalibration(bag, info))
    names = (*DEFAULT_OUTPUTS, "camera_info", "drivable_grid") if outputs is None else outputs
    return _with_map(tuple(names), bag, settings, CameraCalibration(bag, info, mounting))


def _warn_without_grid(settings: LabelSettings, reason: str) -> None:
    """Say that options of the grid are not used, where no topics are named."""
    if settings.outputs is None and settings.unused(DEFAULT_OUTPUTS):
        logger.warning("no drivable_grid: %s", reason)


def _with_map(
    outputs: tuple[str, ...],
    bag: BagReader,
    settings: LabelSettings,
    calibration: CameraCalibration,
) -> Chosen:
    """Add the map where it is asked for, or by default where the robot's pose is known."""
    if settings.outputs is not None and MAP not in outputs:
        return Chosen(outputs, calibration)
    resolution = settings.ground.grid_resolution
    try:
        found = RecordedMap(bag, settings.map, settings.answer.base_frame, resolution)
    except SettingsError as error:
        if settings.outputs is not None or settings.map.odometry:
            raise
        if has_transforms(bag) or changed(settings.map):
            logger.warning("no drivable_map: %s", error)
        return Chosen(outputs, calibration)
    # The map is made of the grids.
    names = dict.fromkeys((*outputs, "drivable_grid", MAP))
    return Chosen(tuple(names), calibration, found)


def _check_used(outputs: Sequence[str], settings: LabelSettings) -> None:
    """Raise SettingsError for an option of an output that is not among those asked for.

    Where none are named, those that the recording does not allow were named with the reason.
    """
    for option, name in settings.unused(outputs).items():
        if settings.outputs is not None or name == "speed_limit":
            raise SettingsError(
                f"{option} is of {name}, which is not written; add that to --topics, or leave "
                f"--{option.replace('_', '-')} away"
            )


def _check_free(bag: BagReader, outputs: Sequence[str], settings: LabelSettings) -> None:
    existing = [name for name in map(settings.name, outputs) if name in bag.topics]
    if existing:
        raise BagError(
            f"bag {bag.path} has {', '.join(existing)} already; choose another name with --prefix"
        )
