"""Dropout that is kept on when the network is asked, from seeds.

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

_DRAW = 16  # bits for each value that is kept or dropped


class SampledDropout(nn.Module):
    """Dropout whose masks come from generators, one for each image of the batch.

    A sample's mask depends on its generator alone, not on the batch that it is computed in nor on
    the memory format. Without generators it does nothing, as dropout in eval mode.

    Attributes:
        generators: on the features' device; see `drawing`.
    """

    def __init__(self, probability: float, whole_channels: bool = False) -> None:
        """Make a dropout.

        Args:
            probability: with which a value is dropped; the others grow by 1 / (1 - probability).
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
        # Many times faster than bernoulli_: four values of a draw, each of 16 bits.
        words = torch.empty(-(-count // 4), dtype=torch.int64, device=generator.device)
        values = words.random_(-(2**63), None, generator=generator).view(torch.int16)[:count]
        least = round(self.probability * 2**_DRAW) - 2 ** (_DRAW - 1)
        kept: Tensor = values >= least
        return kept.view(shape)


def sample_dropouts(network: nn.Module) -> list[SampledDropout]:
    """Put a `SampledDropout` in the place of each dropout of a network.

    Args:
        network: changed in place.

    Returns:
        The new modules, in the order in which the network names them.

    Raises:
        SettingsError: the network has no dropout, so there is nothing to sample.
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
    """Whether a network has dropout that `sample_dropouts` would find."""
    return any(_is_dropout(module) for module in network.modules())


@contextmanager
def drawing(dropouts: Sequence[SampledDropout], generators: Sequence[Generator]) -> Iterator[None]:
    """Let dropouts draw from these generators, one for each image of the batch, for a while."""
    for dropout in dropouts:
        dropout.generators = generators
    try:
        yield
    finally:
        for dropout in dropouts:
            dropout.generators = ()


def _is_dropout(module: nn.Module) -> TypeGuard[nn.Dropout | nn.Dropout2d]:
    return isinstance(module, nn.Dropout | nn.Dropout2d) and module.p > 0


def sample_generator(seed: int, sample: int, device: torch.device) -> Generator:
    """The generator of a sample: the same seed and number give the same masks on a device."""
    return Generator(device).manual_seed((seed << 20) + sample)
