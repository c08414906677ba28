"""Shared by the tests of engines: a weights file and its exports, which take seconds each."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from segnet_model.base.optional import is_installed
from segnet_model.engines.export import Export
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo

SIZE = (45, 64)  # odd, so that the pooling leaves a row out


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """A folder with small.safetensors and its exports, made once; to be copied, not changed."""
    pytest.importorskip("onnxscript")
    torch.manual_seed(0)
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})
    folder = tmp_path_factory.mktemp("exports")
    save_weights(folder / "small.safetensors", info.build(), info)
    export = Export.of(folder / "small.safetensors", SIZE)
    export.to_onnx(folder / "small.onnx")
    if is_installed("openvino"):
        export.to_openvino(folder / "small.xml")
    return folder


@pytest.fixture(scope="session")
def trained():
    """Gives a network's batch normalizations values as after training."""

    def change(network):
        generator = torch.Generator().manual_seed(5)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                if module.running_mean is not None:
                    module.running_mean.normal_(0, 0.2, generator=generator)
                    module.running_var.uniform_(0.5, 2, generator=generator)
                if module.affine:
                    nn.init.uniform_(module.weight, 0.5, 1.5, generator=generator)
                    nn.init.normal_(module.bias, 0, 0.2, generator=generator)
        return network.eval()

    return change
