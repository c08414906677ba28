"""Fit confidence and the drivable area's bound, on labeled images that training did not see."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base import options
from segnet_model.base.atomic import is_same_file
from segnet_model.base.errors import SettingsError
from segnet_model.base.options import ABOVE_0, BELOW_1
from segnet_model.base.tables import USUAL_BOUND, NetworkSettings
from segnet_model.commands import arguments, outputs
from segnet_model.commands.places import add_weights
from segnet_model.commands.unused import Unused, refuse_given

if TYPE_CHECKING:
    from segnet_model.base.progress import ShareDone
    from segnet_model.datasets.folder import LabeledFolder
    from segnet_model.evaluation.fitting import Calibration

EPILOG = """\
A network that says "90 % sure" should be right nine times in ten. This fits one number, the
temperature, that its logits are divided by, and keeps it in the weights file; labels stay the same.
A Bayesian network gets a second one, for mc and temporal.

The feature score, --uncertainty features, compares the features of each pixel with those of these
images, and finds things that were never taught better than the entropy does, in the same pass.

The place score says how unlike these images a whole image is. Where it is above 1, nothing is
drivable: there the network was never taught, and may be wrong and sure. It needs at least 40 images
of many drives, in every light and season that the robot will meet; --place-only fits it alone.

It also fits the bound of the uncertainty, max_uncertainty, that keeps a promise: at most 1 % of the
drivable area is not drivable, in the mean over images like these (conformal risk control). The node
and all commands use the bound of the weights unless they are given another. The promise needs at
least 99 labeled images; with fewer, or less certain weights, give a higher --risk. It holds for
other images of the same kind of drive, not for another place: `segnet evaluate` measures it there.

`segnet train` does all this by itself where the data set has val/; do it again where the robot has
moved to another place.

  segnet calibrate my_yard runs/yard/weights.safetensors --split val
  segnet calibrate my_yard runs/yard/weights.safetensors --risk 0.02
  segnet calibrate my_yard runs/yard/weights.safetensors --place-only

An export made before does not know of it: run segnet export again.
"""
UNUSED = (
    Unused(
        ("risk",), lambda args: args.place_only,
        "is of the bounds, which --place-only leaves as they are; leave one of both away",
    ),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    arguments.add_split(parser, "calibrate on")
    add_weights(parser, arguments.ORIGINALS, otherwise=None)
    parser.add_argument(
        "--out", type=Path,
        help="weights file to write (default: the weights file itself, unless it is shipped)",
    )  # fmt: skip
    parser.add_argument(
        "--risk", type=arguments.number(ABOVE_0, BELOW_1), default=0.01, metavar="R",
        help="share of the drivable area that may be wrong (more than 0 and less than 1; default: "
        "%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--place-only", action="store_true",
        help="fit the place score alone; temperatures and bounds stay as they are",
    )  # fmt: skip
    options.add_arguments(parser, NetworkSettings, names=("device", "trusted_networks"))
    arguments.add_overwrite(parser)


def run(args: argparse.Namespace) -> None:
    """Fit temperatures and bounds, write them, and print what they promise."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.folder import load_label_set, open_split
    from segnet_model.engines.onnx_engine import OnnxEngine, replace_onnx_info
    from segnet_model.evaluation.evaluate import check_classes
    from segnet_model.evaluation.mapped import mapped_truth
    from segnet_model.weights.checkpoint import read_info, replace_info
    from segnet_model.weights.shipped import find_weights

    path = find_weights(args.weights)
    is_onnx = path.suffix == ".onnx"  # an adopted network, mostly
    _check(args, path)
    out = args.out or path
    if not is_same_file(path, out):
        outputs.prepare_weights(out, path.suffix)
    folder = open_split(args.dataset, args.split, load_label_set(args.dataset, args.labels))
    info = OnnxEngine.open(path).info if is_onnx else None
    labels = (info or read_info(path)).labels
    if not args.place_only:  # which needs no labels
        folder = mapped_truth(folder, labels)
        check_classes(labels, folder.label_set)  # coarser ones would hide what is not drivable
    with progress_bar("calibrating") as progress:
        found = _fit(args, path, folder, progress)
    (replace_onnx_info if is_onnx else replace_info)(path, out, found.info)
    _print(found)
    print(f"weights: {out}")


def _check(args: argparse.Namespace, path: Path) -> None:
    """Raise SettingsError where the weights cannot be calibrated by these arguments."""
    from segnet_model.weights.shipped import is_shipped

    if path.suffix not in (".safetensors", ".onnx"):
        raise SettingsError(f"{path}: give the .safetensors file, and export it again afterwards")
    is_onnx = path.suffix == ".onnx"
    if is_onnx and args.place_only:
        raise SettingsError(f"{path}: the place score is fitted on a .safetensors file")
    if is_onnx:
        refuse_given(args, ("device", "trusted_networks"), "is not used for an .onnx file")
    if args.out is None and is_shipped(path):
        raise SettingsError(
            f"{args.weights} ships with the package, for all who use it; give --out FILE"
        )


def _fit(
    args: argparse.Namespace, path: Path, folder: LabeledFolder, progress: ShareDone
) -> Calibration:
    from segnet_model.evaluation.fitting import calibrate, calibrate_place
    from segnet_model.evaluation.fitting_exports import calibrate_onnx

    if path.suffix == ".onnx":
        return calibrate_onnx(path, folder, args.risk, progress)
    how = {"device": args.device, "trusted": tuple(args.trusted_networks)}
    if args.place_only:
        return calibrate_place(path, folder, progress, **how)
    return calibrate(path, folder, args.risk, progress, **how)


def _print(found: Calibration) -> None:
    """Print the temperatures with the calibration errors, the bounds, and the place score."""
    if found.temperatures:
        _print_temperatures(found)
    if (place := found.info.place) is not None:
        print(f"place score: of {place.images} images; 1 at {place.bound:.2f} standard deviations")
    refusals = dict(found.refusals)
    if reason := refusals.pop("place", ""):
        print(f"no place score: {reason}")
    for name, reason in refusals.items():
        print(f"{name:<10}max_uncertainty {USUAL_BOUND}, without a promise: {reason}")


def _print_temperatures(found: Calibration) -> None:
    print(f"{'method':<10}{'temperature':>12}{'ECE before':>12}{'ECE':>8}")
    for name, fit in found.temperatures.items():
        errors = f"{100 * fit.error_before:>10.1f} %{100 * fit.error:>6.1f} %"
        print(f"{name:<10}{fit.temperature:>12.3f}{errors}")
    for name, bound in found.info.bounds.items():
        print(f"{name:<10}max_uncertainty {bound.max_uncertainty:.3f}: {bound}; "
              f"{100 * bound.kept:.1f} % of the ground stays drivable")  # fmt: skip
