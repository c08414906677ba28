"""Make any ONNX file of a segmentation network usable here, and try it on an image."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.atomic import check_output
from segnet_model.base.choices import ANSWERS, LAYOUTS
from segnet_model.base.errors import SettingsError
from segnet_model.base.options import ABOVE_0
from segnet_model.commands import arguments, outputs

if TYPE_CHECKING:
    import numpy as np

    from segnet_model.engines.adoption import Adopted, Wishes
    from segnet_model.inference.segmentation import Segmentation
    from segnet_model.labels import LabelSet

EPILOG = """\
Writes a file that the node, predict, evaluate, label, prelabel and export take as any other, and a
picture of its answer beside it, NAME.png. Look at it: a wrong guess shows there.

  segnet adopt segformer.onnx --labels cityscapes --out weights.onnx
  segnet adopt model.onnx --labels yard.yaml --image yard.jpg --range 255 --bgr --out weights.onnx
  segnet predict my_images weights.onnx --out masks

What the graph shows is read from it: layout, size, Softmax or ArgMax at the end, a normalization
in front. What it does not show is guessed and said so; the options override it.

It needs pip install 'segnet_ros[onnx]'.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", type=Path, help="ONNX file of a network")
    parser.add_argument(
        "--labels", required=True,
        help="label set that the network was trained on: a YAML file, or cityscapes, ade20k ...",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, help="file to write, *.onnx")
    parser.add_argument(
        "--image", type=Path, help="image to try it on (default: a rendered street)"
    )
    parser.add_argument(
        "--drivable", nargs="+", metavar="CLASS",
        help="drivable classes (default: those of the label set)",
    )  # fmt: skip
    parser.add_argument(
        "--license", default="unknown", help="license of the network's weights, an SPDX name"
    )
    _add_input(parser.add_argument_group("input (default: as the graph shows it)"))
    group = parser.add_argument_group("output (default: as the graph shows it)")
    group.add_argument("--output", metavar="NAME", help="output to use (default: the only one)")
    group.add_argument("--answers", choices=ANSWERS, help="what the output holds")
    arguments.add_overwrite(parser)


def _add_input(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--size", type=arguments.size, metavar="HEIGHTxWIDTH",
        help="size of the images, of a network that takes any",
    )  # fmt: skip
    group.add_argument("--layout", choices=LAYOUTS, help="place of the channels")
    group.add_argument(
        "--bgr", action="store_true", help="blue is the first channel (default: red)"
    )
    group.add_argument(
        "--range", type=float, choices=(1.0, 255.0), metavar="{1,255}",
        help="value of white before the mean is subtracted",
    )  # fmt: skip
    for name, text, low in (("mean", "subtracted from", -1e6), ("std", "that divides", ABOVE_0)):
        group.add_argument(
            f"--{name}", type=arguments.number(low, 1e6), nargs=3, metavar=("R", "G", "B"),
            help=f"value {text} each channel, in the units of --range",
        )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Adopt, try, write, and print what was found."""
    from segnet_model.engines.adoption import adopt
    from segnet_model.images.files import write_png
    from segnet_model.labels import LabelSet
    from segnet_model.pictures.drawing import annotated

    if args.out.suffix != ".onnx" or args.out.resolve() == args.model.resolve():
        raise SettingsError(f"{args.out}: give another file than the network's, *.onnx")
    picture = args.out.with_suffix(".png")
    for path in (args.out, picture):
        check_output(path)
    labels = LabelSet.load(args.labels)
    labels = labels.with_drivable(tuple(args.drivable)) if args.drivable else labels
    image = _image(args.image)
    adopted = adopt(args.model, labels, image, _wishes(args), args.license)
    outputs.make_folder(args.out.parent)
    found = _write(adopted, args.out, image)
    write_png(picture, annotated(image, found.labels, labels))
    for name, value, source in adopted.findings:
        print(f"{name:<10} {value:<34} {source}")
    print(f"on {args.image or 'a rendered street'}: {_shares(found, labels)}")
    if adopted.info.info.answers_ids:
        print("it answers ids alone: confidence and uncertainty are unknown, and nothing is "
              "drivable unless max_uncertainty is 1")  # fmt: skip
    print(f"{args.out}; look at {picture}")


def _wishes(args: argparse.Namespace) -> Wishes:
    from segnet_model.engines.adoption import Wishes

    return Wishes(
        args.output, args.size, args.layout, "bgr" if args.bgr else None, args.range,
        tuple(args.mean) if args.mean else None, tuple(args.std) if args.std else None,
        args.answers,
    )  # fmt: skip


def _image(path: Path | None) -> np.ndarray:
    """The image (H, W, 3) uint8 RGB, or one of a rendered street."""
    if path is None:
        from segnet_model.scenes import Drive

        return Drive(seed=7).frame(0).image
    from segnet_model.images.files import read_image

    return read_image(path)


def _write(adopted: Adopted, out: Path, image: np.ndarray) -> Segmentation:
    """Write the file, whole or not at all, once its answer to the image is usable."""
    from segnet_model.base.atomic import whole_file
    from segnet_model.engines.onnx_engine import OnnxEngine
    from segnet_model.inference.predictor import Predictor

    with whole_file(out) as temporary:
        adopted.save(temporary)
        predictor = Predictor(OnnxEngine.open(temporary))
        predictor.warm_up()
        return predictor.predict(image)


def _shares(found: Segmentation, labels: LabelSet) -> str:
    """The classes that cover the most, with their shares, for people."""
    import numpy as np

    counts = np.bincount(found.labels.ravel(), minlength=256)[: labels.num_classes]
    largest = np.argsort(-counts)[:5]
    return ", ".join(
        f"{labels.names[i]} {counts[i] / found.labels.size:.0%}" for i in largest if counts[i]
    )
