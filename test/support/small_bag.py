"""Small recordings of random pictures, and what a test does to their files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.recordings.node_types import node_types

CAMERA, TRUTH = "/camera/image_raw", "/truth/labels"
SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND + 123_456_789
INFO = "rosbag2_bagfile_information"


def picture(seed: int) -> np.ndarray:
    """A picture of noise, of odd size: (9, 14, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (9, 14, 3), np.uint8)


def ids(seed: int) -> np.ndarray:
    """Class ids of noise, of the picture's size, as of CamVid."""
    return np.random.default_rng(seed).integers(0, 11, (9, 14), np.uint8)


def write_images(path: Path, count: int = 3, storage: str = "mcap", topic: str = CAMERA) -> Path:
    """Record pictures, a tenth of a second apart."""
    with BagWriter(path, storage) as bag:
        for i in range(count):
            bag.write_image(topic, START + i * SECOND // 10, "camera", picture(i))
    return path


def messages_on(bag: Path, topic: str) -> list[Any]:
    """All messages on a topic, those of the node's own types too."""
    with BagReader(bag) as reader:
        return [node_types().deserialize_cdr(m.data, m.type) for m in reader.messages(topic)]


def data_file(bag: Path) -> Path:
    """The file of a bag that holds the messages."""
    return next(path for path in bag.iterdir() if path.suffix in (".mcap", ".db3"))


def edit(bag: Path, change: Callable[[Any], object]) -> Path:
    """Change the metadata of a bag in place; returns the bag."""
    file = bag / "metadata.yaml"
    values = yaml.safe_load(file.read_text())
    change(values[INFO])
    file.write_text(yaml.safe_dump(values))
    return bag
