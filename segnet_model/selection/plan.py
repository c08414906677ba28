"""A round of a selection, written down before its first image so that it can be gone on with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from segnet_model.base.documents import read_json
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.images.files import new_file
from segnet_model.selection.settings import SelectSettings

Key = tuple[str, int, int]  # topic, stamp and reception, by which a frame is found again
PLAN_FILE = "selection.unfinished.json"
MAX_PLAN = 1 << 26  # characters, of half a million frames


@dataclass(frozen=True)
class Pick:
    """A frame that comes into the data set."""

    topic: str
    stamp_ns: int
    receive_ns: int
    seconds: float
    score: float

    @property
    def key(self) -> Key:
        """By which the frame is found again."""
        return self.topic, self.stamp_ns, self.receive_ns


@dataclass(frozen=True)
class Plan:
    """What one round takes out of a source."""

    settings: SelectSettings
    number: int  # of the round, from 1
    candidates: int  # of which the frames to learn from were chosen
    train: tuple[Pick, ...]  # the best first
    val: tuple[Pick, ...]


def save_plan(dataset: Path, plan: Plan) -> None:
    """Write it, whole or not at all.

    Raises:
        DatasetError: it cannot be written.
    """
    values = {**asdict(plan), "train": _rows(plan.train), "val": _rows(plan.val)}
    with new_file(dataset / PLAN_FILE) as temporary:
        temporary.write_text(json.dumps(values), encoding="utf-8")


def load_plan(dataset: Path, settings: SelectSettings) -> Plan | None:
    """The plan of a selection that was interrupted; None where there is none.

    Raises:
        DatasetError: it is damaged.
        SettingsError: it is of another command.
    """
    path = dataset / PLAN_FILE
    if not path.is_file():
        return None
    anew = f"remove {path} to choose anew: what is in the data set stays"
    try:
        plan = _plan(read_json(path.read_text(encoding="utf-8"), MAX_PLAN))
    except (OSError, SettingsError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"cannot read {path} ({error}); {anew}") from None
    if difference := plan.settings.difference(settings):
        raise SettingsError(
            f"{dataset} holds an unfinished selection with {difference}; run that command again "
            f"to finish it, or {anew}"
        )
    return plan


def _rows(picks: Sequence[Pick]) -> list[tuple[Any, ...]]:
    return [astuple(pick) for pick in picks]


def _plan(values: dict[str, Any]) -> Plan:
    settings = SelectSettings(**values["settings"])
    train, val = (tuple(_pick(*row) for row in values[split]) for split in ("train", "val"))
    return Plan(settings, int(values["number"]), int(values["candidates"]), train, val)


def _pick(topic: str, stamp: int, receive: int, seconds: float, score: float) -> Pick:
    return Pick(str(topic), int(stamp), int(receive), float(seconds), float(score))
