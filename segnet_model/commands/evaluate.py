"""Measure weights on labelled images."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from segnet_model.checkpoint import whole_file
from segnet_model.data.camvid import LabelledFolder, load_label_set, open_split
from segnet_model.data.files import write_png
from segnet_model.drawing import heat, overlay, panel
from segnet_model.evaluation import evaluate, report
from segnet_model.predictor import Predictor

EPILOG = """\
Prints the intersection over union of each class, and with --out writes them as evaluation.json
beside evaluation.png: some images with truth, prediction and uncertainty.

  segnet evaluate runs/yard/weights.safetensors my_yard
  segnet evaluate segnet_basic_camvid camvid --out results
"""
PICTURES = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("weights", help="a .safetensors file or a shipped name")
    parser.add_argument("dataset", type=Path, help="folder with val/ and valannot/")
    parser.add_argument("--split", default="val", help="which split (default: val)")
    parser.add_argument("--labels", help="label set: a YAML file or 'camvid' (default: the data's)")
    parser.add_argument("--out", type=Path, help="folder for evaluation.json and evaluation.png")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default: auto)")
    parser.add_argument("--precision", default="auto", help="auto, float32, bfloat16, float16")


def run(args: argparse.Namespace) -> None:
    """Measure, print a table and write what was asked for."""
    folder = open_split(args.dataset, args.split, load_label_set(args.dataset, args.labels))
    predictor = Predictor.load(args.weights, args.device, args.precision)
    with tqdm(total=len(folder), unit="image", dynamic_ncols=True) as bar:
        matrix = evaluate(predictor, folder, lambda index: bar.update())
    figures = report(matrix, folder.label_set.names)
    print_table(figures)
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        with whole_file(args.out / "evaluation.json") as path:
            path.write_text(json.dumps({"weights": args.weights, **figures}, indent=1))
        write_png(args.out / "evaluation.png", picture(predictor, folder))


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures of `segnet_model.evaluation.report`."""
    print(f"{'class':<14}{'IoU':>8}{'accuracy':>10}")
    for name, iou in figures["iou"].items():
        print(f"{name:<14}{_percent(iou):>8}{_percent(figures['accuracy'][name]):>10}")
    print(f"{'mean':<14}{_percent(figures['miou']):>8}{_percent(figures['class_accuracy']):>10}")
    print(f"pixel accuracy {_percent(figures['pixel_accuracy'])}   mIoU {figures['miou']:.4f}")


def picture(predictor: Predictor, folder: LabelledFolder) -> np.ndarray:
    """A sheet of images spread over the folder: (H, W, 3) uint8 RGB."""
    rows = []
    label_set = folder.label_set
    for index in np.linspace(0, len(folder) - 1, min(PICTURES, len(folder))).round().astype(int):
        image, truth = folder.read(index)
        found = predictor.predict(image)
        rows.append([
            image,
            label_set.colorize(truth),
            overlay(image, found.labels, label_set, 0.7),
            heat(found.uncertainty),
        ])  # fmt: skip
    return panel(rows, ["image", "truth", "prediction", "uncertainty"])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"
