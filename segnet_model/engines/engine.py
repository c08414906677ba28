"""What every engine offers, and the choice of one for a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from segnet_model.base.choices import ENGINES
from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.optional import has
from segnet_model.engines.capabilities import warn_once
from segnet_model.engines.exported import file_sha256
from segnet_model.engines.openvino_engine import OpenVinoEngine, read_export
from segnet_model.weights.checkpoint import ModelInfo


class Engine(Protocol):
    """A network that is ready to run.

    Attributes:
        name: one of `choices.ENGINES`.
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


class EngineKind(Protocol):
    """An entry of `ENGINES`, usually the engine's class.

    Attributes:
        suffix: of the files that it runs, e.g. ".onnx".
    """

    suffix: str

    def open(self, path: Path, device: str, precision: str, trusted: Collection[str]) -> Engine:
        """Open a file of this suffix; see `open_engine` for arguments and errors."""


def open_engine(
    path: Path,
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    trusted: Collection[str] = (),
    *,
    needs_dropout: bool = False,
) -> Engine:
    """Open a weights file, or what `segnet export` made of one.

    Args:
        path: `.safetensors`, `.xml` (OpenVINO) or `.onnx`.
        engine: one of `ENGINES`. "auto" takes the file's own; on a processor, for a
            `.safetensors` file, the OpenVINO export of exactly these weights that lies beside it
            under the same name, where there is one, OpenVINO is installed and precision is "auto".
        device: see `choose_device`.
        precision: see `TorchEngine`.
        trusted: names of foreign networks, "package.module:factory", that may be imported.
        needs_dropout: "auto" must not take an export, which has none.

    Raises:
        WeightsError: the file is not usable weights.
        SettingsError: no such engine, device or precision, or one that is not installed.
    """
    ENGINES.find(engine)
    own = _own_engine(path)
    if own != "torch" and engine not in ("auto", own):
        raise SettingsError(f"engine {engine!r} does not run {path.name}; choose 'auto' or {own!r}")
    if engine not in ("auto", own):
        path = _export_for(path, engine)
    elif engine == "auto":
        torch_only = needs_dropout or device not in ("auto", "cpu") or precision != "auto"
        engine, path = _fastest(path) if own == "torch" and not torch_only else (own, path)
    kind: EngineKind = ENGINES[engine]
    return kind.open(path, device, precision, trusted)


def _own_engine(path: Path) -> str:
    """The engine that runs files of this suffix; files of none are taken for weights."""
    names = (name for name in ENGINES if name != "auto" and ENGINES[name].suffix == path.suffix)
    return next(names, "torch")


def _export_for(path: Path, engine: str) -> Path:
    """The export of a weights file for an engine; SettingsError where there is none."""
    export = path.with_suffix(ENGINES[engine].suffix)
    if not export.exists():
        raise SettingsError(
            f"there is no {export}; make it with: segnet export {path} --engine {engine}"
        )
    return export


def _fastest(path: Path) -> tuple[str, Path]:
    """The engine and the file for a weights file on a processor: itself, or OpenVINO's export."""
    export = path.with_suffix(OpenVinoEngine.suffix)
    if not export.exists() or torch.cuda.is_available():
        return "torch", path
    if not has("openvino"):
        warn_once(
            f"{export.name} would be faster: pip install 'segnet_ros[openvino]'; using PyTorch"
        )
        return "torch", path
    try:
        made_of = read_export(export)[-1].weights_sha256
    except WeightsError as error:
        warn_once(f"{error}; using PyTorch")
        return "torch", path
    if made_of != file_sha256(path):
        warn_once(f"{export.name} was made of other weights than {path.name}, which PyTorch runs "
                 f"now; export again: segnet export {path} --engine openvino")  # fmt: skip
        return "torch", path
    return "openvino", export
