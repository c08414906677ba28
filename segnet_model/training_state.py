"""What an interrupted training goes on from: network, optimiser and a few facts, in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from segnet_model.checkpoint import read_tensors, write_tensors
from segnet_model.errors import WeightsError

KEY = "segnet_training"
NETWORK, OPTIMIZER = "network.", "optimizer."  # what the tensors' names begin with


def save_state(
    path: Path, network: nn.Module, optimizer: Optimizer, facts: Mapping[str, Any]
) -> None:
    """Write a state, whole or not at all.

    Args:
        path: of the safetensors file.
        network: its parameters and statistics.
        optimizer: its running means of each parameter.
        facts: plain values for JSON.

    Raises:
        WeightsError: the file cannot be written, e.g. because the disk is full.
    """
    tensors = {NETWORK + name: tensor for name, tensor in network.state_dict().items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"{OPTIMIZER}{index}.{name}": value for name, value in values.items()}
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

    def _below(self, prefix: str) -> dict[str, Tensor]:
        found = self.tensors.items()
        return {name.removeprefix(prefix): t for name, t in found if name.startswith(prefix)}
