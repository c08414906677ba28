"""What an interrupted training goes on from: network, optimiser and a few facts, in one file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from segnet_model.base.documents import read_json
from segnet_model.base.errors import DatasetError, SegNetError, SettingsError, WeightsError
from segnet_model.training.averaging import WeightAverage
from segnet_model.training.settings import TrainSettings
from segnet_model.weights.tensors import read_metadata, read_tensors, write_tensors

KEY = "segnet_training"
# By AdamW and by SGD.
REMEMBERED = {
    frozenset(("step", "exp_avg", "exp_avg_sq")),
    frozenset(("momentum_buffer",)),
}
NETWORK, AVERAGE, OPTIMIZER = (
    "network.",
    "average.",
    "optimizer.",
)  # what the tensors' names begin with


def save_state(
    path: Path,
    network: nn.Module,
    average: nn.Module | None,
    optimizer: Optimizer,
    facts: Mapping[str, Any],
) -> None:
    """Write a state, whole or not at all.

    Args:
        path: of the safetensors file.
        network: its parameters and statistics.
        average: the same, averaged over the steps.
        optimizer: its running means of each parameter.
        facts: plain values for JSON.

    Raises:
        WeightsError: the file cannot be written, e.g. because the disk is full.
    """
    tensors = {NETWORK + name: tensor for name, tensor in network.state_dict().items()}
    if average is not None:
        tensors |= {AVERAGE + name: tensor for name, tensor in average.state_dict().items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"{OPTIMIZER}{index}.{k}": v for k, v in values.items() if v is not None}
    plain = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    write_tensors(path, plain, {KEY: json.dumps(facts)})


@dataclass(frozen=True)
class TrainingState:
    """A state as it was saved."""

    path: Path
    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> TrainingState:
        """Read a state; WeightsError with the mend where the file is damaged."""
        with _damage(path):
            facts = read_json(read_metadata(path)[KEY])
            _check_facts(facts)
            tensors, _ = read_tensors(path)
            for name, tensor in tensors.items():
                if not tensor.isfinite().all():
                    raise WeightsError(f"{name} is not finite")
            return cls(path, tensors, facts)

    def restore(self, network: nn.Module, optimizer: Optimizer) -> None:
        """Put network and optimiser, made with the same settings, back to where they were.

        Raises:
            WeightsError: they are not of this state.
        """
        with _damage(self.path):
            network.load_state_dict(self._below(NETWORK))
            state: dict[int, dict[str, Tensor]] = {}
            for name, tensor in self._below(OPTIMIZER).items():
                index, key = name.split(".", 1)
                state.setdefault(int(index), {})[key] = tensor
            _check_optimizer(state, optimizer)
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})

    def restore_average(self, average: WeightAverage) -> None:
        """Put the averaged network back; WeightsError where it is not of this state."""
        with _damage(self.path):
            average.restore(self._below(AVERAGE), self.facts["step"])

    def _below(self, prefix: str) -> dict[str, Tensor]:
        found = self.tensors.items()
        return {name.removeprefix(prefix): t for name, t in found if name.startswith(prefix)}


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Whatever does not fit comes out as WeightsError, with the mend."""
    try:
        yield
    except (KeyError, ValueError, TypeError, RuntimeError, SegNetError) as error:
        reason = str(error).partition("\n")[0]
        raise WeightsError(f"state {path}: {reason}; delete it to start afresh") from None


def _check_facts(facts: Any) -> None:
    """Raise TypeError where a fact is not what `Run.save_state` writes."""
    wholes = [facts[name] for name in ("step", "measured_at", "best_at")]
    shares = [facts[name] for name in ("miou", "best")]
    if not all(type(each) is int and 0 <= each < 1 << 62 for each in wholes):
        raise TypeError(f"steps are {wholes}")
    if not all(each is None or (type(each) is float and 0 <= each <= 1) for each in shares):
        raise TypeError(f"mIoU is {shares}")
    if not isinstance(facts["settings"], dict) or not isinstance(facts["data"], str):
        raise TypeError("its settings are none")


def _check_optimizer(state: Mapping[int, Mapping[str, Tensor]], optimizer: Optimizer) -> None:
    """Raise ValueError where a step would fail on what the optimiser is to remember."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    if state and sorted(state) != list(range(len(parameters))):
        raise ValueError(f"the optimiser has {len(parameters)} parameters, not {len(state)}")
    kinds = {frozenset(values) for values in state.values()}
    if len(kinds) > 1 or not kinds <= REMEMBERED:
        raise ValueError("the optimiser remembers something else")
    for index, values in state.items():
        for key, tensor in values.items():
            if key != "step" and tensor.shape != parameters[index].shape:
                raise ValueError(f"{OPTIMIZER}{index}.{key} has the shape {tuple(tensor.shape)}")


def check_same(
    facts: Mapping[str, Any], settings: TrainSettings, data: str, dataset: Path, out: Path
) -> None:
    """Refuse to go on with another data set or other settings than a training began with.

    Args:
        facts: of the state.
        settings: of now.
        data: the fingerprint of the images and labels of now.
        dataset: to name.
        out: to name.

    Raises:
        DatasetError: images or labels have changed.
        SettingsError: settings have changed; says which.
    """
    if facts["data"] != data:
        raise DatasetError(
            f"{dataset} has other images, labels or classes than when the training in {out} began; "
            "train into another folder, with init naming the weights in this one"
        )
    before, now = facts["settings"], json.loads(json.dumps(settings.shaping()))
    changed = [f"{k} {before.get(k)} -> {now[k]}" for k in now if before.get(k) != now[k]]
    if changed:
        raise SettingsError(
            f"{out} holds a run with other settings ({', '.join(changed)}); "
            "give the same ones to go on, or another folder to start afresh"
        )
