"""Write the network's masks of images, of a recording or of a video."""

from __future__ import annotations

import argparse
from pathlib import Path

from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.commands import arguments

EPILOG = f"""\
Writes masks/NAME.png (class ids; they look black) and overlays/NAME.png (for people), and with
--uncertainty also uncertainty/NAME.png, bright where the network is unsure. NAME is the image's
own, the time stamp in nanoseconds for images from a bag, or the video's and the nanoseconds since
its begin.

  segnet predict my_images {DEFAULT_WEIGHTS} --out masks
  segnet predict drive.mp4 {DEFAULT_WEIGHTS} --every 1 --out masks
  segnet predict drive.mcap runs/yard/weights.safetensors --topic /camera/image_raw --out masks

A video needs pip install 'segnet_ros[video]'.
"""
UNUSED = arguments.PASSES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    arguments.add_source(parser, live=True)
    arguments.add_network(parser, UNCERTAINTIES)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write masks/ and overlays/ to"
    )
    arguments.add_part(parser)
    arguments.add_overwrite(parser)


def run(args: argparse.Namespace) -> None:
    """Predict one image after the other, with a progress bar."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.sources import open_source
    from segnet_model.recordings.prediction_files import predict_files

    predictor = arguments.load_predictor(args)
    with (
        open_source(args.source, args.topic, live=True) as source,
        progress_bar("predicting") as progress,
    ):
        unsure = args.uncertainty != "none"
        count = predict_files(
            arguments.part_of(source, args), predictor, args.out, unsure, progress
        )
    print(f"{count} masks in {args.out / 'masks'}, to look at in {args.out / 'overlays'}")
    if bad := source.rejected:
        print(f"{len(bad)} images could not be used:\n{bad}")
