"""The weights file: tensors and everything needed to use them, in one `.safetensors`.

Safetensors holds plain arrays and text, so that a file from a stranger cannot run code as a
pickle can. The metadata key "segnet" holds `ModelInfo` as JSON: the single source of truth.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from segnet_model.errors import SegNetError, SettingsError, WeightsError
from segnet_model.labels import LabelSet
from segnet_model.networks import build_network
from segnet_model.networks.custom import check_trusted
from segnet_model.outputs import output_channels

FORMAT = 1  # raise it when an older reader would misunderstand a newer file
KEY = "segnet"
# Mean and standard deviation of ImageNet's RGB, the field's habit and near enough for any camera.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ModelInfo:
    """What a weights file says of itself.

    Attributes:
        network: a name that `build_network` knows, or "package.module:factory".
        labels: classes, colours, drivable flags and the ignored id.
        input_size: (height, width) in pixels that the network was trained at.
        network_settings: further arguments of `build_network`.
        mean: of RGB scaled to 0..1, taken away before the network.
        std: of RGB scaled to 0..1, divided by before the network.
        activation: "softmax", or "sigmoid" for two classes from one channel; see `outputs`.
        temperatures: what logits are divided by, so that the network is as sure as it is right,
            by the way in which it is asked: "none" and "mc", which is "temporal"'s too.
        license: of the weights, an SPDX name where there is one.
        training: data set, epochs, seed and the like, for people.
        metrics: what was measured on which data, for people.
    """

    network: str
    labels: LabelSet
    input_size: tuple[int, int]
    network_settings: Mapping[str, Any] = field(default_factory=dict)
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    activation: str = "softmax"
    temperatures: Mapping[str, float] = field(default_factory=dict)
    license: str = "unknown"
    training: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def build(self, trusted: Collection[str] = ()) -> nn.Module:
        """The network that this file is for, with fresh weights.

        Args:
            trusted: names of networks from elsewhere whose code may be run.

        Raises:
            SettingsError: it cannot be built, or is from elsewhere and not trusted.
        """
        check_trusted(self.network, trusted)
        channels = output_channels(self.labels.num_classes, self.activation)
        return build_network(self.network, channels, **self.network_settings)

    def temperature(self, asked: str) -> float:
        """What to divide logits by when the network is asked "none" or "mc"; 1 if never fitted."""
        return self.temperatures.get(asked, 1.0)

    def to_json(self) -> str:
        """The text of the metadata."""
        values = {**vars(self), "labels": self.labels.to_dict(), "format": FORMAT}
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> ModelInfo:
        """The opposite of `to_json`.

        Raises:
            WeightsError: the text is not such metadata, or of a newer format.
        """
        try:
            values = json.loads(text)
            made_by = values.pop("format")
            if made_by > FORMAT:
                raise WeightsError(f"made by a newer segnet (format {made_by}); update this one")
            values["labels"] = LabelSet.from_dict(values["labels"])
            for key in ("input_size", "mean", "std"):
                values[key] = tuple(values[key])
            height, width = values["input_size"]
            if not (0 < height <= 16384 and 0 < width <= 16384):
                raise WeightsError(f"its input size {height}x{width} cannot be")
            if len(values["mean"]) != 3 or len(values["std"]) != 3 or not min(values["std"]) > 0:
                raise WeightsError("its mean and std are not three numbers each, std above 0")
            if not all(0 < each < inf for each in values.get("temperatures", {}).values()):
                raise WeightsError("its temperatures are not numbers above 0")
            return cls(**values)
        except (KeyError, TypeError, ValueError, AttributeError, SettingsError) as error:
            raise WeightsError(f"its metadata is damaged ({error})") from None


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Write to the yielded temporary name; it becomes path only when all went well.

    A full disk or a crash leaves the old file as it was and nothing half written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def save_weights(
    path: str | Path, network: nn.Module, info: ModelInfo, dtype: torch.dtype = torch.float32
) -> None:
    """Write a network's weights and their metadata, whole or not at all.

    Args:
        path: where to; the folder must exist.
        network: made by `info.build()`.
        info: everything that a reader needs.
        dtype: of the stored floating-point tensors; float16 halves the file.

    Raises:
        WeightsError: the file cannot be written, e.g. because the disk is full, or the weights
            are no numbers any more.
    """
    tensors = {
        name: _stored(name, tensor.detach().cpu(), dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    write_tensors(path, tensors, {KEY: info.to_json()})


def _stored(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """A tensor as it is stored: in this type, unless it holds what that cannot."""
    if not tensor.is_floating_point():
        return tensor
    if not tensor.isfinite().all():
        raise WeightsError(f"{name} is not finite any more; train again with a lower learning rate")
    small = tensor.to(dtype)
    return small if small.isfinite().all() else tensor


def load_weights(path: str | Path, trusted: Collection[str] = ()) -> tuple[nn.Module, ModelInfo]:
    """Read a weights file and make its network, in float32 on the CPU and in eval mode.

    Args:
        path: of the file.
        trusted: names of networks from elsewhere, "package.module:factory", that it may name.

    Raises:
        WeightsError: the file is missing, damaged, a pickle, of another network, or of one from
            elsewhere that is not trusted.
    """
    path = Path(path)
    try:
        tensors, metadata = read_tensors(path)
        if KEY not in metadata:
            raise WeightsError("it has no segnet metadata; expected a file made by `segnet train`")
        info = ModelInfo.from_json(metadata[KEY])
        network = info.build(trusted)
        _check_shapes(tensors, network.state_dict(), info.network)
    except SegNetError as error:
        raise WeightsError(f"weights {path}: {error}") from None
    network.load_state_dict(tensors)
    return network.eval(), info


def change_info(path: Path, out: Path, info: ModelInfo) -> None:
    """Write a weights file with other metadata, whole or not at all; its tensors stay.

    Raises:
        WeightsError: path is not a whole safetensors file, or out cannot be written.
    """
    tensors, _ = read_tensors(path)
    write_tensors(out, tensors, {KEY: info.to_json()})


def write_tensors(path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file, whole or not at all; WeightsError where that fails."""
    try:
        with whole_file(path) as temporary:
            save_file(tensors, temporary, metadata)
            temporary.chmod(0o666 & ~_umask())  # it makes files that nobody else may read
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"cannot write {path}: {error}; free some space or choose another folder"
        ) from None


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file; WeightsError with the reason where it is none."""
    if not path.is_file():
        raise WeightsError("there is no such file")
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"not a whole safetensors file ({error}){_mend(path)}") from None


def _mend(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    # A zip is what torch.save writes today, 0x80 starts what it wrote before.
    if start[:2] == b"PK" or start[:1] == b"\x80":
        return "; it looks like a pickle of torch.save, which can run code and is never opened"
    return "; copy it again from where it came"


def _check_shapes(
    found: Mapping[str, Tensor], expected: Mapping[str, Tensor], network: str
) -> None:
    for name, tensor in expected.items():
        if name not in found:
            raise WeightsError(f"{network} needs tensor {name!r}, which is not in it")
        if found[name].shape != tensor.shape:
            raise WeightsError(
                f"{network} needs {name!r} of shape {tuple(tensor.shape)}, "
                f"but it holds {tuple(found[name].shape)}"
            )
    if extra := found.keys() - expected.keys():
        raise WeightsError(f"it holds tensors that {network} has not: {sorted(extra)[:3]}")
