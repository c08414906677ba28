"""Settings of a labeling, and the outputs that a recording allows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from segnet_model.bags.reader import BagReader
from segnet_model.base.choices import PREFIX
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.tables import AnswerSettings
from segnet_model.base.topics import info_topic
from segnet_model.datasets.sources import BagSource, Source
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.outputs import DEFAULT_OUTPUTS, GROUNDED, LATCHED, OUTPUTS
from segnet_model.recordings.calibration import Calibration, has_info
from segnet_model.recordings.mounting import Mounting, has_transforms

logger = logging.getLogger(__name__)
NAMES = (*OUTPUTS, *LATCHED)
CALIBRATED = {"camera_info", *GROUNDED}  # need the camera's calibration


@dataclass(frozen=True)
class LabelSettings:
    """Topics to add to a recording.

    Attributes:
        topic: image topic; None takes the only one of a bag, or `TOPIC`.
        outputs: some of `NAMES`; None takes `DEFAULT_OUTPUTS`, camera_info where the recording
            has it, and drivable_grid where the camera's pose is known too.
        prefix: namespace of the new topics.
        storage: "mcap", "sqlite3", or None for the recording's.
        answer: how outputs are made.
        ground: size of the grid, and pose of the camera unless it comes from the recording's tf.
        info_topic: CameraInfo topic; None takes camera_info beside the images.
    """

    topic: str | None = None
    outputs: Sequence[str] | None = None
    prefix: str = PREFIX
    storage: str | None = None
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    ground: GroundSettings = field(default_factory=GroundSettings)
    info_topic: str | None = None

    def __post_init__(self) -> None:
        if not self.prefix.startswith("/") or self.prefix.endswith("/"):
            raise SettingsError(f"prefix {self.prefix!r} must be like {PREFIX}")
        if unknown := sorted(set(self.outputs or ()) - set(NAMES)):
            raise SettingsError(f"no topics {unknown}; there are {', '.join(NAMES)}")

    def name(self, output: str) -> str:
        """The topic of an output."""
        return f"{self.prefix}/{output}"


Chosen = tuple[tuple[str, ...], Calibration | None]


def choose_outputs(source: Source, settings: LabelSettings) -> Chosen:
    """The outputs to add, and the camera's calibration where one of them needs it.

    Raises:
        BagError: the bag has one of the topics already, or no calibration.
        SettingsError: there is no calibration, or no pose of the camera for the grid.
    """
    if isinstance(source, BagSource):
        outputs, calibration = _choose(source.reader, source.topic, settings)
        _check_free(source.reader, outputs, settings)
        return outputs, calibration
    outputs = DEFAULT_OUTPUTS if settings.outputs is None else tuple(settings.outputs)
    if missing := sorted(CALIBRATED & set(outputs)):
        raise SettingsError(
            f"{source.path} is no bag and has no calibration for {', '.join(missing)}; leave "
            "that out of --topics, or make a bag with `segnet bag --camera-info`"
        )
    return outputs, None


def _choose(bag: BagReader, topic: str, settings: LabelSettings) -> Chosen:
    """The outputs of the settings, or the defaults for this recording."""
    info, outputs = settings.info_topic or info_topic(topic), settings.outputs
    if outputs is None and not has_info(bag, info):
        return DEFAULT_OUTPUTS, None
    if outputs is not None and not CALIBRATED.intersection(outputs):
        return tuple(outputs), None
    if outputs is not None and not GROUNDED.intersection(outputs):
        return tuple(outputs), Calibration(bag, info)
    mounting = Mounting(bag, settings.ground, settings.answer.base_frame)
    try:
        mounting.check(bag, topic)
    except SettingsError as error:
        if outputs is not None:
            raise
        if has_transforms(bag):
            logger.warning("no drivable_grid: %s", error)
        return (*DEFAULT_OUTPUTS, "camera_info"), Calibration(bag, info)
    outputs = (*DEFAULT_OUTPUTS, "camera_info", "drivable_grid") if outputs is None else outputs
    return tuple(outputs), Calibration(bag, info, mounting)


def _check_free(bag: BagReader, outputs: Sequence[str], settings: LabelSettings) -> None:
    existing = [name for name in map(settings.name, outputs) if name in bag.topics]
    if existing:
        raise BagError(
            f"bag {bag.path} has {', '.join(existing)} already; choose another name with --prefix"
        )
