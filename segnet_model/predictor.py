"""From a weights file to a class, a confidence and an uncertainty for every pixel of an image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from segnet_model.checkpoint import ModelInfo, load_weights
from segnet_model.errors import ImageError, SettingsError
from segnet_model.networks.blocks import channels_last
from segnet_model.preprocess import (
    check_images,
    network_size,
    normalise,
    resize_image,
    resize_maps,
)
from segnet_model.uncertainty import normalised_entropy

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Segmentation:
    """What the network says of one image (H, W), or of N images with N as the first axis."""

    labels: np.ndarray  # (H, W) uint8, class ids
    confidence: np.ndarray  # (H, W) float32, probability of the chosen class, 1 / C to 1
    uncertainty: np.ndarray  # (H, W) float32, normalised entropy, 0 to 1


class Predictor:
    """A network that is ready to be asked.

    Attributes:
        info: what the weights file says of itself.
        device: where the network runs.
        precision: "float32", "bfloat16" or "float16".
    """

    def __init__(
        self, network: nn.Module, info: ModelInfo, device: str = "auto", precision: str = "auto"
    ) -> None:
        """Take a network that `info.build()` made; see `load` for the other arguments."""
        self.info = info
        self.device = choose_device(device)
        self.precision = _choose_precision(precision, self.device)
        self._dtype = PRECISIONS[self.precision]
        self._network = channels_last(network.eval().to(self.device, self._dtype))

    @classmethod
    def load(cls, path: str | Path, device: str = "auto", precision: str = "auto") -> Predictor:
        """Read a weights file.

        Args:
            path: of the `.safetensors` file; a shipped one may be given by its name.
            device: "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:1".
            precision: "auto" (the fastest that the device is made for), "float32", "bfloat16" or
                "float16".

        Raises:
            WeightsError: the file is not usable weights.
            SettingsError: no such device or precision.
        """
        network, info = load_weights(find_weights(path))
        return cls(network, info, device, precision)

    def predict(self, images: np.ndarray) -> Segmentation:
        """Segment one image or several of the same size.

        Args:
            images: (H, W, 3) or (N, H, W, 3) uint8 RGB, any size.

        Returns:
            Arrays (H, W) or (N, H, W), at the images' own size.

        Raises:
            ImageError: the array is not such images, or the network's answer is not finite.
        """
        batch = images if images.ndim == 4 else images[None]
        check_images(batch)
        with torch.inference_mode():
            outputs = self._outputs(batch)
        arrays = (t.cpu().numpy() for t in outputs)
        return Segmentation(*arrays) if images.ndim == 4 else Segmentation(*(a[0] for a in arrays))

    def _outputs(self, images: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        size = images.shape[1], images.shape[2]
        probabilities = self.probabilities(images)
        uncertainty = resize_maps(normalised_entropy(probabilities)[:, None], size)[:, 0]
        confidence, labels = resize_maps(probabilities, size).max(1)
        return labels.to(torch.uint8), confidence, uncertainty

    def probabilities(self, images: np.ndarray) -> Tensor:
        """Class probabilities at the network's own resolution.

        Args:
            images: (N, H, W, 3) uint8 RGB.

        Returns:
            (N, C, h, w) float32 on the predictor's device, h and w from `network_size`.

        Raises:
            ImageError: the network's answer is not finite.
        """
        size = network_size((images.shape[1], images.shape[2]), self.info.input_size)
        small = torch.from_numpy(np.stack([resize_image(image, size) for image in images]))
        x = normalise(small.to(self.device), self.info.mean, self.info.std)
        logits: Tensor = self._network(x.to(self._dtype)).float()
        if not torch.isfinite(logits).all():
            raise ImageError("the network's answer is not finite; are the weights damaged?")
        return logits.softmax(1)


def find_weights(path: str | Path) -> Path:
    """The file itself, or the shipped weights of this name, e.g. "segnet_basic_drives"."""
    shipped = Path(__file__).parent / "weights" / f"{path}.safetensors"
    # A shell leaves ~ as it is in name:=~/path.
    return shipped if shipped.is_file() else Path(path).expanduser()


def choose_device(device: str) -> torch.device:
    """The device of this name, or with "auto" a GPU where there is one; SettingsError if none."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(f"device {device!r} cannot be used ({reason}); try 'auto'") from None
    return chosen


def _choose_precision(precision: str, device: torch.device) -> str:
    if precision == "auto":
        if device.type == "cuda":
            return "float16"
        return "bfloat16" if _cpu_has_bfloat16() else "float32"
    if precision not in PRECISIONS:
        raise SettingsError(f"precision {precision!r} is none of {['auto', *PRECISIONS]}")
    return precision


@cache
def _cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; elsewhere it is emulated, and slower."""
    if not hasattr(torch.cpu, "get_capabilities"):  # an older PyTorch cannot tell
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
