"""What SegNet's whole family shares: pool, unpool where the maxima were, and drop out between."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from segnet_model.networks.blocks import pad_to_least
from segnet_model.networks.pooling import max_pool_2x2, max_unpool_2x2


@dataclass(frozen=True)
class Pooling:
    """What one encoder hands to its decoder: one byte for each pooled value, and a size."""

    places: Tensor  # (N, C, h, w) uint8, 0 to 3
    size: tuple[int, int]  # (H, W) before pooling


@dataclass(frozen=True)
class Midway:
    """All that the rest of a forward pass needs: the features so far and the poolings behind."""

    x: Tensor  # (N, C, h, w)
    poolings: tuple[Pooling, ...]
    size: tuple[int, int]  # (H, W) of the image


class EncoderDecoder(nn.Module):
    """Encoders that pool, decoders that unpool, and dropout after those that are named.

    A forward pass has two halves: `begin` is all that comes before the first dropout and gives
    the same each time; `finish` is the rest. Monte Carlo sampling runs the first half once.
    """

    def __init__(
        self,
        encoders: Sequence[nn.Module],
        decoders: Sequence[nn.Module],
        classifier: nn.Module,
        dropout: float = 0.5,
        dropout_after: tuple[Collection[int], Collection[int]] = ((), ()),
    ) -> None:
        """Take the stages.

        Args:
            encoders: each followed by a pooling.
            decoders: each preceded by an unpooling; the first undoes the last encoder.
            classifier: makes logits of the last decoder's features.
            dropout: probability with which a value is dropped.
            dropout_after: stages that dropout follows, those of the encoders (after the pooling)
                and those of the decoders; 1 is the stage next to the image on either side.
        """
        super().__init__()
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout is {dropout}; give 0 or more and less than 1")
        stages = len(encoders)
        self.encoders, self.decoders = nn.ModuleList(encoders), nn.ModuleList(decoders)
        self.encoder_dropouts = _dropouts(range(1, stages + 1), dropout_after[0], dropout)
        self.decoder_dropouts = _dropouts(range(stages, 0, -1), dropout_after[1], dropout)
        self.classifier = classifier
        self._first = min(dropout_after[0], default=stages)  # encoders before the first dropout
        self.supervised = tuple(f"decoders.{index}" for index in range(stages - 1))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, num_classes, H, W) of normalised RGB (N, 3, H, W) of any size."""
        return self.finish(self.begin(x))

    def begin(self, x: Tensor) -> Midway:
        """The half before the first dropout."""
        size = (x.shape[-2], x.shape[-1])
        x = pad_to_least(x, 2 ** len(self.encoders))
        poolings = []
        for encoder in self.encoders[: self._first]:
            x, pooling = _pool(encoder(x))
            poolings.append(pooling)
        return Midway(x, tuple(poolings), size)

    def finish(self, midway: Midway) -> Tensor:
        """The half from the first dropout on.

        Args:
            midway: what `begin` gave. Its x may be repeated along N for several samples of one
                image, while the poolings behind it are there once.
        """
        first = self._first
        poolings = list(midway.poolings)
        x = self.encoder_dropouts[first - 1](midway.x)
        for encoder, dropout in zip(
            self.encoders[first:], self.encoder_dropouts[first:], strict=True
        ):
            x, pooling = _pool(encoder(x))
            x = dropout(x)
            poolings.append(pooling)
        for decoder, dropout in zip(self.decoders, self.decoder_dropouts, strict=True):
            pooling = poolings.pop()
            x = dropout(decoder(max_unpool_2x2(x, pooling.places, pooling.size)))
        height, width = midway.size
        logits: Tensor = self.classifier(x)
        return logits[..., :height, :width]


def _pool(x: Tensor) -> tuple[Tensor, Pooling]:
    pooled, places = max_pool_2x2(x)
    return pooled, Pooling(places, (x.shape[-2], x.shape[-1]))


def _dropouts(stages: Sequence[int], after: Collection[int], probability: float) -> nn.ModuleList:
    return nn.ModuleList(
        nn.Dropout(probability) if stage in after else nn.Identity() for stage in stages
    )
