"""State of a training in one file, and the one before it: saved, read, and resumed from."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from segnet_model.base.documents import read_json
from segnet_model.base.errors import DatasetError, SegNetError, SettingsError, WeightsError
from segnet_model.base.leftovers import temporary_path
from segnet_model.training import origins
from segnet_model.training.changes import changes
from segnet_model.training.session import Session
from segnet_model.training.settings import TrainSettings
from segnet_model.training.validation import Scores
from segnet_model.weights.tensors import read_metadata, read_shapes, read_tensors, write_tensors

logger = logging.getLogger(__name__)

KEY = "segnet_training"
TRAINING = "training"  # kind of the run whose state this is
# Tensors that AdamW and SGD keep for each parameter.
OPTIMIZER_STATES = {frozenset(("step", "exp_avg", "exp_avg_sq")), frozenset(("momentum_buffer",))}
# Prefixes of the names of the tensors.
NETWORK, AVERAGE, OPTIMIZER = "network.", "average.", "optimizer."


def save_state(path: Path, session: Session, scores: Scores) -> None:
    """Write the state of a session and its scores, and keep the whole one before it.

    Raises:
        WeightsError: the file cannot be written, e.g. because the disk is full.
    """
    facts = {
        "step": session.step, **asdict(scores), "settings": session.settings.shaping(),
        "data": session.fingerprint, origins.KEY: session.origins,
    }  # fmt: skip
    tensors = {NETWORK + name: tensor for name, tensor in session.supervised.state_dict().items()}
    if session.average:
        average = session.average.network.state_dict()
        tensors |= {AVERAGE + name: tensor for name, tensor in average.items()}
    tensors |= optimizer_tensors(session.optimizer)
    plain = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    keep_previous(path)
    write_tensors(path, plain, {KEY: json.dumps(facts)}, known=True)  # `resume` has read it


def previous_state(path: Path) -> Path:
    """Path of the state before the last one."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """The tensors of an optimizer by names with the prefix `OPTIMIZER`."""
    return {
        f"{OPTIMIZER}{index}.{name}": value
        for index, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
        if value is not None
    }


def restore_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore an optimizer from `optimizer_tensors`; ValueError where they do not fit."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in with_prefix(tensors, OPTIMIZER).items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor
    _check_optimizer(state, optimizer)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, by their names without it."""
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def keep_previous(path: Path) -> None:
    """Keep a state that is about to be replaced, unless it was cut short."""
    try:
        read_shapes(path)
    except WeightsError:
        return
    temporary = temporary_path(path)
    try:
        temporary.unlink(missing_ok=True)
        try:
            os.link(path, temporary)
        except OSError:  # not every file system has links
            shutil.copyfile(path, temporary)
        temporary.replace(previous_state(path))
    except OSError as error:
        raise WeightsError(f"cannot write beside {path}: {error}; free some space") from None
    finally:
        temporary.unlink(missing_ok=True)


def resume(path: Path, session: Session, scores: Scores) -> None:
    """Restore a new session with the same settings from the last whole state, if there is one.

    Args:
        path: of the state, in the output folder.
        session: changed in place.
        scores: changed in place.

    Raises:
        DatasetError: images or labels have changed.
        SettingsError: settings have changed; names them. Or the state is of an adaptation.
        WeightsError: the state is damaged, or does not fit the session.
    """
    if not path.exists():
        return
    state = _read_last(path)
    _check_same(state.facts, session, path.parent)
    state.restore(session)
    for name in asdict(scores):
        setattr(scores, name, state.facts[name])
    if session.step == session.data.steps:
        logger.info("this training is finished; give another folder for a new one")
    else:
        logger.info("going on from step %d of %d", session.step, session.data.steps)


def _read_last(path: Path) -> TrainingState:
    """Read a state, or the one before it where this one is damaged."""
    try:
        return TrainingState.read(path)
    except WeightsError as error:
        try:
            state = TrainingState.read(previous_state(path))
        except WeightsError:
            raise error from None
        logger.warning("%s is damaged; going on from %s", path, state.path)
        return state


