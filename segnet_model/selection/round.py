"""One round of a selection, saved before its first image so that it can be resumed."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from segnet_model.base.documents import read_json
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.extraction.splits import SPLITS
from segnet_model.datasets.sources import Key
from segnet_model.images.files import new_file

UNFINISHED_FILE = "selection.unfinished.json"
MAX_TEXT = 1 << 26  # characters, for half a million frames


@dataclass(frozen=True)
class SelectSettings:
    """Options of a selection; only equal ones resume a round."""

    source: str  # absolute path of a bag, or of a folder of images
    weights: str
    topic: str | None  # image topic; None takes the only one of the bag
    every: float  # minimum seconds between two candidates of a bag
    count: int  # frames to select for train
    val: int  # frames to select for val
    uncertainty: str
    samples: int
    seed: int

    def __post_init__(self) -> None:
        """Raise SettingsError where a value is out of range."""
        if self.count < 1 or self.val < 0 or not 0 <= self.every <= 1e6:
            raise SettingsError(
                f"--count {self.count} must be 1 or more, --val {self.val} and --every "
                f"{self.every} 0 or more"
            )

    def difference(self, other: SelectSettings) -> str | None:
        """The first setting that differs, as "count 30, not 50"; None where all are equal."""
        values = asdict(other)
        differing = (
            f"{name} {value}, not {values[name]}"
            for name, value in asdict(self).items()
            if value != values[name]
        )
        return next(differing, None)


@dataclass(frozen=True)
class Pick:
    """A selected frame."""

    topic: str
    stamp_ns: int
    receive_ns: int
    seconds: float
    score: float
    source: str = ""  # absolute path of the recording, or its address

    @property
    def key(self) -> Key:
        """The frame's identity."""
        return Key(self.source, self.topic, self.stamp_ns, self.receive_ns)


@dataclass(frozen=True)
class Round:
    """The selected frames of one round."""

    settings: SelectSettings
    number: int  # from 1
    candidates: int  # number of frames that train was selected from
    train: tuple[Pick, ...]  # the best first
    val: tuple[Pick, ...]


def save_round(dataset: Path, selected: Round) -> None:
    """Save an unfinished round, whole or not at all; DatasetError where that fails."""
    rows = {split: [astuple(pick) for pick in getattr(selected, split)] for split in SPLITS}
    values = {**asdict(selected), **rows}
    with new_file(dataset / UNFINISHED_FILE, known=True) as temporary:
        temporary.write_text(json.dumps(values), encoding="utf-8")


def load_round(dataset: Path, settings: SelectSettings) -> Round | None:
    """Load the round that was interrupted; None where there is none.

    Raises:
        DatasetError: it is damaged.
        SettingsError: it has other settings.
    """
    path = dataset / UNFINISHED_FILE
    if not path.is_file():
        return None
    anew = f"remove {path} to choose anew: what is in the data set stays"
    try:
        selected = _parse(read_json(path.read_text(encoding="utf-8"), MAX_TEXT))
    except (OSError, SettingsError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"cannot read {path} ({error}); {anew}") from None
    if difference := selected.settings.difference(settings):
        raise SettingsError(
            f"{dataset} holds an unfinished selection with {difference}; run that command again "
            f"to finish it, or {anew}"
        )
    return selected


def _parse(values: dict[str, Any]) -> Round:
    settings = SelectSettings(**values["settings"])
    train, val = (tuple(pick_of(*row) for row in values[split]) for split in SPLITS)
    return Round(settings, int(values["number"]), int(values["candidates"]), train, val)


def pick_of(
    topic: str, stamp: int, receive: int, seconds: float, score: float, source: str = ""
) -> Pick:
    """A pick of values that were saved; TypeError or ValueError where they are none."""
    return Pick(str(topic), int(stamp), int(receive), float(seconds), float(score), str(source))
