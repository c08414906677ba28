"""ENet: a small, fast network of bottlenecks, unpooled to the positions of the maxima.

Paszke, Chaurasia, Kim and Culurciello, "ENet: A Deep Neural Network Architecture for Real-Time
Semantic Segmentation", arXiv 1606.02147, table 1 and figure 2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segnet_model.networks.blocks import check_dropout, init_he, pad_to_multiple
from segnet_model.networks.pooling import max_pool_2x2, max_unpool_2x2

STRIDE = 8  # pixels of the image for one of the deepest features
# Stage 2 of table 1, which has these twice: kind and dilation of each bottleneck.
_REPEATED = (
    ("regular", 1), ("dilated", 2), ("asymmetric", 1), ("dilated", 4),
    ("regular", 1), ("dilated", 8), ("asymmetric", 1), ("dilated", 16),
)  # fmt: skip


class ENet(nn.Module):
    """0.37 million parameters with 11 classes."""

    # The end of the encoder, which the paper trains first (section 5.2), and a decoder's stage.
    supervised = ("stage2", "stage4")
    deepest = "stage2"

    def __init__(self, num_classes: int, dropout: float = 0.1) -> None:
        """Make the layers.

        Args:
            num_classes: channels of the logits.
            dropout: probability of dropping a channel after each bottleneck of the encoder; in
                the first stage a tenth of it, as in the paper.
        """
        super().__init__()
        check_dropout(dropout)
        self.initial = _Initial()
        self.down1 = _Downsampling(16, 64, dropout / 10)
        self.stage1 = nn.Sequential(*(_regular(64, dropout / 10) for _ in range(4)))
        self.down2 = _Downsampling(64, 128, dropout)
        middle = [_bottleneck(kind, dilation, dropout) for kind, dilation in _REPEATED * 2]
        self.stage2 = nn.Sequential(*middle)
        self.up4 = _Upsampling(128, 64)
        self.stage4 = nn.Sequential(*(_regular(64, 0, nn.ReLU) for _ in range(2)))
        self.up5 = _Upsampling(64, 16)
        self.stage5 = _regular(16, 0, nn.ReLU)
        self.classifier = nn.ConvTranspose2d(16, num_classes, 2, stride=2)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Make logits (N, num_classes, H, W) of normalized RGB (N, 3, H, W) of any size."""
        height, width = x.shape[-2:]
        x = self.initial(pad_to_multiple(x, STRIDE))
        x, places1 = self.down1(x)
        x = self.stage1(x)
        x, places2 = self.down2(x)
        x = self.stage2(x)
        x = self.stage4(self.up4(x, places2))
        x = self.stage5(self.up5(x, places1))
        logits: Tensor = self.classifier(x)
        return logits[..., :height, :width]


class _Initial(nn.Module):
    """Halve the image: 13 features of a convolution beside its 3 pooled channels (figure 2a)."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 13, 3, stride=2, padding=1)
        self.activation = nn.Sequential(nn.BatchNorm2d(16), nn.PReLU(16))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.activation(torch.cat([self.convolution(x), F.max_pool2d(x, 2)], 1))
        return y


class _Bottleneck(nn.Module):
    """Project to a quarter of the channels, convolve, expand, and add the input (figure 2b)."""

    def __init__(
        self, channels: int, middle: nn.Module, dropout: float, relu: type[nn.Module]
    ) -> None:
        super().__init__()
        inner = channels // 4
        self.branch = nn.Sequential(
            *_convolution(nn.Conv2d(channels, inner, 1, bias=False), _act(relu, inner)),
            middle,
            *_convolution(nn.Conv2d(inner, channels, 1, bias=False)),
            nn.Dropout2d(dropout) if dropout else nn.Identity(),
        )
        self.activation = _act(relu, channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.activation(x + self.branch(x))
        return y


class _Downsampling(nn.Module):
    """A bottleneck that halves the map; its shortcut is max pooling, with more channels."""

    def __init__(self, inputs: int, outputs: int, dropout: float) -> None:
        super().__init__()
        inner = outputs // 4
        self.branch = nn.Sequential(
            *_convolution(nn.Conv2d(inputs, inner, 2, stride=2, bias=False), nn.PReLU(inner)),
            *_convolution(nn.Conv2d(inner, inner, 3, padding=1, bias=False), nn.PReLU(inner)),
            *_convolution(nn.Conv2d(inner, outputs, 1, bias=False)),
            nn.Dropout2d(dropout) if dropout else nn.Identity(),
        )
        self.padding = outputs - inputs
        self.activation = nn.PReLU(outputs)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        pooled, positions = max_pool_2x2(x)
        wide = F.pad(pooled, (0, 0, 0, 0, 0, self.padding))
        return self.activation(wide + self.branch(x)), positions


class _Upsampling(nn.Module):
    """A bottleneck that doubles the map; its shortcut is unpooling, with fewer channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        inner = inputs // 4
        self.main = nn.Sequential(*_convolution(nn.Conv2d(inputs, outputs, 1, bias=False)))
        self.branch = nn.Sequential(
            *_convolution(nn.Conv2d(inputs, inner, 1, bias=False), nn.ReLU()),
            *_convolution(nn.ConvTranspose2d(inner, inner, 2, stride=2, bias=False), nn.ReLU()),
            *_convolution(nn.Conv2d(inner, outputs, 1, bias=False)),
        )
        self.activation = nn.ReLU()

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        y: Tensor = self.activation(max_unpool_2x2(self.main(x), positions) + self.branch(x))
        return y


def _bottleneck(kind: str, dilation: int, dropout: float) -> _Bottleneck:
    """A bottleneck of stage 2, with 128 channels, 32 inside."""
    if kind == "asymmetric":
        middle = nn.Sequential(
            nn.Conv2d(32, 32, (5, 1), padding=(2, 0), bias=False),
            *_convolution(nn.Conv2d(32, 32, (1, 5), padding=(0, 2), bias=False), nn.PReLU(32)),
        )
        return _Bottleneck(128, middle, dropout, nn.PReLU)
    return _regular(128, dropout, nn.PReLU, dilation)


def _regular(
    channels: int, dropout: float, relu: type[nn.Module] = nn.PReLU, dilation: int = 1
) -> _Bottleneck:
    inner = channels // 4
    convolution = nn.Conv2d(inner, inner, 3, padding=dilation, dilation=dilation, bias=False)
    return _Bottleneck(
        channels, nn.Sequential(*_convolution(convolution, _act(relu, inner))), dropout, relu
    )


def _convolution(convolution: nn.Conv2d | nn.ConvTranspose2d, *more: nn.Module) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), *more]


def _act(kind: type[nn.Module], channels: int) -> nn.Module:
    return nn.PReLU(channels) if kind is nn.PReLU else nn.ReLU()
