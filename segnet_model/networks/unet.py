"""U-Net at VGG16's widths, the usual comparison for SegNet.

Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015. Its encoder is SegNet's; its decoder gets whole feature maps, not positions of maxima.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segnet_model.networks.blocks import conv3x3_stack, init_he, pad_to_least
from segnet_model.networks.segnet import VGG16_STAGES


class UNet(nn.Module):
    """SegNet's stages, where each decoder also gets the features of its encoder."""

    def __init__(self, num_classes: int) -> None:
        """Make the layers; num_classes is the number of channels of the logits."""
        super().__init__()
        ends = [3, *(widths[-1] for widths in VGG16_STAGES)]
        self.encoders = nn.ModuleList(
            conv3x3_stack([inputs, *widths])
            for inputs, widths in zip(ends, VGG16_STAGES, strict=False)
        )
        # From the deepest: channels from below, and those of the encoder of the same stage.
        self.decoders = nn.ModuleList(
            conv3x3_stack([below + widths[-1], *reversed(widths)])
            for below, widths in zip([512, 512, 512, 256, 128], reversed(VGG16_STAGES), strict=True)
        )
        self.bottom = conv3x3_stack([512, 512])
        self.classifier = nn.Conv2d(64, num_classes, kernel_size=1)
        self.supervised = tuple(f"decoders.{index}" for index in range(len(self.decoders) - 1))
        self.deepest = "bottom"
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Make logits (N, num_classes, H, W) of normalized RGB (N, 3, H, W) of any size."""
        height, width = x.shape[-2:]
        x = pad_to_least(x, 2 ** len(self.encoders))
        skips = []
        for encoder in self.encoders:
            x = encoder(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for decoder in self.decoders:
            skip = skips.pop()
            x = F.interpolate(x, size=skip.shape[-2:], mode="nearest")
            x = decoder(torch.cat([x, skip], 1))
        logits: Tensor = self.classifier(x)
        return logits[..., :height, :width]
