"""SegNet-Basic: four encoders, four decoders, 7x7 kernels.

Badrinarayanan, Kendall and Cipolla, "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", PAMI 2017, section 3.2 (the smaller network of the decoder comparison).
"""

from __future__ import annotations

from torch import Tensor, nn

from segnet_model.networks.blocks import conv_bn, init_he, pad_to_multiple
from segnet_model.pooling import max_pool_2x2, max_unpool_2x2

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
        places = []
        for encoder in self.encoders:
            x, place = max_pool_2x2(encoder(x))
            places.append(place)
        for decoder in self.decoders:
            x = decoder(max_unpool_2x2(x, places.pop()))
        logits: Tensor = self.classifier(x)
        return logits[..., :height, :width]
