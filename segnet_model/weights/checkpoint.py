"""The weights file: tensors and all metadata to use them, in one `.safetensors`.

Safetensors holds plain arrays and text, so a file from a stranger cannot run code, as a pickle
can. The metadata key "segnet" holds `ModelInfo` as JSON: the single source of truth.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.base.atomic import is_same_file
from segnet_model.base.documents import read_json
from segnet_model.base.errors import SegNetError, SettingsError, WeightsError
from segnet_model.base.limits import MAX_INPUT
from segnet_model.labels import LabelSet
from segnet_model.networks import build_network
from segnet_model.networks.blocks import without_memory
from segnet_model.networks.custom import check_trusted, is_custom
from segnet_model.networks.outputs import output_channels
from segnet_model.weights.bounds import Bound, read_bounds, write_bounds
from segnet_model.weights.features import FeatureScore, read_features, write_features
from segnet_model.weights.tensors import read_metadata, read_shapes, read_tensors, write_tensors

__all__ = ["ModelInfo", "load_weights", "read_info", "replace_info", "save_weights"]

FORMAT = 1  # to be raised when an older reader would misunderstand a newer file
KEY = "segnet"
MAX_TEXT = 1000  # characters of a name or a license
MAX_FACTOR = 1e6  # of means, standard deviations, temperatures, and their inverses
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
# ImageNet's RGB, usual in the field and near enough for any camera.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ModelInfo:
    """The metadata of a weights file.

    Attributes:
        network: a name that `build_network` knows, or "package.module:factory".
        labels: classes, colors, drivable flags and the ignored id.
        input_size: (height, width) in pixels in training.
        network_settings: further arguments of `build_network`.
        mean: of RGB scaled to 0..1, which `Normalize` subtracts.
        std: of RGB scaled to 0..1, which `Normalize` divides by.
        activation: "softmax", or "sigmoid" for two classes from one channel; see `outputs`.
            "argmax" in an adopted export that answers ids alone.
        temperatures: divisors of the logits, so that confidence matches accuracy, by uncertainty
            method: "none" and "mc", which is also for "temporal".
        bounds: highest uncertainty of a drivable pixel, with a promise, by uncertainty method.
        features: of the uncertainty method "features"; None where it was never fitted.
        license: of the weights, an SPDX name where there is one.
        training: data set, epochs, seed and the like, for people.
        metrics: measurements and their data, for people.
    """

    network: str
    labels: LabelSet
    input_size: tuple[int, int]
    network_settings: Mapping[str, Any] = field(default_factory=dict)
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    activation: str = "softmax"
    temperatures: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, Bound] = field(default_factory=dict)
    features: FeatureScore | None = None
    license: str = "unknown"
    training: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def build(self, trusted: Collection[str] = ()) -> nn.Module:
        """Build the network with fresh weights.

        Args:
            trusted: names of custom networks whose code may be run.

        Raises:
            SettingsError: it cannot be built, or is a custom network that is not trusted.
        """
        check_trusted(self.network, trusted)
        channels = output_channels(self.labels.num_classes, self.activation)
        return build_network(self.network, channels, **self.network_settings)

    def temperature(self, uncertainty: str) -> float:
        """Temperature for the uncertainty method "none" or "mc"; 1 if it was never fitted."""
        return self.temperatures.get(uncertainty, 1.0)

    @property
    def answers_ids(self) -> bool:
        """Whether the network answers class ids alone, without confidence or uncertainty."""
        return self.activation == "argmax"

    def to_json(self) -> str:
        """The metadata as text."""
        values = {**vars(self), "labels": self.labels.to_dict(), "format": FORMAT}
        # Older readers know of neither.
        if values.pop("bounds"):
            values["bounds"] = write_bounds(self.bounds)
        if (features := values.pop("features")) is not None:
            values["features"] = write_features(features)
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> ModelInfo:
        """The inverse of `to_json`.

        Raises:
            WeightsError: the text is not such metadata, or of a newer format.
        """
        try:
            values = read_json(text)
            made_by = values.pop("format")
            if made_by > FORMAT:
                raise WeightsError(f"made by a newer segnet (format {made_by}); update this one")
            values["labels"] = LabelSet.from_dict(values["labels"])
            values["bounds"] = read_bounds(values.get("bounds", {}))
            if "features" in values:
                values["features"] = read_features(values["features"])
            for key in ("input_size", "mean", "std"):
                values[key] = tuple(values[key])
            info = cls(**values)
            _check_form(info)
            return info
        except (KeyError, TypeError, ValueError, AttributeError, SettingsError) as error:
            raise WeightsError(f"its metadata is damaged ({error})") from None


def is_input_size(size: Sequence[Any]) -> bool:
    """Whether two values are a (height, width) in pixels within the limits."""
    height, width = size
    whole = type(height) is type(width) is int
    return whole and height > 0 and width > 0 and height * width <= MAX_INPUT


def _check_form(info: ModelInfo) -> None:
    """Raise WeightsError where a value does not suit its field."""
    for name in ("network", "activation", "license"):
        text = getattr(info, name)
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise WeightsError(f"its metadata is damaged ({name} is no text, or a long one)")
    for name in ("network_settings", "temperatures", "training", "metrics"):
        if not isinstance(getattr(info, name), dict):
            raise WeightsError(f"its metadata is damaged ({name} is not a set of named values)")
    if not is_input_size(info.input_size):
        raise WeightsError(f"its input size {'x'.join(map(str, info.input_size))} cannot be")
    scaled = all(abs(each) < MAX_FACTOR for each in info.mean) and all(map(_is_factor, info.std))
    if not len(info.mean) == len(info.std) == 3 or not scaled:
        raise WeightsError("its mean and std are not three numbers each, std above 0")
    if not all(map(_is_factor, info.temperatures.values())):
        raise WeightsError("its temperatures are not numbers above 0")


def _is_factor(value: float) -> bool:
    return 1 / MAX_FACTOR < value < MAX_FACTOR


def save_weights(
    path: str | Path,
    network: nn.Module,
    info: ModelInfo,
    dtype: torch.dtype = torch.float32,
    *,
    known: bool = False,
) -> None:
    """Write a network's weights and their metadata, whole or not at all.

    Args:
        path: of the file; the folder must exist.
        network: from `info.build()`.
        info: the metadata.
        dtype: of the stored floating-point tensors; float16 halves the file.
        known: see `whole_file`.

    Raises:
        SettingsError: there is a file that segnet did not write.
        WeightsError: the file cannot be written, e.g. because the disk is full, or the weights
            are not finite.

    Example:
        >>> camvid = LabelSet.load("camvid")
        >>> info = ModelInfo("segnet_basic", camvid, (32, 48), {"features": 4}, license="MIT")
        >>> save_weights("small.safetensors", info.build(), info)
        >>> load_weights("small.safetensors")[1].license
        'MIT'
    """
    tensors = {
        name: _stored(name, tensor.detach().cpu(), dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    write_tensors(path, tensors, {KEY: info.to_json()}, known=known)


def _stored(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """A tensor in the dtype of the file, unless its values are too large for that."""
    if not tensor.is_floating_point():
        return tensor
    if not tensor.isfinite().all():
        raise WeightsError(f"{name} is not finite any more; train again with a lower learning rate")
    small = tensor.to(dtype)
    return small if small.isfinite().all() else tensor


def load_weights(path: str | Path, trusted: Collection[str] = ()) -> tuple[nn.Module, ModelInfo]:
    """Read a weights file and build its network, in float32 on the CPU and in eval mode.

    Nothing is allocated for tensors that do not fit the network.

    Args:
        path: of the file.
        trusted: names of custom networks, "package.module:factory", whose code may be run.

    Raises:
        WeightsError: the file is missing, damaged, a pickle, of another network, or of a custom
            one that is not trusted.

    Example:
        >>> from segnet_model.weights.shipped import find_weights
        >>> network, info = load_weights(find_weights("enet_camvid"))
        >>> info.network, sum(weight.numel() for weight in network.parameters())
        ('enet', 369927)
    """
    path = Path(path)
    try:
        info = _info_of(path)
        network = _build_matching(info, read_shapes(path), trusted)
        tensors = read_tensors(path)
        expected = network.state_dict()
        _check_numbers(tensors, expected)
    except SegNetError as error:
        raise WeightsError(f"weights {path}: {error}") from None
    own = {name: tensor.to(expected[name].dtype, copy=True) for name, tensor in tensors.items()}
    network.load_state_dict(own, assign=not is_custom(info.network))
    return network.eval(), info


def replace_info(path: Path, out: Path, info: ModelInfo) -> None:
    """Write a copy of a weights file with other metadata, or replace the file itself.

    Raises:
        SettingsError: out is another file, which segnet did not write.
        WeightsError: path is not a whole safetensors file, or out cannot be written.
    """
    write_tensors(out, read_tensors(path), {KEY: info.to_json()}, known=is_same_file(path, out))


def read_info(path: str | Path) -> ModelInfo:
    """Read the metadata of a weights file alone.

    Raises:
        WeightsError: the file is missing, damaged, a pickle, or not of this package.
    """
    try:
        return _info_of(Path(path))
    except SegNetError as error:
        raise WeightsError(f"weights {path}: {error}") from None


def _info_of(path: Path) -> ModelInfo:
    metadata = read_metadata(path)
    if KEY not in metadata:
        raise WeightsError("it has no segnet metadata; expected a file made by `segnet train`")
    return ModelInfo.from_json(metadata[KEY])


def _build_matching(
    info: ModelInfo, shapes: Mapping[str, tuple[int, ...]], trusted: Collection[str]
) -> nn.Module:
    """Build a network without its weights; WeightsError unless they have these shapes."""
    # A few bytes may ask for terabytes; but custom code, which is trusted, may not support "meta".
    with nullcontext() if is_custom(info.network) else without_memory():
        network = info.build(trusted)
    _check_shapes(shapes, network.state_dict(), info.network)
    return network


def _check_shapes(
    found: Mapping[str, tuple[int, ...]], expected: Mapping[str, Tensor], network: str
) -> None:
    for name, tensor in expected.items():
        if name not in found:
            raise WeightsError(f"{network} needs tensor {name!r}, which is not in it")
        if found[name] != tensor.shape:
            raise WeightsError(
                f"{network} needs {name!r} of shape {tuple(tensor.shape)}, "
                f"but it holds {found[name]}"
            )
    if extra := found.keys() - expected.keys():
        raise WeightsError(f"it holds tensors that {network} has not: {sorted(extra)[:3]}")


def _check_numbers(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    for name, tensor in found.items():
        kinds = FLOATS if expected[name].is_floating_point() else (expected[name].dtype,)
        if tensor.dtype not in kinds:
            raise WeightsError(f"its tensor {name!r} is of {tensor.dtype}; expected {kinds[0]}")
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise WeightsError(f"its tensor {name!r} is not finite; train again")
