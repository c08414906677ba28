"""VGG16's ImageNet weights for encoders of its shape, read from a local file."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

from segnet_model.base.errors import WeightsError
from segnet_model.weights.tensors import read_tensors

MEND = "expected VGG16 with batch normalization as torchvision names it, features.0.weight and on"
FEATURE = re.compile(r"features\.(\d{1,3})\.weight")
_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def load_vgg16(network: nn.Module, path: str | Path) -> None:
    """Load the weights of torchvision's `vgg16_bn` into a network's encoders.

    Our convolutions have no bias, since a batch normalization follows; the running mean less the
    file's bias gives the same.

    Args:
        network: segnet, bayesian_segnet or unet.
        path: a `.safetensors` or `.pth` file of a state dict; pickled code is never run.

    Raises:
        WeightsError: the file cannot be read, is something else, or does not fit the network.
    """
    tensors = _read(Path(path))
    pairs = _pairs(getattr(network, "encoders", nn.ModuleList()))
    if len(pairs) != 13:
        raise WeightsError(
            f"encoder {path}: {type(network).__name__} has not VGG16's 13 convolutions; choose "
            "segnet, bayesian_segnet or unet"
        )
    names = _names(tensors)
    if len(names) != len(pairs):
        raise WeightsError(f"encoder {path}: it holds {len(names)} convolutions of 13; {MEND}")
    for (convolution, normalization), name in zip(pairs, names, strict=True):
        try:
            _copy(convolution, normalization, tensors, name)
        except (KeyError, RuntimeError) as error:
            raise WeightsError(
                f"encoder {path}: features.{name} does not fit ({error}); {MEND}"
            ) from None


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return read_tensors(path)
        _check_stored(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a pickle that is damaged may fail in any way
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise WeightsError(f"encoder {path} cannot be read ({reason}); {MEND}") from None
    if not isinstance(tensors, dict):
        raise WeightsError(f"encoder {path} is not a state dict; {MEND}")
    return {k: v for k, v in tensors.items() if isinstance(k, str) and isinstance(v, Tensor)}


def _check_stored(path: Path) -> None:
    """Raise WeightsError for a compressed file, which might grow; PyTorch does not compress."""
    if not path.is_file():
        raise WeightsError("there is no such file")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise WeightsError("it is compressed")


def _pairs(encoders: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    convolutions = [m for m in encoders.modules() if isinstance(m, nn.Conv2d)]
    normalizations = [m for m in encoders.modules() if isinstance(m, nn.BatchNorm2d)]
    return list(zip(convolutions, normalizations, strict=False))


def _names(tensors: dict[str, Tensor]) -> list[int]:
    """The indices of the convolutions among `features`, in order."""
    found = ((FEATURE.fullmatch(name), tensor) for name, tensor in tensors.items())
    return sorted(int(match[1]) for match, tensor in found if match and tensor.ndim == 4)


@torch.no_grad()
def _copy(
    convolution: nn.Conv2d, normalization: nn.BatchNorm2d, tensors: dict[str, Tensor], index: int
) -> None:
    _take(convolution.weight, tensors[f"features.{index}.weight"])
    for name in _BATCH_NORM:
        _take(getattr(normalization, name), tensors[f"features.{index + 1}.{name}"])
    if (bias := tensors.get(f"features.{index}.bias")) is not None:
        assert normalization.running_mean is not None
        normalization.running_mean -= bias


def _take(own: Tensor, other: Tensor) -> None:
    if own.shape != other.shape:  # copy_ would broadcast a smaller one
        raise RuntimeError(f"{tuple(other.shape)} for {tuple(own.shape)}")
    own.copy_(other)
