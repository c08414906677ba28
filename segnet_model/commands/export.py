"""Make a file that ONNX Runtime, TensorRT or OpenVINO run, in float or in int8."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base import options
from segnet_model.base.errors import SettingsError
from segnet_model.base.options import MANY
from segnet_model.base.tables import NetworkSettings
from segnet_model.commands import arguments, outputs
from segnet_model.commands.unused import Unused

if TYPE_CHECKING:
    import numpy as np

EPILOG = """\
The file takes a camera's image as it is, (1, HEIGHT, WIDTH, 3) bytes of RGB, and gives logits.

  segnet export runs/yard/weights.safetensors --engine onnx --size 360x480
  trtexec --onnx=runs/yard/weights.onnx --fp16             TensorRT, on a Jetson

With --calibrate the .onnx is int8 in Q/DQ form, for trtexec --int8 --fp16.

Int8 is the fastest on an x86 processor, with OpenVINO. It learns the ranges of the network's values
from images of the robot's own; the node and `segnet predict` take the .xml by themselves where it
lies beside the weights.

  segnet export runs/yard/weights.safetensors --engine openvino --calibrate my_yard
"""
SUFFIXES = {"onnx": ".onnx", "openvino": ".xml"}
UNUSED = (
    Unused(
        ("split", "images", "quick"), lambda args: not args.calibrate,
        "is of --calibrate DATASET, which makes int8; give that too, or leave it away",
    ),
    Unused(
        ("quick",), lambda args: args.engine == "onnx",
        "is of --engine openvino, and has no effect on onnx; leave it away",
    ),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("weights", help=arguments.ORIGINALS)
    parser.add_argument(
        "--engine", choices=sorted(SUFFIXES), required=True, help="library that will run the export"
    )
    parser.add_argument(
        "--size", type=arguments.size, metavar="HEIGHTxWIDTH",
        help="input size of the export (default: the input size of the training)",
    )  # fmt: skip
    parser.add_argument(
        "--calibrate", type=Path, metavar="DATASET",
        help="quantize to int8 with the images of this data set",
    )  # fmt: skip
    parser.add_argument(
        "--split", default="train", help="split to calibrate on (default: %(default)s)"
    )
    parser.add_argument(
        "--images", type=arguments.number(1, MANY, int), default=32,
        help="number of images to calibrate on (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true", help="faster, less exact calibration, for openvino"
    )
    parser.add_argument("--out", type=Path, help="file to write (default: beside the weights)")
    options.add_arguments(parser, NetworkSettings, names=["trusted_networks"])
    arguments.add_overwrite(parser)


def run(args: argparse.Namespace) -> None:
    """Export, and print how well int8 agrees with float32."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.engines.export import Export, check_export
    from segnet_model.weights.shipped import find_weights

    weights = find_weights(args.weights)
    out = args.out or weights.with_suffix(SUFFIXES[args.engine])
    if out.suffix != SUFFIXES[args.engine]:
        raise SettingsError(f"{out}: name it *{SUFFIXES[args.engine]}")
    check_export(out)
    images = calibration_images(args.calibrate, args.split, args.images) if args.calibrate else []
    export = Export.of(weights, args.size, args.trusted_networks)
    outputs.make_folder(out.parent)
    with progress_bar("calibrating") as progress:
        if args.engine == "onnx":
            export.to_onnx(out, images, progress)
        else:
            export.to_openvino(out, images, progress, quick=args.quick)
    print(f"{out}: {export.info.size[0]}x{export.info.size[1]}, {'int8' if images else 'float32'}")
    if images:
        same = agreement(weights, out, images, args.trusted_networks)
        print(f"{100 * same:.2f} % of the labels of {len(images)} images are those of float32")


def calibration_images(dataset: Path, split: str, count: int) -> list[np.ndarray]:
    """Some images spread over a split: (H, W, 3) uint8 RGB.

    Raises:
        SettingsError: count is below 1.
        DatasetError: there are none.
    """
    from segnet_model.datasets.folder import load_label_set, open_split, spread

    if count < 1:
        raise SettingsError(f"--images {count}: give at least 1; a few dozen are usual")
    folder = open_split(dataset, split, load_label_set(dataset))
    return [folder.read(index)[0] for index in spread(count, len(folder))]


def agreement(weights: Path, export: Path, images: list[np.ndarray], trusted: list[str]) -> float:
    """Share of pixels whose label is the same from an export and from the weights in float32."""
    import numpy as np

    from segnet_model.engines import open_engine
    from segnet_model.inference.predictor import Predictor

    own = "torch" if weights.suffix == ".safetensors" else "auto"
    exact = Predictor(open_engine(weights, own, "cpu", "float32", trusted))
    exported = Predictor(open_engine(export))
    same = [
        (exact.predict(image).labels == exported.predict(image).labels).mean() for image in images
    ]
    return float(np.mean(same))
