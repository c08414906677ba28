"""EfficientNet-Lite: the encoder of SegNet-Lite.

Tan and Le, "EfficientNet", ICML 2019, table 1. The Lite variants of TensorFlow's repository have no
squeeze-and-excitation and ReLU6 in place of swish, which suits int8; they scale neither the stem
nor the depth of the first and last row.
"""

from __future__ import annotations

from math import ceil

from torch import Tensor, nn

# (blocks, kernel, stride, output channels, expansion) of each row of the paper's table 1.
ROWS = (
    (1, 3, 1, 16, 1),
    (2, 3, 2, 24, 6),
    (2, 5, 2, 40, 6),
    (3, 3, 2, 80, 6),
    (3, 5, 1, 112, 6),
    (4, 5, 2, 192, 6),
    (1, 3, 1, 320, 6),
)
STEM = 32  # channels
# Factors of channels and blocks: the paper's compound scaling.
SCALES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
DIVISOR = 8  # of each number of channels


class EfficientNetLite(nn.Module):
    """Five stages, each of which halves the image: features at strides 2, 4, 8, 16 and 32.

    Attributes:
        size: a key of `SCALES`.
        channels: of the features of each stage.
    """

    def __init__(self, size: str = "lite0") -> None:
        """Make the layers; size is a key of `SCALES`."""
        super().__init__()
        if size not in SCALES:
            raise ValueError(f"encoder {size!r} is none of {', '.join(SCALES)}")
        self.size = size
        width, depth = SCALES[size]
        stages: list[list[nn.Module]] = [[_convolution(3, STEM, 3, stride=2)]]
        channels, inputs = [], STEM
        for index, (blocks, kernel, stride, outputs, expansion) in enumerate(ROWS):
            if stride == 2:
                channels.append(inputs)
                stages.append([])
            outer = index in (0, len(ROWS) - 1)
            outputs = _scale_channels(outputs, width)
            for block in range(blocks if outer else ceil(blocks * depth)):
                step = 1 if block else stride
                stages[-1].append(_InvertedResidual(inputs, outputs, kernel, step, expansion))
                inputs = outputs
        self.stages = nn.ModuleList(nn.Sequential(*stage) for stage in stages)
        self.channels = (*channels, inputs)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of (N, 3, H, W): one (N, channels, H / stride, W / stride) for each stage."""
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


class _InvertedResidual(nn.Module):
    """Expand the channels, convolve each by itself, and project without an activation.

    Sandler et al., "MobileNetV2", CVPR 2018, section 3.3.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        layers = [_convolution(inputs, wide, 1)] if expansion > 1 else []
        layers.append(_convolution(wide, wide, kernel, stride=stride, groups=wide))
        layers.append(_convolution(wide, outputs, 1, activate=False))
        self.layers = nn.Sequential(*layers)
        self._adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self._adds else y


def _scale_channels(channels: int, width: float) -> int:
    """Scale to the nearest multiple of 8, or the next one if that loses more than a tenth."""
    scaled = channels * width
    rounded = max(DIVISOR, int(scaled + DIVISOR / 2) // DIVISOR * DIVISOR)
    return rounded + DIVISOR if rounded < 0.9 * scaled else rounded


def _convolution(
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    activate: bool = True,
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01),  # those of the published weights
    ]
    if activate:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)
