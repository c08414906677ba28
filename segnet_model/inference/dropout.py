"""Dropout that stays on at inference, with masks from seeds.

Gal and Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016: a pass with fresh dropout
masks is a sample of what the network could have learned from the same data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeGuard

import torch
from torch import Generator, Tensor, nn

from segnet_model.base.errors import SettingsError
from segnet_model.engines.torch_engine import TorchEngine

_BITS = 16  # of the random number for each value


class SampledDropout(nn.Module):
    """Dropout whose masks come from generators, one for each image of the batch.

    A mask depends on its generator alone, not on the batch or the memory format. Without
    generators nothing is dropped, as by `nn.Dropout` in eval mode.

    Attributes:
        generators: on the features' device; see `use_generators`.
    """

    def __init__(self, probability: float, whole_channels: bool = False) -> None:
        """Make a dropout.

        Args:
            probability: of dropping a value; the others grow by 1 / (1 - probability).
            whole_channels: draw once for a channel (spatial dropout, as `nn.Dropout2d`).
        """
        super().__init__()
        self.probability, self.whole_channels = probability, whole_channels
        self.generators: Sequence[Generator] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Drop values of x (N, C, H, W), which has as many images as there are generators."""
        if not self.generators or not self.probability:
            return x
        channels, height, width = x.shape[1:]
        shape = (1, 1, channels) if self.whole_channels else (height, width, channels)
        kept = torch.stack([self._draw(shape, each) for each in self.generators])
        factors: Tensor = kept.permute(0, 3, 1, 2).to(x.dtype).mul_(1 / (1 - self.probability))
        return x * factors

    def _draw(self, shape: tuple[int, int, int], generator: Generator) -> Tensor:
        count = shape[0] * shape[1] * shape[2]
        # Many times faster than bernoulli_: one draw of 64 bits makes four numbers of 16.
        words = torch.empty(-(-count // 4), dtype=torch.int64, device=generator.device)
        values = words.random_(-(2**63), None, generator=generator).view(torch.int16)[:count]
        least = round(self.probability * 2**_BITS) - 2 ** (_BITS - 1)
        kept: Tensor = values >= least
        return kept.view(shape)


def replace_dropouts(network: nn.Module) -> list[SampledDropout]:
    """Replace each dropout of a network, in place, by a `SampledDropout`; returns these.

    Raises:
        SettingsError: the network has no dropout.
    """
    new = []
    for module in list(network.modules()):
        for name, child in module.named_children():
            if _is_dropout(child):
                new.append(SampledDropout(child.p, isinstance(child, nn.Dropout2d)))
                setattr(module, name, new[-1])
    if not new:
        raise SettingsError(
            "this network has no dropout to sample; choose uncertainty 'none', or the weights of a "
            "Bayesian one, e.g. bayesian_segnet_basic_drives"
        )
    return new


def has_dropout(network: nn.Module) -> bool:
    """Whether `replace_dropouts` would find any."""
    return any(_is_dropout(module) for module in network.modules())


def _is_dropout(module: nn.Module) -> TypeGuard[nn.Dropout | nn.Dropout2d]:
    return isinstance(module, nn.Dropout | nn.Dropout2d) and module.p > 0


def place_scores_of(engine: TorchEngine) -> Tensor | None:
    """The place scores of the last pass; None where dropout precedes the features of the score."""
    return engine.place_scores if hasattr(engine.network, "first_half") else None


def mask_generator(seed: int, sample: int, device: torch.device) -> Generator:
    """Generator of a sample's masks: the same seed and number give the same on a device."""
    return Generator(device).manual_seed((seed << 20) + sample)


@contextmanager
def use_generators(
    dropouts: Sequence[SampledDropout], generators: Sequence[Generator]
) -> Iterator[None]:
    """Draw masks from these generators, one for each image of the batch, inside the context."""
    for dropout in dropouts:
        dropout.generators = generators
    try:
        yield
    finally:
        for dropout in dropouts:
            dropout.generators = ()
