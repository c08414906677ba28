"""Write the network's masks of images, of a recording or of a video."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.commands import arguments

if TYPE_CHECKING:
    from segnet_model.base.progress import ShareDone
    from segnet_model.base.rejected import Rejected
    from segnet_model.inference.predictor import Predictor

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
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write masks/ and overlays/ to"
    )
    add_options(parser)
    arguments.add_overwrite(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the source and the output, as for `segnet fleet`."""
    arguments.add_topic(parser)
    arguments.add_network(parser, UNCERTAINTIES)
    arguments.add_part(parser)


def run(args: argparse.Namespace) -> None:
    """Predict one image after the other, with a progress bar."""
    from segnet_model.base.progress import progress_bar

    predictor = arguments.load_predictor(args)
    with progress_bar("predicting") as progress:
        text = work(args, args.source, args.out, predictor, progress)
    print(text)


def work(
    args: argparse.Namespace, path: Path, out: Path, predictor: Predictor, progress: ShareDone
) -> str:
    """Predict the images of a source; returns what was done, for people."""
    from segnet_model.datasets.sources import open_source
    from segnet_model.recordings.prediction_files import predict_files

    with open_source(path, args.topic, live=True) as source:
        part, unsure = arguments.part_of(source, args), args.uncertainty != "none"
        count = predict_files(part, predictor, out, unsure, progress)
        part.check_used(count)
    return summary(out, count, source.rejected)


def summary(out: Path, count: int, bad: Rejected) -> str:
    """What was done, for people."""
    also = f"\n{len(bad)} images could not be used:\n{bad}" if bad else ""
    return f"{count} masks in {out / 'masks'}, to look at in {out / 'overlays'}{also}"
