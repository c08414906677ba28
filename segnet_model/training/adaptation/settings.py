"""Settings of an adaptation."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import (
    ABOVE_0,
    BELOW_1,
    MANY,
    changed,
    check_options,
    option,
    option_of,
)
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.training.settings import DATA, SIZE_NAMES, TrainSettings

WORLDS = 64
LEAST_FRAMES = 40  # usable ones; fewer show too little of a place
LEARNING = "learning"
OF_LEARNING = (
    "steps", "batch_size", "crop_size", "learning_rate", "average", "keep", "check_every",
)  # fmt: skip
USUAL_FRAMES = 400


@dataclass(frozen=True)
class AdaptSettings:
    """Settings of an adaptation; the defaults suit a drive of ten minutes."""

    init: str = option(
        DEFAULT_WEIGHTS, "Weights to start from: a file, or the name of shipped weights.",
        group=DATA, metavar="WEIGHTS",
    )  # fmt: skip
    origin: str | None = option(
        None, "Weights that the result must not be worse than, either, as those that a row of "
        "adaptations began with.",
        plain="", otherwise="those of init alone", group=DATA, metavar="WEIGHTS",
    )  # fmt: skip
    replay: str | None = option(
        None, "Data set of old images with labels, learned again so that they are not forgotten; "
        "the guard measures on its val.",
        plain="", otherwise="worlds, rendered into OUT/worlds", group=DATA, metavar="DATASET",
    )  # fmt: skip
    worlds: int = option(
        WORLDS, "Number of rendered drives of three images, where there is no replay; a fourth of "
        "them is for the guard.",
        limits=(4, 10000), group=DATA,
    )  # fmt: skip
    labeled: str | None = option(
        None, "Data set with a few labeled images of the new place; the guard measures on its "
        "val, or train where it has none, and nothing learns from it.",
        plain="", otherwise="none", group=DATA, metavar="DATASET",
    )  # fmt: skip
    frames: int = option(
        USUAL_FRAMES,
        "Most frames of the recording, evenly spaced; a fifth of them is for the guard.",
        limits=(LEAST_FRAMES, 10000), group=DATA,
    )  # fmt: skip
    statistics_only: bool = option(
        False, "Mix the camera's statistics into batch normalization, and learn nothing more.",
        group=LEARNING,
    )  # fmt: skip
    steps: int = option(600, "Steps of learning.", limits=(1, MANY), group=LEARNING)
    batch_size: int = option(
        4, "Frames in a step, and as many old images.", limits=(1, 4096), group=LEARNING
    )
    crop_size: tuple[int, int] = option(
        (192, 256), "Size of the random crops to learn from: height and width in pixels, at the "
        "network's input size; smaller ones are faster.",
        group=LEARNING, metavar=SIZE_NAMES,
    )  # fmt: skip
    learning_rate: float = option(
        2e-4, "Peak learning rate.", limits=(ABOVE_0, math.inf), group=LEARNING
    )
    average: float = option(
        0.98, "Decay of the moving average of the weights, which is the teacher.",
        limits=(0.0, BELOW_1), group=LEARNING,
    )  # fmt: skip
    keep: float = option(
        0.6, "Share of the pixels of each class that are learned: the surest ones.",
        limits=(ABOVE_0, 1.0), group=LEARNING,
    )  # fmt: skip
    check_every: int = option(
        40, "Steps between two looks of the guard.", limits=(1, MANY), group=LEARNING
    )
    seed: int = option(
        0, "Random seed; the same seed gives the same weights.",
        limits=(0, 2**31 - 1), group=LEARNING,
    )  # fmt: skip
    precision: str = option_of(TrainSettings, "precision")
    device: str = option_of(TrainSettings, "device")
    save_every_s: float = option_of(TrainSettings, "save_every_s")

    def __post_init__(self) -> None:
        """Raise SettingsError, with the mend, where values are out of range or contradict."""
        check_options(self)
        if self.replay and self.worlds != WORLDS:
            raise SettingsError(f"replay {self.replay} takes the place of worlds; leave one away")
        if self.statistics_only:  # so not of the defaults, with which `changed` compares
            self._check_learning()

    def _check_learning(self) -> None:
        """Raise SettingsError for an option that learning alone has."""
        for name in changed(self):
            if name in OF_LEARNING:
                raise SettingsError(
                    f"{name} is of learning, which statistics_only leaves out; leave one away"
                )

    def shaping(self) -> dict[str, Any]:
        """Settings that change the result, as plain values."""
        values = asdict(self)
        for name in ("device", "save_every_s"):
            del values[name]
        return values
