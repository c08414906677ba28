"""The SegNet family's common part: pool, unpool to the maxima's positions, dropout between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from segnet_model.networks.blocks import check_dropout, pad_to_least
from segnet_model.networks.pooling import max_pool_2x2, max_unpool_2x2


@dataclass(frozen=True)
class Pooling:
    """Data that one encoder passes to its decoder: a byte for each pooled value, and a size."""

    positions: Tensor  # (N, C, h, w) uint8, 0 to 3
    size: tuple[int, int]  # (H, W) before pooling


@dataclass(frozen=True)
class Intermediate:
    """Output of the first half of a forward pass: features, and data that the decoder needs."""

    x: Tensor  # (N, C, h, w)
    passed: tuple[Any, ...]  # by the encoder's stages so far, the deepest last
    size: tuple[int, int]  # (H, W) of the image


class EncoderDecoder(nn.Module):
    """Encoders that pool, decoders that unpool, and dropout after some of them.

    A forward pass has two halves, split at the first dropout. The first gives the same each time,
    so Monte Carlo sampling runs it once.
    """

    def __init__(
        self,
        encoders: Sequence[nn.Module],
        decoders: Sequence[nn.Module],
        classifier: nn.Module,
        dropout: float = 0.5,
        dropout_after: tuple[Collection[int], Collection[int]] = ((), ()),
    ) -> None:
        """Connect the stages.

        Args:
            encoders: each followed by a pooling.
            decoders: each preceded by an unpooling; the first undoes the last encoder.
            classifier: makes logits of the last decoder's features.
            dropout: probability of dropping a value.
            dropout_after: stages that dropout follows, of the encoders (after the pooling) and of
                the decoders; 1 is the stage next to the image on either side.
        """
        super().__init__()
        check_dropout(dropout)
        stages = len(encoders)
        self.encoders, self.decoders = nn.ModuleList(encoders), nn.ModuleList(decoders)
        self.encoder_dropouts = _dropouts(range(1, stages + 1), dropout_after[0], dropout)
        self.decoder_dropouts = _dropouts(range(stages, 0, -1), dropout_after[1], dropout)
        self.classifier = classifier
        self._first = min(dropout_after[0], default=stages)  # encoders before the first dropout
        self.supervised = tuple(f"decoders.{index}" for index in range(stages - 1))
        self.deepest = f"encoders.{self._first - 1}"  # that no dropout precedes

    def forward(self, x: Tensor) -> Tensor:
        """Make logits (N, num_classes, H, W) of normalized RGB (N, 3, H, W) of any size."""
        return self.second_half(self.first_half(x))

    def first_half(self, x: Tensor) -> Intermediate:
        """Run the layers before the first dropout."""
        size = (x.shape[-2], x.shape[-1])
        x = pad_to_least(x, 2 ** len(self.encoders))
        poolings = []
        for encoder in self.encoders[: self._first]:
            x, pooling = _pool(encoder(x))
            poolings.append(pooling)
        return Intermediate(x, tuple(poolings), size)

    def second_half(self, intermediate: Intermediate) -> Tensor:
        """Run the layers from the first dropout on.

        Args:
            intermediate: from `first_half`. Its x may be repeated along N for several samples of
                one image, whose poolings are there once.
        """
        first = self._first
        poolings = list(intermediate.passed)
        x = self.encoder_dropouts[first - 1](intermediate.x)
        for encoder, dropout in zip(
            self.encoders[first:], self.encoder_dropouts[first:], strict=True
        ):
            x, pooling = _pool(encoder(x))
            x = dropout(x)
            poolings.append(pooling)
        for decoder, dropout in zip(self.decoders, self.decoder_dropouts, strict=True):
            pooling = poolings.pop()
            x = dropout(decoder(max_unpool_2x2(x, pooling.positions, pooling.size)))
        height, width = intermediate.size
        logits: Tensor = self.classifier(x)
        return logits[..., :height, :width]


def halves(network: nn.Module) -> tuple[Callable[[Tensor], Any], Callable[[Any], Tensor]]:
    """The layers before the first dropout, and the rest, of a network that offers these.

    The second half may give smaller logits than the whole network, for others to enlarge. Of any
    other network the first half is nothing.
    """
    first: Any = getattr(network, "first_half", None)
    second: Any = getattr(network, "second_half", None)
    return (first, second) if first and second else ((lambda x: x), network)


def _pool(x: Tensor) -> tuple[Tensor, Pooling]:
    pooled, positions = max_pool_2x2(x)
    return pooled, Pooling(positions, (x.shape[-2], x.shape[-1]))


def _dropouts(stages: Sequence[int], after: Collection[int], probability: float) -> nn.ModuleList:
    return nn.ModuleList(
        nn.Dropout(probability) if stage in after else nn.Identity() for stage in stages
    )
