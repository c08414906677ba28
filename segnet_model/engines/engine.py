"""What every engine offers, and the choice of one for a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from segnet_model.checkpoint import ModelInfo, load_weights
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.errors import SettingsError

ENGINES = ("auto", "torch", "openvino", "onnx")


class Engine(Protocol):
    """A network that is ready to run.

    Attributes:
        name: one of `ENGINES`.
        info: what the weights file says of itself.
        device: where the logits are.
        precision: of most of the arithmetic, e.g. "bfloat16" or "int8".
        size: the one (height, width) in pixels that it takes; None where it takes any.
    """

    name: str
    info: ModelInfo
    device: torch.device
    precision: str
    size: tuple[int, int] | None

    def logits(self, images: Tensor) -> Tensor:
        """Run the network once, without dropout.

        Args:
            images: (N, h, w, 3) uint8 RGB on the CPU.

        Returns:
            (N, C, h, w) float32 on `device`, a channel for each class.
        """


def open_engine(
    path: Path,
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    trusted: Collection[str] = (),
) -> Engine:
    """Open a weights file, or what `segnet export` made of one.

    Args:
        path: `.safetensors`, `.xml` (OpenVINO) or `.onnx`.
        engine: one of `ENGINES`; "auto" takes the fastest that is installed and right.
        device: see `choose_device`.
        precision: see `TorchEngine`.
        trusted: names of foreign networks, "package.module:factory", that may be imported.

    Raises:
        WeightsError: the file is not usable weights.
        SettingsError: no such engine, device or precision, or one that is not installed.
    """
    if engine not in ENGINES:
        raise SettingsError(f"engine {engine!r} is none of {', '.join(ENGINES)}")
    network, info = load_weights(path, trusted)
    return TorchEngine(network, info, device, precision)
