import numpy as np
import pytest
import torch

from segnet_model.checkpoint import ModelInfo, save_weights
from segnet_model.data.files import write_png
from segnet_model.labels import LabelSet


@pytest.fixture
def small_info():
    """A network that runs in milliseconds."""
    return ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})


@pytest.fixture
def weights(tmp_path, small_info):
    """A weights file with random tensors."""
    torch.manual_seed(0)
    path = tmp_path / "small.safetensors"
    save_weights(path, small_info.build(), small_info)
    return path


@pytest.fixture
def bayesian(tmp_path):
    """Small weights of a Bayesian network."""
    torch.manual_seed(0)
    labels = LabelSet.load("camvid")
    info = ModelInfo("bayesian_segnet_basic", labels, (64, 96), {"features": 8})
    save_weights(tmp_path / "bayesian.safetensors", info.build(), info)
    return tmp_path / "bayesian.safetensors"


@pytest.fixture
def dataset(tmp_path):
    """Six training and two validation images: a grey sky over a purple road, in noise."""
    root = tmp_path / "dataset"
    rng = np.random.default_rng(5)
    for split, count in (("train", 6), ("val", 2)):
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir(parents=True)
        for index in range(count):
            labels = np.zeros((64, 96), np.uint8)
            labels[int(rng.integers(20, 44)) :] = 3
            image = LabelSet.load("camvid").colorize(labels) + rng.integers(0, 30, (64, 96, 3))
            write_png(root / split / f"{index}.png", image.astype(np.uint8))
            write_png(root / f"{split}annot" / f"{index}.png", labels)
    return root
