"""Adapt weights to the camera and the place of a recording, without a label."""

from __future__ import annotations

import argparse
from pathlib import Path

from segnet_model.base import options
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.commands import arguments
from segnet_model.training.adaptation.settings import LEARNING, AdaptSettings
from segnet_model.training.settings import DATA, MACHINE

EPILOG = f"""\
A network teaches itself: an average of its weights labels frames where it is sure, and the network
learns these labels on frames whose colors, scale and sharpness are changed, beside old images, so
that it does not forget:

  segnet adapt drive.mcap --out runs/yard
  segnet adapt drive.mp4 --init {DEFAULT_WEIGHTS} --out runs/yard --labeled yard

A guard looks now and then, on held-out frames and on old images with labels. Where a sign says that
the network became worse, the step is taken back. OUT/report.md has every look, and
OUT/before_after.png shows frames that nothing learned from. Look at it, and evaluate the weights on
a few labeled images if you have them; none of the guard's signs proves a gain:

  segnet evaluate yard {DEFAULT_WEIGHTS} --compare runs/yard/weights.safetensors

Old images are rendered into OUT/worlds where the weights have the classes of a rendered world;
otherwise name the data set that they learned from with --replay.

Ctrl-C stops after the current step; the same command resumes.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    headings = (DATA, LEARNING, MACHINE)
    groups = {heading: parser.add_argument_group(heading) for heading in headings}
    arguments.add_source(parser)
    arguments.add_topic(parser)
    groups[DATA].add_argument(
        "--out", type=Path, required=True, help="folder for weights, report and state"
    )
    arguments.add_overwrite(groups[DATA])
    options.add_arguments(parser, AdaptSettings, groups)


def run(args: argparse.Namespace) -> None:
    """Adapt with a progress bar, or in a log with lines."""
    from tqdm.contrib.logging import logging_redirect_tqdm

    from segnet_model.base.progress import stoppable_bar
    from segnet_model.training.adaptation.adapt import adapt
    from segnet_model.training.adaptation.report import REPORT

    settings = options.from_arguments(AdaptSettings, args)
    with stoppable_bar("adapting") as progress, logging_redirect_tqdm():
        found = adapt(args.source, args.out, settings, args.topic, progress)
    print(f"{found.text}\nweights: {found.weights}; look at {args.out / REPORT}")
