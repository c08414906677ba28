"""Heads that people know, U-Net++'s and DeepLab's, exported by PyTorch and adopted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from segnet_model.engines.adoption import Wishes, adopt
from segnet_model.inference.predictor import Predictor
from segnet_model.networks.inputs import Normalize
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def block(inputs, outputs, stride=1, dilation=1):
    convolution = nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def larger(x, like):
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class UNetPlusPlus(nn.Module):
    """Zhou et al. 2018, figure 1: a decoder at each depth, densely connected to those beside it."""

    def __init__(self, classes):
        super().__init__()
        self.down = nn.ModuleList([block(3, 8), block(8, 12, 2), block(12, 16, 2)])
        self.x01, self.x11 = block(8 + 12, 8), block(12 + 16, 12)
        self.x02 = block(8 + 8 + 12, 8)
        self.head = nn.Conv2d(8, classes, 1)

    def forward(self, image):
        x00 = self.down[0](image)
        x10 = self.down[1](x00)
        x20 = self.down[2](x10)
        x01 = self.x01(torch.cat([x00, larger(x10, x00)], 1))
        x11 = self.x11(torch.cat([x10, larger(x20, x10)], 1))
        x02 = self.x02(torch.cat([x00, x01, larger(x11, x00)], 1))
        return self.head(x02)


class DeepLab(nn.Module):
    """Chen et al. 2017, "Rethinking Atrous Convolution": ASPP at 1/8, with pooling of the image."""

    def __init__(self, classes):
        super().__init__()
        self.body = nn.Sequential(block(3, 8, 2), block(8, 12, 2), block(12, 16, 2))
        self.rates = nn.ModuleList([nn.Conv2d(16, 8, 1), *(block(16, 8, 1, r) for r in (2, 4, 6))])
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 8, 1))
        self.head = nn.Conv2d(40, classes, 1)

    def forward(self, image):
        x = self.body(image)
        parts = [rate(x) for rate in self.rates]
        return self.head(torch.cat([*parts, larger(self.pool(x), x)], 1))


# PyTorch's new exporter puts the weights into a file of their own; the old one is still common.
@pytest.mark.filterwarnings("ignore:You are using the legacy", "ignore:The feature will be removed")
@pytest.mark.parametrize("dynamic", [False, True], ids=["fixed", "dynamic"])
@pytest.mark.parametrize("kind", [UNetPlusPlus, DeepLab])
def test_a_known_head_gives_the_answers_of_pytorch(kind, dynamic, labels, scene, tmp_path):
    network = kind(labels.num_classes).train()
    with torch.no_grad():
        network(torch.randn(4, 3, 64, 96))  # statistics for the batch normalization
        network.eval()
    path = tmp_path / "network.onnx"
    axes = {"x": {2: "height", 3: "width"}} if dynamic else None
    torch.onnx.export(
        network, (torch.randn(1, 3, 64, 96),), path, dynamo=not dynamic, input_names=["x"],
        dynamic_axes=axes, verbose=False,
    )  # fmt: skip
    size = (96, 128) if dynamic else (64, 96)
    adopt(path, labels, scene.image, Wishes(size=size)).save(tmp_path / "adopted.onnx")
    image = np.random.default_rng(3).integers(0, 256, (*size, 3), np.uint8)
    found = Predictor.load(tmp_path / "adopted.onnx").predict(image)
    with torch.no_grad():
        images = Normalize(IMAGENET_MEAN, IMAGENET_STD)(torch.from_numpy(image)[None])
        probabilities = network(images).softmax(1)
        expected = larger(probabilities, images)[0]
    np.testing.assert_allclose(found.confidence, expected.amax(0), atol=1e-4)
    assert (found.labels == expected.argmax(0).numpy()).mean() > 0.999
