"""Drawn scenes of a sky, a road, a tree and a car: quick to learn, with labels to measure with."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.labels import LabelSet
from segnet_model.training.settings import TrainSettings
from segnet_model.training.trainer import train

SIZE = (48, 64)
CAMVID = LabelSet.load("camvid")
SKY, ROAD, TREE, CAR = 0, 3, 5, 8


def scene(rng):
    """A sky over a road with a tree and a car: image and labels."""
    labels = np.full(SIZE, SKY, np.uint8)
    horizon = int(rng.integers(16, 28))
    labels[horizon:] = ROAD
    left = int(rng.integers(0, 44))
    labels[horizon - 10 : horizon, left : left + 18] = TREE
    left = int(rng.integers(0, 44))
    labels[horizon + 4 : horizon + 16, left : left + 16] = CAR
    image = CAMVID.colorize(labels) * 0.6 + 50 + rng.normal(0, 8, (*SIZE, 3))
    return image.clip(0, 255).astype(np.uint8), labels


def other_camera(image):
    """Darker, bluish and less sharp."""
    blurred = cv2.GaussianBlur(image, (0, 0), 1.0)
    return (blurred * np.array([0.45, 0.5, 0.7])).astype(np.uint8)


def write_png(path, image):
    """Without a flush to the disk, which a busy one makes slow."""
    assert cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)


def write_set(folder, seed, counts, camera=lambda image: image):
    rng = np.random.default_rng(seed)
    for split, count in counts.items():
        for path in (folder / split, folder / f"{split}annot"):
            path.mkdir(parents=True)
        for index in range(count):
            image, labels = scene(rng)
            write_png(folder / split / f"{index:03d}.png", camera(image))
            write_png(folder / f"{split}annot" / f"{index:03d}.png", labels)
    return folder


def trained(dataset, out, features=8, seed=0):
    """Weights that know a data set; their file."""
    settings = TrainSettings(
        network="segnet_basic", network_settings={"features": features}, input_size=SIZE, epochs=50,
        batch_size=6, learning_rate=2e-2, init="none", evaluate_every=50, average=0.9, workers=1,
        device="cpu", precision="float32", seed=seed,
    )  # fmt: skip
    return train(dataset, out, settings)
