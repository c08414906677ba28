"""State of an adaptation in one file, to resume from."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.training import origins
from segnet_model.training.adaptation.session import Session
from segnet_model.training.adaptation.settings import AdaptSettings
from segnet_model.training.changes import changes
from segnet_model.training.state import (
    KEY,
    keep_previous,
    naming_file,
    optimizer_tensors,
    previous_state,
    read_facts,
    restore_optimizer,
    with_prefix,
)
from segnet_model.weights.tensors import read_tensors, write_tensors

logger = logging.getLogger(__name__)
KIND = "adaptation"
NETWORK, AVERAGE, ACCEPTED = "network.", "average.", "accepted."


@dataclass
class Course:
    """What the guard has decided so far.

    Attributes:
        accepted: network of the last look without a bad sign.
        accepted_at: its step.
        checked_at: step of the last look.
        setbacks: times that steps were taken back.
        share: of the camera's statistics in batch normalization.
        looks: name, signs and reasons of each look, as plain values.
    """

    accepted: nn.Module
    accepted_at: int = 0
    checked_at: int = 0
    setbacks: int = 0
    share: float = 0.0
    looks: list[dict[str, Any]] = field(default_factory=list)


def save(
    path: Path, session: Session, course: Course, fingerprint: str, begun: Mapping[str, str]
) -> None:
    """Write the state, and keep the whole one before it; WeightsError where that fails."""
    numbers = {
        name: getattr(course, name)
        for name in ("accepted_at", "checked_at", "setbacks", "share", "looks")
    }
    facts = {
        "kind": KIND, "step": session.step, "rate": session.rate, "course": numbers,
        "levels": session.thresholds.levels.tolist(), "settings": session.settings.shaping(),
        "data": fingerprint, origins.KEY: dict(begun),
    }  # fmt: skip
    tensors: dict[str, Tensor] = optimizer_tensors(session.optimizer)
    for prefix, network in _networks(session, course).items():
        tensors |= {prefix + name: tensor for name, tensor in network.state_dict().items()}
    plain = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    keep_previous(path)
    write_tensors(path, plain, {KEY: json.dumps(facts)}, known=True)


def load(path: Path, session: Session, course: Course, fingerprint: str) -> None:
    """Restore a session and its course from the last whole state, if there is one.

    Raises:
        SettingsError: the recording or the old data have changed.
        WeightsError: the state is damaged, or does not fit.
    """
    if not path.exists():
        return
    try:
        _load(path, session, course, fingerprint)
    except WeightsError as error:
        before = previous_state(path)
        if not before.exists():
            raise
        logger.warning("%s; going on from %s", error, before)
        _load(before, session, course, fingerprint)
    logger.info("going on from step %d of %d", session.step, session.settings.steps)


def _load(path: Path, session: Session, course: Course, fingerprint: str) -> None:
    facts = read_facts(path, KIND)
    if facts.get("data") != fingerprint:
        raise SettingsError(
            f"the recording, its frames or the old data are others than when the adaptation in "
            f"{path.parent} began; give the same ones to go on, or another folder to start afresh"
        )
    with naming_file(path):
        tensors = read_tensors(path)
        for prefix, network in _networks(session, course).items():
            network.load_state_dict(with_prefix(tensors, prefix))
        restore_optimizer(session.optimizer, tensors)
        session.step, session.rate = int(facts["step"]), float(facts["rate"])
        session.average.restore(with_prefix(tensors, AVERAGE), session.step)
        session.thresholds.levels = np.array(facts["levels"], np.float64)
        for name, value in facts["course"].items():
            setattr(course, name, value)


def _networks(session: Session, course: Course) -> dict[str, nn.Module]:
    return {NETWORK: session.network, AVERAGE: session.teacher, ACCEPTED: course.accepted}


def check_state(path: Path, settings: AdaptSettings, begun: Mapping[str, str]) -> None:
    """Refuse to go on from a state with other settings or origins, or from one of a training.

    Args:
        path: of the state; where it is damaged, the one before counts.
        settings: how to adapt now.
        begun: as of `origins_of`.

    Raises:
        SettingsError: names what has changed.
    """
    for each in (path, previous_state(path)):
        try:
            facts = read_facts(each, KIND)
            with naming_file(each):
                before = dict(facts["settings"])
        except WeightsError:
            continue  # `load` says so
        if changed := changes(before, json.loads(json.dumps(settings.shaping()))):
            raise SettingsError(
                f"{path.parent} holds an adaptation with other settings ({', '.join(changed)}); "
                "give the same ones to go on, or another folder to start afresh"
            )
        origins.check_origins(facts, begun, path.parent)
        return
