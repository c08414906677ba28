"""What an interrupted training goes on from: network, optimiser and a few facts, in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from segnet_model.errors import DatasetError, SettingsError, WeightsError
from segnet_model.settings import TrainSettings
from segnet_model.tensor_file import read_tensors, write_tensors

KEY = "segnet_training"
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

    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> TrainingState:
        """Read a state; WeightsError with the mend where the file is damaged."""
        try:
            tensors, metadata = read_tensors(path)
            return cls(tensors, json.loads(metadata[KEY]))
        except (KeyError, ValueError, WeightsError) as error:
            raise WeightsError(f"state {path}: {error}; delete it to start afresh") from None

    def restore(self, network: nn.Module, optimizer: Optimizer) -> None:
        """Put network and optimiser, made with the same settings, back to where they were."""
        network.load_state_dict(self._below(NETWORK))
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in self._below(OPTIMIZER).items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})

    def average(self) -> dict[str, Tensor]:
        """The averaged network's parameters and statistics."""
        return self._below(AVERAGE)

    def _below(self, prefix: str) -> dict[str, Tensor]:
        found = self.tensors.items()
        return {name.removeprefix(prefix): t for name, t in found if name.startswith(prefix)}


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
