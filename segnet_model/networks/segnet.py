"""SegNet: VGG16's thirteen convolutions as the encoder, and their mirror image as the decoder.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", PAMI 2017, section 3 and figure 2.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from segnet_model.networks.blocks import conv_bn, encode_decode, init_he, pad_to_multiple

# Output channels of VGG16's convolutions, a stage a row (Simonyan and Zisserman, ICLR 2015).
VGG16_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class SegNet(nn.Module):
    """29.4 million parameters; only the places of the pooling maxima cross to the decoder."""

    def __init__(self, num_classes: int) -> None:
        """Make the layers; num_classes is the number of channels of the logits."""
        super().__init__()
        self.encoders = nn.ModuleList()
        inputs = 3
        for widths in VGG16_STAGES:
            self.encoders.append(_stage([inputs, *widths]))
            inputs = widths[-1]
        # Each decoder undoes its encoder: the same widths backwards, ending where that one began.
        starts = [VGG16_STAGES[0][0]] + [widths[-1] for widths in VGG16_STAGES[:-1]]
        self.decoders = nn.ModuleList(
            _stage([*reversed(widths), start])
            for widths, start in zip(reversed(VGG16_STAGES[1:]), reversed(starts[1:]), strict=True)
        )
        self.decoders.append(conv_bn(64, 64, kernel=3))
        self.classifier = nn.Conv2d(64, num_classes, kernel_size=3, padding=1)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, num_classes, H, W) of normalised RGB (N, 3, H, W) of any size."""
        height, width = x.shape[-2:]
        x = pad_to_multiple(x, 2 ** len(self.encoders))
        logits: Tensor = self.classifier(encode_decode(x, self.encoders, self.decoders))
        return logits[..., :height, :width]


def _stage(widths: list[int]) -> nn.Sequential:
    """As many 3x3 convolutions as there are steps in widths."""
    return nn.Sequential(*(conv_bn(a, b, kernel=3) for a, b in pairwise(widths)))
