"""SegNet-Basic: four encoders, four decoders, 7x7 kernels.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", PAMI 2017, section 3.2 (the smaller network of the decoder comparison).
"""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from segnet_model.networks.blocks import conv_bn, init_he
from segnet_model.networks.encoder_decoder import EncoderDecoder

STAGES = 4


class SegNetBasic(EncoderDecoder):
    """1.42 million parameters with 11 classes; all stages have the same number of features.

    Only the positions of the pooling maxima cross from encoder to decoder, and the decoder has no
    ReLU, as in the paper.
    """

    def __init__(self, num_classes: int, features: int = 64) -> None:
        """Make the layers, with num_classes channels of logits and features of every stage."""
        super().__init__(*_layers(num_classes, features))
        init_he(self)


class BayesianSegNetBasic(EncoderDecoder):
    """SegNet-Basic with dropout after its four central stages, which stays on at inference.

    Kendall, Badrinarayanan and Cipolla, "Bayesian SegNet", BMVC 2017, section 3.1.
    """

    def __init__(self, num_classes: int, features: int = 64, dropout: float = 0.5) -> None:
        """Make the layers, as `SegNetBasic`, with a probability of dropout."""
        after: tuple[Collection[int], Collection[int]] = ((3, 4), (4, 3))
        super().__init__(*_layers(num_classes, features), dropout, after)
        init_he(self)


def _layers(num_classes: int, features: int) -> tuple[list[nn.Module], list[nn.Module], nn.Module]:
    if features < 1:
        raise ValueError(f"features is {features}; give at least 1")
    widths = [3] + [features] * STAGES
    encoders = [conv_bn(widths[i], widths[i + 1], kernel=7) for i in range(STAGES)]
    decoders = [conv_bn(features, features, kernel=7, relu=False) for _ in range(STAGES)]
    return [*encoders], [*decoders], nn.Conv2d(features, num_classes, kernel_size=1)
