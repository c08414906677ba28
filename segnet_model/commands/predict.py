"""Write the network's masks of images or of a recording."""

from __future__ import annotations

import argparse
from pathlib import Path

from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.commands import asking

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
    from tqdm import tqdm

    from segnet_model.datasets.sources import named_images
    from segnet_model.images.files import write_png
    from segnet_model.pictures.drawing import heat, overlay

    predictor = asking.load(args)
    unsure = args.uncertainty != "none"
    for folder in ("masks", "overlays", *(["uncertainty"] if unsure else [])):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    count = 0
    for each in tqdm(named_images(args.source, args.topic), unit="image", dynamic_ncols=True):
        found, file = predictor.predict(each.image, each.stamp), f"{each.name}.png"
        write_png(args.out / "masks" / file, found.labels)
        drawn = overlay(each.image, found.labels, predictor.info.labels)
        write_png(args.out / "overlays" / file, drawn)
        if unsure:
            write_png(args.out / "uncertainty" / file, heat(found.uncertainty))
        count += 1
    print(f"{count} masks in {args.out / 'masks'}, to look at in {args.out / 'overlays'}")
