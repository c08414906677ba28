"""Write the network's masks of images or of a recording."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from segnet_model.choices import UNCERTAINTIES
from segnet_model.commands import asking
from segnet_model.data.bags import BagReader
from segnet_model.data.files import list_images, read_image, write_png
from segnet_model.drawing import heat, overlay
from segnet_model.errors import DatasetError

EPILOG = """\
Writes masks/NAME.png (class ids; they look black) and overlays/NAME.png (for people), and with
--uncertainty also uncertainty/NAME.png, bright where the network is unsure. NAME is the image's
own, or the time stamp in nanoseconds for images from a recording.

  segnet predict segnet_basic_drives my_images --out masks
  segnet predict runs/yard/weights.safetensors drive.mcap --topic /camera/image_raw --out masks
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    asking.add_arguments(parser, UNCERTAINTIES)
    parser.add_argument("source", type=Path, help="a folder of images, an image, or a bag")
    parser.add_argument("--out", type=Path, required=True, help="folder for masks/ and overlays/")
    parser.add_argument("--topic", help="of the images in a bag that has several")


def run(args: argparse.Namespace) -> None:
    """Predict one image after the other, with a progress bar."""
    predictor = asking.load(args)
    unsure = args.uncertainty != "none"
    for folder in ("masks", "overlays", *(["uncertainty"] if unsure else [])):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    count = 0
    for name, stamp, image in tqdm(
        images(args.source, args.topic), unit="image", dynamic_ncols=True
    ):
        found = predictor.predict(image, stamp)
        write_png(args.out / "masks" / f"{name}.png", found.labels)
        drawn = overlay(image, found.labels, predictor.info.labels)
        write_png(args.out / "overlays" / f"{name}.png", drawn)
        if unsure:
            write_png(args.out / "uncertainty" / f"{name}.png", heat(found.uncertainty))
        count += 1
    print(f"{count} masks in {args.out / 'masks'}, to look at in {args.out / 'overlays'}")


def images(source: Path, topic: str | None) -> Iterator[tuple[str, float | None, np.ndarray]]:
    """Name, stamp in seconds and (H, W, 3) uint8 RGB of each image of a folder, a file or a bag.

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
            for each in bag.images(topic):
                yield str(each.stamp_ns), each.stamp_ns / 1e9, each.image
    for path in files:
        yield path.stem, None, read_image(path)
