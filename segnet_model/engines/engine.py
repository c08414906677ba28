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
from segnet_model.engines.capabilities import say_once
from segnet_model.engines.exported import digest
from segnet_model.engines.onnx_engine import OnnxEngine
from segnet_model.engines.openvino_engine import OpenVinoEngine
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.weights.checkpoint import ModelInfo, load_weights

EXPORTS = {".xml": "openvino", ".onnx": "onnx"}


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
    if engine not in ENGINES:
        raise SettingsError(f"engine {engine!r} is none of {', '.join(ENGINES)}")
    own = EXPORTS.get(path.suffix, "torch")
    if own != "torch" and engine not in ("auto", own):
        raise SettingsError(f"engine {engine!r} does not run {path.name}; choose 'auto' or {own!r}")
    if own == "torch":
        torch_only = needs_dropout or device not in ("auto", "cpu") or precision != "auto"
        path = _export_beside(path, engine, torch_only)
    if path.suffix in EXPORTS:
        return _open_export(path, device, precision)
    network, info = load_weights(path, trusted)
    return TorchEngine(network, info, device, precision)


def _open_export(path: Path, device: str, precision: str) -> Engine:
    if device not in ("auto", "cpu"):
        raise SettingsError(f"device {device!r}: {path.name} runs on 'cpu'; for a GPU give the "
                            ".safetensors file, or build the .onnx with TensorRT")  # fmt: skip
    if EXPORTS[path.suffix] == "openvino":
        return OpenVinoEngine(path, precision)
    return OnnxEngine(path, precision)


def _export_beside(path: Path, engine: str, torch_only: bool) -> Path:
    """The file to open for a `.safetensors` file: itself, or an export of it."""
    if engine in ("openvino", "onnx"):
        suffix = {name: suffix for suffix, name in EXPORTS.items()}[engine]
        if not path.with_suffix(suffix).exists():
            raise SettingsError(
                f"there is no {path.with_suffix(suffix)}; make it with: "
                f"segnet export {path} --engine {engine}"
            )
        return path.with_suffix(suffix)
    export = path.with_suffix(".xml")
    if engine == "torch" or torch_only or not export.exists() or torch.cuda.is_available():
        return path
    if not has("openvino"):
        say_once(
            f"{export.name} would be faster: pip install 'segnet_ros[openvino]'; using PyTorch"
        )
        return path
    try:
        made_of = OpenVinoEngine(export).exported.weights_sha256
    except WeightsError as error:
        say_once(f"{error}; using PyTorch")
        return path
    if made_of != digest(path):
        say_once(f"{export.name} was made of other weights than {path.name}, which PyTorch runs "
                 f"now; export again: segnet export {path} --engine openvino")  # fmt: skip
        return path
    return export
