"""VGG16's weights, learned on ImageNet, for encoders of its shape; from a file that one has."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from segnet_model.errors import WeightsError

MEND = "expected VGG16 with batch normalisation as torchvision names it, features.0.weight and on"
_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def load_vgg16(network: nn.Module, path: str | Path) -> None:
    """Put the weights of torchvision's `vgg16_bn` into a network's encoders.

    Our convolutions have no bias, since a batch normalisation follows; that of the file is taken
    from the running mean instead, which comes to the same.

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
    for (convolution, normalisation), name in zip(pairs, names, strict=True):
        try:
            _copy(convolution, normalisation, tensors, name)
        except (KeyError, RuntimeError) as error:
            raise WeightsError(
                f"encoder {path}: features.{name} does not fit ({error}); {MEND}"
            ) from None


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"encoder {path} cannot be read ({reason}); {MEND}") from None
    if not isinstance(tensors, dict):
        raise WeightsError(f"encoder {path} is not a state dict; {MEND}")
    return tensors


def _pairs(encoders: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    convolutions = [m for m in encoders.modules() if isinstance(m, nn.Conv2d)]
    normalisations = [m for m in encoders.modules() if isinstance(m, nn.BatchNorm2d)]
    return list(zip(convolutions, normalisations, strict=False))


def _names(tensors: dict[str, Tensor]) -> list[int]:
    """The indices of the convolutions among `features`, in order."""
    return sorted(
        int(name.split(".")[1])
        for name, tensor in tensors.items()
        if name.startswith("features.") and name.endswith(".weight") and tensor.ndim == 4
    )


@torch.no_grad()
def _copy(
    convolution: nn.Conv2d, normalisation: nn.BatchNorm2d, tensors: dict[str, Tensor], index: int
) -> None:
    convolution.weight.copy_(tensors[f"features.{index}.weight"])
    for name in _BATCH_NORM:
        getattr(normalisation, name).copy_(tensors[f"features.{index + 1}.{name}"])
    if (bias := tensors.get(f"features.{index}.bias")) is not None:
        assert normalisation.running_mean is not None
        normalisation.running_mean -= bias
