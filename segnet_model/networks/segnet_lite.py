"""SegNet-Lite: SegNet's decoder behind an encoder that was trained on ImageNet.

The encoder is EfficientNet-Lite. A pyramid of pooled features between encoder and decoder adds the
context of the whole image (Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017, section 3.2).
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segnet_model.networks.blocks import check_dropout, conv_bn, init_he, pad_to_multiple
from segnet_model.networks.efficientnet_lite import EfficientNetLite
from segnet_model.networks.encoder_decoder import Intermediate
from segnet_model.networks.pooling import max_pool_2x2, max_unpool_2x2

STRIDE = 32  # pixels of the image for one of the deepest features
LEVELS = (1, 2, 4, 8)  # cells on a side of each level of the pyramid
WIDTHS = (64, 64, 48, 24)  # channels of the decoders at strides 16, 8, 4 and 2
CROSSINGS = ("features", "positions", "both")


class SegNetLite(nn.Module):
    """3.13 million parameters with 11 classes; 2.95 of them are the encoder's.

    A forward pass has two halves, split at the first dropout, as that of `EncoderDecoder`. The
    second gives logits of half of the image's size, which `forward` enlarges bilinearly.

    Attributes:
        float_convolutions: convolutions at the start that an int8 export keeps in float: in int8
            they cost most of the labels that change, and are no faster.
    """

    float_convolutions = 6
    deepest = "encoder"

    def __init__(
        self,
        num_classes: int,
        encoder: str = "lite0",
        crossing: str = "features",
        dropout: float = 0.0,
        sampled: int = 1,
    ) -> None:
        """Make the layers.

        Args:
            num_classes: channels of the logits.
            encoder: size of the encoder, a key of `efficientnet_lite.SCALES`.
            crossing: data that the encoder passes to the decoder: "features", which are added;
                "positions" of the maxima of 2x2 windows, as in SegNet; or "both".
            dropout: probability of dropping a whole channel before each sampled stage.
            sampled: number of stages behind the first dropout, 1 to 5, counted from the end: 1 is
                the classifier, 5 adds the four decoders. Each sample computes these stages.
        """
        super().__init__()
        check_dropout(dropout)
        if crossing not in CROSSINGS:
            raise ValueError(f"crossing {crossing!r} is none of {', '.join(CROSSINGS)}")
        if sampled not in range(1, len(WIDTHS) + 2):
            raise ValueError(f"sampled is {sampled}; give 1 to {len(WIDTHS) + 1}")
        self.encoder = EfficientNetLite(encoder)
        *skips, deepest = self.encoder.channels
        self.pyramid = _Pyramid(deepest, WIDTHS[0])
        widths = pairwise([WIDTHS[0], *WIDTHS])
        self.decoders = nn.ModuleList(
            _Decoder(a, skip, b, crossing)
            for (a, b), skip in zip(widths, reversed(skips), strict=True)
        )
        self.classifier = nn.Conv2d(WIDTHS[-1], num_classes, kernel_size=1)
        self.dropout = nn.Dropout2d(dropout) if dropout else nn.Identity()
        self._first = len(WIDTHS) + 1 - sampled  # decoders before the first dropout
        self.supervised = tuple(f"decoders.{index}" for index in range(len(WIDTHS) - 1))
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Make logits (N, num_classes, H, W) of normalized RGB (N, 3, H, W) of any size."""
        intermediate = self.first_half(x)
        return _resize(self.second_half(intermediate), *intermediate.size)

    def first_half(self, x: Tensor) -> Intermediate:
        """Run the layers before the first dropout."""
        size = (x.shape[-2], x.shape[-1])
        *features, deepest = self.encoder(pad_to_multiple(x, STRIDE))
        x = self.pyramid(deepest)
        for decoder in self.decoders[: self._first]:
            x = decoder(x, features.pop())
        return Intermediate(x, tuple(features), size)

    def second_half(self, intermediate: Intermediate) -> Tensor:
        """Run the layers from the first dropout on.

        Args:
            intermediate: from `first_half`. Its x may be repeated along N for several samples of
                one image, whose features are there once.

        Returns:
            Logits (N, num_classes, h, w), h and w half of the image's height and width, rounded up.
        """
        x, features = intermediate.x, list(intermediate.passed)
        for decoder in self.decoders[self._first :]:
            x = decoder(self.dropout(x), features.pop())
        logits: Tensor = self.classifier(self.dropout(x))
        height, width = intermediate.size
        return logits[..., : (height + 1) // 2, : (width + 1) // 2]


class BayesianSegNetLite(SegNetLite):
    """SegNet-Lite with dropout before its last stages, which stays on at inference.

    Dropout in late layers alone as by Kendall, Badrinarayanan and Cipolla, "Bayesian SegNet", BMVC
    2017, section 3.1 ("Classifier"); there are no random numbers in the encoder, so that a sample
    costs few of the operations of a pass: 0.6 % with `sampled=1`, 14 % with 2, 27 % with 3.
    """

    def __init__(
        self,
        num_classes: int,
        encoder: str = "lite0",
        crossing: str = "features",
        dropout: float = 0.3,
        sampled: int = 1,
    ) -> None:
        """Make the layers; for the arguments see `SegNetLite`."""
        super().__init__(num_classes, encoder, crossing, dropout, sampled)


class _Pyramid(nn.Module):
    """Features, and their means over the cells of grids of 1x1 to 8x8, mixed."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        part = outputs // len(LEVELS)
        self.levels = nn.ModuleList(_Level(inputs, part) for _ in LEVELS)
        self.mixed = conv_bn(inputs + outputs, outputs, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, outputs, h, w) of x (N, inputs, h, w)."""
        height, width = x.shape[-2:]
        means = [
            _resize(level(F.adaptive_avg_pool2d(x, cells)), height, width)
            for level, cells in zip(self.levels, LEVELS, strict=True)
        ]
        mixed: Tensor = self.mixed(torch.cat([x, *means], 1))
        return mixed


class _Level(nn.Sequential):
    """A convolution with batch normalization and ReLU, as `conv_bn`, of the means of some cells.

    It trains on single images too: the one mean of a whole image has no variance.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(*conv_bn(inputs, outputs, kernel=1))

    def forward(self, x: Tensor) -> Tensor:
        convolution, normalization, relu = self
        x = convolution(x)
        if self.training:
            normalization.train(x.numel() > x.shape[1])
        y: Tensor = relu(normalization(x))
        return y


class _Decoder(nn.Module):
    """Doubles a feature map and mixes it with data of the encoder's stage of that size."""

    def __init__(self, inputs: int, skipped: int, outputs: int, crossing: str) -> None:
        super().__init__()
        self.unpools = crossing != "features"
        between = skipped if self.unpools else outputs  # positions are the encoder's channels'
        self.narrow = conv_bn(inputs, between, kernel=1)
        self.skip = None if crossing == "positions" else conv_bn(skipped, between, kernel=1)
        self.mix = conv_bn(between, outputs, kernel=3)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """(N, outputs, 2h, 2w) of x (N, inputs, h, w) and features (1 or N, skipped, 2h, 2w)."""
        x = self.narrow(x)
        if self.unpools:
            # Positions are whole numbers, so there is no gradient.
            x = max_unpool_2x2(x, max_pool_2x2(features.detach())[1])
        else:
            x = _resize(x, features.shape[-2], features.shape[-1])
        if self.skip is not None:
            x = x + self.skip(features)
        mixed: Tensor = self.mix(x)
        return mixed


def _resize(x: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)
