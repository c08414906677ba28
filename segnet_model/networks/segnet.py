"""SegNet: VGG16's thirteen convolutions as the encoder, and their mirror image as the decoder.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", PAMI 2017, section 3 and figure 2.
"""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from segnet_model.networks.blocks import conv3x3_stack, conv_bn, init_he
from segnet_model.networks.encoder_decoder import EncoderDecoder

# Output channels of VGG16's convolutions, a stage a row (Simonyan and Zisserman, ICLR 2015).
VGG16_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class SegNet(EncoderDecoder):
    """29.4 million parameters; only the positions of the pooling maxima cross to the decoder."""

    def __init__(self, num_classes: int) -> None:
        """Make the layers; num_classes is the number of channels of the logits."""
        encoders, decoders = _stages()
        super().__init__(encoders, decoders, _classifier(num_classes))
        init_he(self)


class BayesianSegNet(EncoderDecoder):
    """SegNet with dropout after its six central stages, which stays on at inference.

    Kendall, Badrinarayanan and Cipolla, "Bayesian SegNet", BMVC 2017, section 3.1: their best
    variant, with dropout after the deepest half of the encoders and decoders.
    """

    def __init__(self, num_classes: int, dropout: float = 0.5) -> None:
        """Make the layers, for num_classes channels of logits and a probability of dropout."""
        encoders, decoders = _stages()
        after: tuple[Collection[int], Collection[int]] = ((3, 4, 5), (5, 4, 3))
        super().__init__(encoders, decoders, _classifier(num_classes), dropout, after)
        init_he(self)


def _stages() -> tuple[list[nn.Module], list[nn.Module]]:
    """The encoders, and the decoders with the same widths backwards."""
    encoders: list[nn.Module] = []
    decoders: list[nn.Module] = [conv_bn(64, 64, kernel=3)]
    inputs = 3
    for widths in VGG16_STAGES:
        encoders.append(conv3x3_stack([inputs, *widths]))
        if inputs != 3:
            decoders.insert(0, conv3x3_stack([*reversed(widths), inputs]))
        inputs = widths[-1]
    return encoders, decoders


def _classifier(num_classes: int) -> nn.Module:
    return nn.Conv2d(64, num_classes, kernel_size=3, padding=1)
