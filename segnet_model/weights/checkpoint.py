"""The weights file: tensors and all metadata to use them, in one `.safetensors`.

Safetensors holds plain arrays and text, so a file from a stranger cannot run code, as a pickle
can. The metadata key "segnet" holds `ModelInfo` as JSON: the single source of truth.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor, nn

from segnet_model.base.atomic import is_same_file
from segnet_model.base.errors import SegNetError, WeightsError
from segnet_model.networks.blocks import without_memory
from segnet_model.networks.custom import is_custom
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.tensors import read_metadata, read_shapes, read_tensors, write_tensors

KEY = "segnet"
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


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
        >>> from segnet_model.labels import LabelSet
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


def check_content(path: Path) -> int:
    """Count the numbers of a weights file; WeightsError where it is not what segnet wrote."""
    try:
        return sum(tensor.numel() for tensor in read_tensors(path).values())
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
