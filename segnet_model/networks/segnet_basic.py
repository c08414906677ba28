"""SegNet-Basic: four encoders, four decoders, 7x7 kernels.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", PAMI 2017, section 3.2 (the smaller network of the decoder comparison).
"""

from __future__ import annotations

from torch import Tensor, nn

from segnet_model.networks.blocks import conv_bn, encode_decode, init_he, pad_to_multiple

STAGES = 4


class SegNetBasic(nn.Module):
    """1.42 million parameters with 11 classes; all stages have the same number of features.

    Only the places of the pooling maxima cross from encoder to decoder, and the decoder has no
    ReLU, as in the paper.
    """

    def __init__(self, num_classes: int, features: int = 64) -> None:
        """Make the layers.

        Args:
            num_classes: channels of the logits.
            features: channels of every stage; the paper has 64.
        """
        super().__init__()
        if features < 1:
            raise ValueError(f"features is {features}; give at least 1")
        widths = [3] + [features] * STAGES
        self.encoders = nn.ModuleList(
            conv_bn(widths[i], widths[i + 1], kernel=7) for i in range(STAGES)
        )
        self.decoders = nn.ModuleList(
            conv_bn(features, features, kernel=7, relu=False) for _ in range(STAGES)
        )
        self.classifier = nn.Conv2d(features, num_classes, kernel_size=1)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, num_classes, H, W) of normalised RGB (N, 3, H, W) of any size."""
        height, width = x.shape[-2:]
        x = pad_to_multiple(x, 2**STAGES)
        logits: Tensor = self.classifier(encode_decode(x, self.encoders, self.decoders))
        return logits[..., :height, :width]
