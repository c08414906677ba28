"""Write the network's masks of images or of a recording."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from segnet_model.data.bags import BagReader
from segnet_model.data.files import list_images, read_image, write_png
from segnet_model.drawing import overlay
from segnet_model.errors import DatasetError
from segnet_model.predictor import Predictor

EPILOG = """\
Writes masks/NAME.png (class ids; they look black) and overlays/NAME.png (for people). NAME is the
image's own, or the time stamp in nanoseconds for images from a recording.

  segnet predict segnet_basic_drives my_images --out masks
  segnet predict runs/yard/weights.safetensors drive.mcap --topic /camera/image_raw --out masks
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("weights", help="a .safetensors file or a shipped name")
    parser.add_argument("source", type=Path, help="a folder of images, an image, or a bag")
    parser.add_argument("--out", type=Path, required=True, help="folder for masks/ and overlays/")
    parser.add_argument("--topic", help="of the images in a bag that has several")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default: auto)")
    parser.add_argument("--precision", default="auto", help="auto, float32, bfloat16, float16")


def run(args: argparse.Namespace) -> None:
    """Predict one image after the other, with a progress bar."""
    predictor = Predictor.load(args.weights, args.device, args.precision)
    for folder in ("masks", "overlays"):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    count = 0
    for name, image in tqdm(images(args.source, args.topic), unit="image", dynamic_ncols=True):
        labels = predictor.predict(image).labels
        write_png(args.out / "masks" / f"{name}.png", labels)
        drawn = overlay(image, labels, predictor.info.labels)
        write_png(args.out / "overlays" / f"{name}.png", drawn)
        count += 1
    print(f"{count} masks in {args.out / 'masks'}, to look at in {args.out / 'overlays'}")


def images(source: Path, topic: str | None) -> Iterator[tuple[str, np.ndarray]]:
    """Name and (H, W, 3) uint8 RGB of every image of a folder, a file or a bag.

    Raises:
        DatasetError: there is nothing of this name, or a file is no image.
        BagError: the bag is damaged or has no such topic.
    """
    if not source.exists():
        raise DatasetError(f"there is no {source}")
    files = list_images(source) if source.is_dir() else list_images(source.parent)
    if source.is_file():
        files = [path for path in files if path == source]
    if not files:
        with BagReader(source) as bag:
            yield from ((str(each.stamp_ns), each.image) for each in bag.images(topic))
    for path in files:
        yield path.stem, read_image(path)
