"""Fit a network's confidence to its accuracy, on labeled images that it was not trained on."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from segnet_model.base import options
from segnet_model.base.errors import SettingsError
from segnet_model.base.tables import NetworkSettings
from segnet_model.commands import arguments

EPILOG = """\
A network that says "90 % sure" should be right nine times in ten. This fits one number, the
temperature, that its logits are divided by, and keeps it in the weights file; labels stay the same.
A Bayesian network gets a second one, for mc and temporal. `segnet train` does all this by itself
where the data set has val/; do it again where the robot has moved to another place.

  segnet calibrate runs/yard/weights.safetensors my_yard --split val

An export made before does not know of it: run segnet export again.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("weights", help="weights file (.safetensors), or name of shipped weights")
    arguments.add_split(parser, "calibrate on")
    parser.add_argument(
        "--out", type=Path,
        help="weights file to write (default: the weights file itself, unless it is shipped)",
    )  # fmt: skip
    options.add_arguments(parser, NetworkSettings, names=("device", "trusted_networks"))


def run(args: argparse.Namespace) -> None:
    """Fit the temperatures, write them, and print the calibration errors before and after."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.folder import load_label_set, open_split
    from segnet_model.engines.torch_engine import TorchEngine
    from segnet_model.evaluation.evaluate import check_classes
    from segnet_model.evaluation.temperature import fit_temperatures, temperatures
    from segnet_model.weights.checkpoint import load_weights, replace_info
    from segnet_model.weights.shipped import find_weights, is_shipped

    path = find_weights(args.weights)
    if path.suffix != ".safetensors":
        raise SettingsError(f"{path}: give the .safetensors file, and export it again afterwards")
    if args.out is None and is_shipped(path):
        raise SettingsError(
            f"{args.weights} ships with the package, for all who use it; give --out FILE"
        )
    folder = open_split(args.dataset, args.split, load_label_set(args.dataset, args.labels))
    network, info = load_weights(path, args.trusted_networks)
    check_classes(info.labels, folder.label_set)
    with progress_bar("calibrating") as progress:
        fits = fit_temperatures(TorchEngine(network, info, args.device), folder, progress)
    out = args.out or path
    replace_info(path, out, replace(info, temperatures=temperatures(fits)))
    print(f"{'method':<8}{'temperature':>12}{'ECE before':>12}{'ECE':>8}")
    for name, fit in fits.items():
        errors = f"{100 * fit.error_before:>10.1f} %{100 * fit.error:>6.1f} %"
        print(f"{name:<8}{fit.temperature:>12.3f}{errors}")
    print(f"weights: {out}")