@dataclass(frozen=True)
class TrainingState:
    """A saved state."""

    path: Path
    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> TrainingState:
        """Read a state, with the errors of `read_facts`."""
        facts = read_facts(path, TRAINING)
        with naming_file(path):
            _check_facts(facts)
            tensors = read_tensors(path)
            for name, tensor in tensors.items():
                if not tensor.isfinite().all():
                    raise WeightsError(f"{name} is not finite")
            return cls(path, tensors, facts)

    def restore(self, session: Session) -> None:
        """Restore a session; WeightsError where the state does not fit it."""
        with naming_file(self.path):
            session.supervised.load_state_dict(with_prefix(self.tensors, NETWORK))
            restore_optimizer(session.optimizer, self.tensors)
            session.step = self.facts["step"]
            if session.average:
                session.average.restore(with_prefix(self.tensors, AVERAGE), session.step)


def read_facts(path: Path, kind: str) -> dict[str, Any]:
    """Facts of a state; SettingsError for another kind of run, WeightsError for a damaged file."""
    with naming_file(path):
        facts = dict(read_json(read_metadata(path)[KEY]))
    if (found := facts.get("kind", TRAINING)) != kind:
        raise SettingsError(
            f"{path.parent} holds a run of another kind ({found}); name another folder for this "
            f"{kind}"
        )
    return facts


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Turn errors about a state into WeightsError with the file and the mend."""
    try:
        yield
    except (KeyError, ValueError, TypeError, RuntimeError, SegNetError) as error:
        reason = str(error).partition("\n")[0]
        raise WeightsError(f"state {path}: {reason}; delete it to start afresh") from None


def _check_facts(facts: Any) -> None:
    """Raise TypeError where a value does not have the type that `save_state` writes."""
    wholes = [facts[name] for name in ("step", "measured_at", "best_at")]
    shares = [facts[name] for name in ("miou", "best")]
    if not all(type(each) is int and 0 <= each < 1 << 62 for each in wholes):
        raise TypeError(f"steps are {wholes}")
    if not all(each is None or (type(each) is float and 0 <= each <= 1) for each in shares):
        raise TypeError(f"mIoU is {shares}")
    if not isinstance(facts["settings"], dict) or not isinstance(facts["data"], str):
        raise TypeError("settings or data have the wrong type")


def _check_optimizer(state: Mapping[int, Mapping[str, Tensor]], optimizer: Optimizer) -> None:
    """Raise ValueError where the tensors of the optimizer do not fit its parameters."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    if state and sorted(state) != list(range(len(parameters))):
        raise ValueError(f"the optimizer has {len(parameters)} parameters, not {len(state)}")
    kinds = {frozenset(values) for values in state.values()}
    if len(kinds) > 1 or not kinds <= OPTIMIZER_STATES:
        raise ValueError("the tensors are of another optimizer")
    for index, values in state.items():
        for key, tensor in values.items():
            if key != "step" and tensor.shape != parameters[index].shape:
                raise ValueError(f"{OPTIMIZER}{index}.{key} has the shape {tuple(tensor.shape)}")


def _check_same(facts: Mapping[str, Any], session: Session, out: Path) -> None:
    """Refuse to resume with another data set or other settings."""
    if facts["data"] != session.fingerprint:
        raise DatasetError(
            f"{session.data.path} has other images, labels or classes than when the training in "
            f"{out} began; train into another folder, with init naming the weights in this one"
        )
    origins.check_origins(facts, session.origins, out)
    usual = TrainSettings().shaping()  # of settings that are newer than the state
    before, now = facts["settings"], json.loads(json.dumps(session.settings.shaping()))
    if changed := changes({name: before.get(name, usual.get(name)) for name in now}, now):
        raise SettingsError(
            f"{out} holds a run with other settings ({', '.join(changed)}); "
            "give the same ones to go on, or another folder to start afresh"
        )
