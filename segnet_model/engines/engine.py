"""The interface of engines, and the choice of one for a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from segnet_model.base.choices import ENGINES
from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.optional import is_installed
from segnet_model.engines.capabilities import warn_once
from segnet_model.engines.exported import ExportedEngine, ExportInfo
from segnet_model.engines.openvino_engine import OpenVinoEngine, read_export
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.tensors import file_sha256

if TYPE_CHECKING:  # so that an export runs without PyTorch
    from torch import Tensor

WEIGHTS = ".safetensors"  # suffix of the files that exports are made of
# Signs of drivers: NVIDIA's, whose program may make the device at its first use, a Jetson's, AMD's,
# and Windows' for Linux.
GPU_DRIVERS = (
    "/dev/nvidiactl", "/usr/bin/nvidia-modprobe", "/dev/nvhost-gpu", "/dev/nvmap", "/dev/kfd",
    "/dev/dxg",
)  # fmt: skip


class Engine(Protocol):
    """A network on a backend, ready to run.

    Attributes:
        name: one of `choices.ENGINES`.
        info: metadata of the weights file.
        device: of the logits, a `torch.device` or `exported.Cpu`.
        precision: of most of the arithmetic, e.g. "bfloat16" or "int8".
        size: (height, width) in pixels of its images; None where it takes any.
    """

    name: str
    info: ModelInfo
    device: Any
    precision: str
    size: tuple[int, int] | None

    @property
    def place_scores(self) -> Tensor | None:
        """Place scores of the last pass, (N,) float32; None where the weights have none."""

    def logits(self, images: Tensor) -> Tensor:
        """Run the network once, without dropout.

        Args:
            images: (N, h, w, 3) uint8 RGB on the CPU.

        Returns:
            (N, C, h', w') float32 on `device`, a channel for each class; h' and w' are h and w, or
            less where the network does not scale its answer up. Of a network that answers ids
            alone, `info.answers_ids`, they are (N, 1, h', w') uint8.
        """

    def check_scored(self) -> None:
        """Raise SettingsError unless `scored` works."""

    def scored(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As `logits`, and the feature score of each pixel: (N, h', w') float32, 0 to 1."""


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
    """Open a weights file or an export of one.

    Args:
        path: `.safetensors`, `.xml` (OpenVINO) or `.onnx`.
        engine: one of `ENGINES`. "auto" takes the engine of the file's suffix. For a
            `.safetensors` file on the CPU with precision "auto" it takes OpenVINO, if that is
            installed and an export of exactly these weights lies beside the file, of the same name.
        device: see `choose_device`.
        precision: see `TorchEngine`.
        trusted: names of custom networks, "package.module:factory", that may be imported.
        needs_dropout: "auto" must not take an export, which has no dropout.

    Raises:
        WeightsError: the file is not usable weights, or the export is not of these.
        SettingsError: there is no such engine, device or precision, or it is not installed.
    """
    named = path
    engine, path = engine_for(path, engine, device, precision, needs_dropout=needs_dropout)
    kind: EngineKind = ENGINES[engine]
    opened = kind.open(path, device, precision, trusted)
    if isinstance(opened, ExportedEngine):
        _check_source(opened.exported, path, named, engine)
    return opened


def engine_for(
    path: Path,
    engine: str,
    device: str = "auto",
    precision: str = "auto",
    *,
    needs_dropout: bool = False,
    gpu: bool | None = None,
) -> tuple[str, Path]:
    """The engine that `open_engine` takes, and the file that it runs; with its arguments.

    Args:
        path: of the weights or export.
        engine: one of `ENGINES`, or "auto".
        device: as of `open_engine`.
        precision: the same.
        needs_dropout: the same.
        gpu: whether there is a GPU for PyTorch; None finds out on this machine.

    Raises:
        SettingsError: there is no such engine, or no export for it.
    """
    ENGINES.find(engine)
    own = _own_engine(path)
    if own != "torch" and engine not in ("auto", own):
        raise SettingsError(f"engine {engine!r} does not run {path.name}; choose 'auto' or {own!r}")
    if engine not in ("auto", own):
        export = path.with_suffix(ENGINES[engine].suffix)
        if not export.exists():
            raise SettingsError(
                f"there is no {export}; make it with: segnet export {path} --engine {engine}"
            )
        return engine, export
    torch_only = needs_dropout or device not in ("auto", "cpu") or precision != "auto"
    if engine == "auto" and not torch_only:
        fastest = choose_engine(path, gpu)
        return fastest.engine, fastest.path
    return own, path


def _check_source(exported: ExportInfo, path: Path, named: Path, engine: str) -> None:
    """Compare an export with the weights beside it: an error if these were named, or a warning."""
    weights = path.with_suffix(WEIGHTS) if named == path else named
    if not weights.is_file() or "adopted" in exported.info.training:
        return
    if exported.weights_sha256 == file_sha256(weights):
        return
    mend = f"export again: segnet export {weights} --engine {engine}"
    if named != path:
        raise WeightsError(f"{path} was made of other weights than {weights.name} is now; {mend}")
    warn_once(f"{path.name} was made of other weights than {weights.name} beside it; {mend}")


def _own_engine(path: Path) -> str:
    """The engine for files of this suffix; for any other suffix PyTorch."""
    others = (name for name in ENGINES if name not in ("auto", "torch"))  # which needs PyTorch
    names = (name for name in others if ENGINES[name].suffix == path.suffix)
    return next(names, "torch")


@dataclass(frozen=True)
class Choice:
    """The engine that "auto" takes for a file on this machine.

    Attributes:
        engine: one of `ENGINES`.
        path: of the file that it runs.
        reason: why, with the mend where another would be faster.
    """

    engine: str
    path: Path
    reason: str


def choose_engine(path: Path, gpu: bool | None = None) -> Choice:
    """Choose the fastest engine for a weights file on the CPU: OpenVINO or PyTorch.

    An export takes the engine of its suffix. Warns where an export cannot be used.

    Args:
        path: of the weights or export.
        gpu: as of `engine_for`.
    """
    own = _own_engine(path)
    if own != "torch":
        return Choice(own, path, f"it runs files that end in {path.suffix}")
    if gpu or (gpu is None and _torch_has_gpu()):
        return Choice(own, path, "PyTorch uses the GPU")
    export = path.with_suffix(OpenVinoEngine.suffix)
    make = f"segnet export {path} --engine openvino"
    if not export.exists():
        return Choice(own, path, f"no export lies beside the weights; a faster one: {make}")
    if not is_installed("openvino"):
        reason = f"{export.name} would be faster: pip install 'segnet_ros[openvino]'"
    else:
        try:
            if read_export(export)[-1].weights_sha256 == file_sha256(path):
                return Choice("openvino", export, "an export of these weights lies beside them")
            reason = (
                f"{export.name} was made of other weights than {path.name}, which PyTorch runs "
                f"now; export again: {make}"
            )
        except WeightsError as error:
            reason = str(error)
    warn_once(f"{reason}; using PyTorch")
    return Choice(own, path, reason)


def _torch_has_gpu() -> bool:
    """Whether PyTorch can use a GPU; it is not imported where the system has no driver of one."""
    if not any(Path(each).exists() for each in GPU_DRIVERS) or not is_installed("torch"):
        return False
    import torch

    return torch.cuda.is_available()
