"""What tests of several commands share."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo


@pytest.fixture
def skyless(tmp_path):
    """Weights with random tensors that see no sky: below the horizon it contradicts the pose."""
    torch.manual_seed(0)
    camvid = LabelSet.load("camvid")
    classes = (replace(camvid.classes[0], name="Ceiling"), *camvid.classes[1:])
    info = ModelInfo("segnet_basic", replace(camvid, classes=classes), (64, 96), {"features": 8})
    path = tmp_path / "skyless.safetensors"
    save_weights(path, info.build(), info)
    return path
