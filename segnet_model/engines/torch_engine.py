"""PyTorch, on the CPU or an NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from segnet_model.base.errors import SettingsError
from segnet_model.engines.acceleration import accelerate
from segnet_model.engines.capabilities import cpu_gains_from_bfloat16, cpu_has_bfloat16, warn_once
from segnet_model.engines.features import ScoredNetwork
from segnet_model.engines.place import watch_places
from segnet_model.networks.encoder_decoder import halves
from segnet_model.networks.inputs import Normalize
from segnet_model.networks.outputs import class_logits
from segnet_model.threads import share_with_torch
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.model_info import ModelInfo

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class TorchEngine:
    """A network in PyTorch; see `Engine` for the attributes.

    Attributes:
        network: accelerated; from (N, 3, h, w) as `prepare` makes it to raw logits (N, C, h, w).
    """

    name = "torch"
    suffix = ".safetensors"
    size: tuple[int, int] | None = None

    def __init__(
        self, network: nn.Module, info: ModelInfo, device: str = "auto", precision: str = "auto"
    ) -> None:
        """Take over a network from `info.build()`, which is changed in place.

        Args:
            network: with its weights.
            info: metadata of the weights file.
            device: see `choose_device`.
            precision: a key of `PRECISIONS`, or "auto": the fastest that the hardware supports.

        Raises:
            SettingsError: no such device or precision.
        """
        self.info = info
        self.device = choose_device(device)
        self.precision = _choose_precision(precision, self.device)
        self._dtype = PRECISIONS[self.precision]
        self._normalize = Normalize(info.mean, info.std, self.device)
        self.network = accelerate(network, self.device, self._dtype)
        self._places = watch_places(self.network, info)
        if self._places is not None:
            self._places.to(self.device)

    @classmethod
    def open(cls, path: Path, device: str, precision: str, trusted: Collection[str]) -> TorchEngine:
        """See `Engine`."""
        share_with_torch()
        network, info = load_weights(path, trusted)
        return cls(network, info, device, precision)

    def logits(self, images: Tensor) -> Tensor:
        """Run the network once; see `Engine`."""
        first, second = halves(self.network)
        return self.read(second(first(self.prepare(images))))

    @property
    def place_scores(self) -> Tensor | None:
        """See `Engine`."""
        return None if self._places is None else self._places.scores

    def check_scored(self) -> None:
        """See `Engine`."""
        _ = self._scored

    def scored(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As `logits`, and the feature score (N, h, w) float32."""
        raw, score = self._scored(self.prepare(images))
        return self.read(raw), score[:, 0]

    @cached_property
    def _scored(self) -> ScoredNetwork:
        return ScoredNetwork(self.network, self.info).to(self.device).eval()

    def prepare(self, images: Tensor) -> Tensor:
        """Make the network's input (N, 3, h, w) from (N, h, w, 3) uint8 RGB."""
        on_device = images.to(self.device, non_blocking=True)
        return self._normalize(on_device).to(self._dtype)

    def read(self, raw: Tensor) -> Tensor:
        """Make float32 logits of all classes from the network's output."""
        return class_logits(raw.float(), self.info.activation)


def choose_device(device: str) -> torch.device:
    """The device of this name, with "auto" a GPU if there is one; SettingsError if unusable."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen).add(1).cpu()  # "meta" computes nothing
    except Exception as error:  # of a backend that is not built in, any kind
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise SettingsError(f"device {device!r} cannot be used ({reason}); try 'auto'") from None
    return chosen


def _choose_precision(precision: str, device: torch.device) -> str:
    if precision == "auto":
        if device.type == "cuda":
            return "float16"
        return "bfloat16" if cpu_gains_from_bfloat16() else "float32"
    if precision not in PRECISIONS:
        raise SettingsError(f"precision {precision!r} is none of {['auto', *PRECISIONS]}")
    fast = precision == "float32" or (precision == "bfloat16" and cpu_has_bfloat16())
    if device.type == "cpu" and not fast:
        warn_once(f"this processor only emulates {precision}, which is slow; 'auto' takes float32")
    return precision
