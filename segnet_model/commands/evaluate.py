"""Measure weights on labelled images."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from segnet_model.checkpoint import whole_file
from segnet_model.commands import asking
from segnet_model.data.camvid import LabelledFolder, load_label_set, open_split
from segnet_model.data.files import write_png
from segnet_model.drawing import heat, overlay, panel
from segnet_model.evaluation import COUNTS, assess
from segnet_model.plots import write_uncertainty
from segnet_model.predictor import Predictor

EPILOG = """\
Prints how well each class is found, and whether the network is unsure where it is wrong:

  boundary F1    do outlines follow the true ones?
  ECE            does it say 80 % where it is right 80 times of 100? (0 is best)
  AUROC, AUPR    do unsure pixels turn out wrong? (1 is best)
  PAvPU          share of 4x4 patches that are right and sure, or wrong and unsure

With --out everything is in evaluation.json, some images with truth, prediction and uncertainty in
evaluation.png, and the curves in uncertainty.png.

  segnet evaluate runs/yard/weights.safetensors my_yard
  segnet evaluate segnet_basic_camvid camvid --out results
  segnet evaluate bayesian_segnet_basic_drives drives --uncertainty mc --samples 50 --out results
"""
PICTURES = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    # The images of a data set are no video, so there is no temporal.
    asking.add_arguments(parser, ("none", "mc"))
    parser.add_argument("dataset", type=Path, help="folder with val/ and valannot/")
    parser.add_argument("--split", default="val", help="which split (default: val)")
    parser.add_argument("--labels", help="label set: a YAML file or 'camvid' (default: the data's)")
    parser.add_argument("--out", type=Path, help="folder for the figures and pictures")
    parser.add_argument(
        "--curve", action="store_true",
        help="also measure mIoU after 1, 2, 3, 5 ... samples of mc; takes twice as long",
    )  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Measure, print a table and write what was asked for."""
    folder = open_split(args.dataset, args.split, load_label_set(args.dataset, args.labels))
    predictor = asking.load(args)
    counts = [t for t in COUNTS if t <= args.samples] if args.curve else []
    with tqdm(total=len(folder), unit="image", dynamic_ncols=True) as bar:
        assessment = assess(predictor, folder, counts, lambda index: bar.update())
    figures = assessment.figures()
    print_table(figures)
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        with whole_file(args.out / "evaluation.json") as path:
            path.write_text(json.dumps({"weights": args.weights, **figures}, indent=1))
        write_png(args.out / "evaluation.png", picture(predictor, folder))
        write_uncertainty(args.out / "uncertainty.png", assessment)
        print(f"more in {args.out}: evaluation.json, evaluation.png, uncertainty.png")


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures of an `Assessment`."""
    print(f"{'class':<14}{'IoU':>8}{'accuracy':>10}{'boundary F1':>13}")
    for name, iou in figures["iou"].items():
        others = figures["accuracy"][name], figures["boundary_f1_by_class"][name]
        print(f"{name:<14}{_percent(iou):>8}{_percent(others[0]):>10}{_percent(others[1]):>13}")
    means = figures["class_accuracy"], figures["boundary_f1"]
    print(
        f"{'mean':<14}{_percent(figures['miou']):>8}{_percent(means[0]):>10}{_percent(means[1]):>13}"
    )
    print(f"pixel accuracy {_percent(figures['pixel_accuracy'])}   mIoU {figures['miou']:.4f}")
    print(f"{figures['ms']:.1f} ms an image")
    print(f"ECE {_percent(figures['ece'])}   PAvPU {_percent(figures['pavpu'])}")
    for name, auroc in figures["auroc"].items():
        print(f"wrong pixels by {name.replace('_', ' ')}: "
              f"AUROC {auroc:.3f}, AUPR {figures['aupr'][name]:.3f}")  # fmt: skip
    surest = figures["accuracy_of_most_certain"].items()
    print("accuracy of the surest " + ", ".join(f"{s}: {_percent(a)}" for s, a in surest))
    for samples, miou in figures["miou_by_samples"].items():
        print(f"mIoU of {samples} samples: {miou:.4f}")


def picture(predictor: Predictor, folder: LabelledFolder) -> np.ndarray:
    """A sheet of images spread over the folder: (H, W, 3) uint8 RGB."""
    rows = []
    titles = ["image", "truth", "prediction", "uncertainty"]
    label_set = folder.label_set
    for index in np.linspace(0, len(folder) - 1, min(PICTURES, len(folder))).round().astype(int):
        image, truth = folder.read(index)
        found = predictor.predict(image)
        row = [
            image,
            label_set.colorize(truth),
            overlay(image, found.labels, label_set, 0.7),
            heat(found.uncertainty),
        ]
        if found.mutual_information is not None:
            row.append(heat(2 * found.mutual_information))  # it seldom comes near 1
        rows.append(row)
    return panel(rows, [*titles, "mutual information x 2"][: len(rows[0])])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"
