"""A small labeled data set, as a folder and as a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from segnet_model.bags.reader import BagWriter
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet

START_NS = 1_700_000_000_000_000_000


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train with one thread: several wait for each other, which takes long on a busy machine."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def street(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A sky over a road, in noise: (64, 96, 3) uint8 RGB and (64, 96) uint8 ids."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((64, 96), np.uint8)
    labels[int(rng.integers(20, 44)) :] = 3
    image = LabelSet.load("camvid").colorize(labels) + rng.integers(0, 30, (64, 96, 3))
    return image.astype(np.uint8), labels


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for split, count in (("train", 4), ("val", 2)):
        for folder in (split, f"{split}annot"):
            (tmp_path / "dataset" / folder).mkdir(parents=True)
        for index in range(count):
            image, labels = street(index)
            write_png(tmp_path / "dataset" / split / f"{index}.png", image)
            write_png(tmp_path / "dataset" / f"{split}annot" / f"{index}.png", labels)
    return tmp_path / "dataset"


@pytest.fixture
def labeled_bag(tmp_path: Path) -> Callable[[int], Path]:
    """Make a drive of five seconds, labeled until the one that is named."""

    def make(labels_until: int) -> Path:
        with BagWriter(tmp_path / "drive") as bag:
            for index in range(10):
                image, labels = street(index)
                stamp = START_NS + index * 500_000_000
                bag.write_image("/front", stamp, "camera", image)
                if index < labels_until * 2:
                    bag.write_labels("/truth", stamp, "camera", labels)
        return tmp_path / "drive"

    return make
