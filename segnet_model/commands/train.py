"""Train a network on labelled images."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.choices import (
    ACTIVATIONS,
    LOSSES,
    NETWORKS,
    OPTIMIZERS,
    SCHEDULES,
    TRAINING_PRECISIONS,
    WEIGHTINGS,
)
from segnet_model.training.settings import AugmentSettings, TrainSettings, network_setting

if TYPE_CHECKING:
    from tqdm import tqdm

    from segnet_model.training.tracking import Progress

EPILOG = """\
DATASET holds train/ and trainannot/ (images and their labels under the same names) and, to be
measured as it learns, val/ and valannot/. Labels are PNGs with class ids or the set's colours.

  segnet train my_yard --out runs/yard
  segnet train my_yard --out runs/yard --init segnet_basic_drives --epochs 30

Ctrl-C stops after the step under way; the same command goes on from there. Watch the curves, and
what the network makes of some images, with
  tensorboard --logdir runs

Several GPUs, or machines that share the folder of --out, share each batch:
  torchrun --nproc-per-node 4 -m segnet_model.cli train my_yard --out runs/yard --batch-size 32
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    defaults = TrainSettings()
    parser.add_argument(
        "dataset", type=Path, help="folder with train/, trainannot/, val/, valannot/"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and progress")
    parser.add_argument(
        "--network",
        help=f"{', '.join(NETWORKS)}, or package.module:factory for one of your own, "
        "called with the number of classes (default: that of --init, else segnet_basic)",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="network_settings",
        help="a setting of the network, e.g. features=32; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--input-size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"),
        help="size at which the network sees images (default: that of --init, else half of theirs)",
    )  # fmt: skip
    parser.add_argument(
        "--crop-size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"),
        help="what is cut out of images of that size to learn from: less is faster and needs less "
        "memory (default: the whole size)",
    )  # fmt: skip
    parser.add_argument("--labels", help="label set: a YAML file or 'camvid' (default: the data's)")
    parser.add_argument(
        "--encoder", help="torchvision's vgg16_bn, a .pth or .safetensors file, to start the "
        "encoder of segnet, bayesian_segnet or unet from",
    )  # fmt: skip
    parser.add_argument(
        "--activation", choices=ACTIVATIONS, default=defaults.activation,
        help="sigmoid makes one channel for a label set of two classes (default: %(default)s)",
    )  # fmt: skip
    for name, choices, meaning in (
        ("loss", LOSSES, "what is made small"),
        ("weighting", WEIGHTINGS, "how rare classes are weighted"),
        ("optimizer", OPTIMIZERS, "sgd wants a learning rate ten times as high"),
        ("schedule", SCHEDULES, "how the learning rate falls"),
        ("precision", TRAINING_PRECISIONS, "of the convolutions"),
    ):
        parser.add_argument(
            f"--{name}", choices=choices, default=getattr(defaults, name),
            help=f"{meaning} (default: %(default)s)",
        )  # fmt: skip
    parser.add_argument(
        "--init", help="weights to start from, classes by name: a file or a shipped name"
    )
    parser.add_argument(
        "--scale", type=float, nargs=2, metavar=("MIN", "MAX"),
        default=(defaults.augment.scale_min, defaults.augment.scale_max),
        help="images are scaled at random between these; near 1 for a camera that never changes "
        "(default: %(default)s)",
    )  # fmt: skip
    for name, meaning in (
        ("flip", "probability of a mirror image"),
        ("rotate", "degrees by which images are turned at random, either way"),
        ("brightness", "how far it is changed, 0 to 1"),
        ("contrast", "likewise"),
        ("saturation", "likewise"),
        ("hue", "likewise, of the colour circle"),
        ("blur", "pixels: the highest standard deviation, for every other image"),
        ("noise", "of the brightest value: likewise"),
    ):
        value = getattr(defaults.augment, name)
        parser.add_argument(
            f"--{name}", type=float, default=value, help=f"{meaning} (default: {value})"
        )
    for name, meaning in (
        ("epochs", "times that every image is shown"),
        ("batch_size", "images a step"),
        ("learning_rate", "the highest of the schedule"),
        ("warm_up", "share of the steps in which it rises"),
        ("momentum", "of sgd"),
        ("weight_decay", "of all but biases and batch normalisation"),
        ("clip_norm", "longest gradient"),
        ("average", "weight of the past in the average of the weights; 0 for none"),
        ("statistics_images", "for batch normalisation's statistics at the end; 0 keeps them"),
        ("patience", "epochs without a better val after which to stop; 0 for never"),
        ("supervision", "weight of the losses of inner stages; 0.4 is usual, 0 for none"),
        ("balance", "weight of rare classes: 1 as in the paper, 0 none"),
        ("seed", "the same seed gives the same weights"),
        ("workers", "threads that load images"),
        ("evaluate_every", "epochs between measurements on val"),
        ("save_every_s", "seconds between two states to go on from"),
        ("device", "auto, cpu, cuda, cuda:1"),
        ("license", "of the weights, as your data allows; kept in the file"),
    ):
        value = getattr(defaults, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=type(value), default=value,
            help=f"{meaning} (default: {value})",
        )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Train, with a progress bar."""
    from tqdm.contrib.logging import logging_redirect_tqdm

    from segnet_model.base.signals import stop_on_signals
    from segnet_model.training.trainer import train

    values = {k: v for k, v in vars(args).items() if k in TrainSettings.__dataclass_fields__}
    values["network_settings"] = dict(map(network_setting, args.network_settings))
    for name in ("input_size", "crop_size"):
        values[name] = tuple(values[name]) if values[name] else None
    changes = {k: v for k, v in vars(args).items() if k in AugmentSettings.__dataclass_fields__}
    values["augment"] = AugmentSettings(scale_min=args.scale[0], scale_max=args.scale[1], **changes)
    settings = TrainSettings(**values)
    with stop_on_signals() as should_stop, _Bar() as bar, logging_redirect_tqdm():
        weights = train(args.dataset, args.out, settings, bar.show, should_stop)
    print(f"weights: {weights}" if weights else "stopped; run the same command to go on")


class _Bar:
    """A progress bar that is not there before there is progress."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._began = False

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Show how far training is; steps of an earlier run do not count for the time left."""
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(total=progress.steps, unit="step", dynamic_ncols=True)
        bar = self._bar
        if not self._began:
            self._began = progress.phase == "training"
            bar.initial = progress.step - self._began
        bar.n = progress.step
        # The clock of training starts anew after the classes are counted.
        bar.start_t = bar.last_print_t = time.time() - progress.seconds_elapsed
        bar.set_description(_doing(progress), refresh=False)
        bar.set_postfix_str(_reached(progress))


def _doing(progress: Progress) -> str:
    epoch = [f"epoch {progress.epoch}/{progress.epochs}"] if progress.epoch else []
    return ", ".join(epoch + ([] if progress.phase == "training" else [progress.phase]))


def _reached(progress: Progress) -> str:
    loss = [] if math.isnan(progress.loss) else [f"loss {progress.loss:.3f}"]
    return ", ".join(loss + ([] if progress.miou is None else [f"val mIoU {progress.miou:.3f}"]))
