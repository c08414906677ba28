"""Shared by the tests of adoption: the painter's label set, and an image of its colors."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from painter import COLORS, NAMES, SIZE

from segnet_model.labels import LabelSet, SegmentationClass


@pytest.fixture(scope="session")
def labels():
    classes = zip(NAMES, COLORS, strict=True)
    return LabelSet("yard", tuple(SegmentationClass(n, c, n == "path") for n, c in classes), 9)


@pytest.fixture(scope="session")
def scene():
    """An image and its labels: blocks of 32 pixels, the path below."""
    ids = np.array([[0, 3, 2], [1, 1, 4]], np.uint8).repeat(32, 0).repeat(32, 1)
    noise = np.random.default_rng(1).integers(-20, 21, (*SIZE, 3))
    image = (np.array(COLORS)[ids] + noise).clip(0, 255).astype(np.uint8)
    return SimpleNamespace(image=image, ids=ids)


@pytest.fixture
def write(tmp_path):
    """Write an onnx.ModelProto, and return its path."""

    def save(model, name="model.onnx"):
        (tmp_path / name).write_bytes(model.SerializeToString())
        return tmp_path / name

    return save
