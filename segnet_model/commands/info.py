"""Show what a weights file holds: network, classes, training, figures, license."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segnet_model.base.tables import USUAL_BOUND
from segnet_model.base.terminal import plain
from segnet_model.commands import arguments

if TYPE_CHECKING:
    from segnet_model.weights.model_info import ModelInfo

EPILOG = """\
  segnet info segnet_lite_outdoor
  segnet info runs/yard/weights.safetensors --json

An export (.onnx, .xml) has the metadata of its weights. segnet weights lists those that ship.
"""
TITLE = 14  # characters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("weights", help=arguments.WEIGHTS)
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(args: argparse.Namespace) -> None:
    """Print the metadata of the file, without running it."""
    from segnet_model.weights.shipped import find_weights
    from segnet_model.weights.tensors import file_sha256

    path = find_weights(args.weights)
    info, facts = _read(path)
    facts = {"file": str(path), "bytes": path.stat().st_size, "sha256": file_sha256(path), **facts}
    if args.json:
        print(json.dumps({**facts, **json.loads(info.to_json())}, indent=1))
        return
    print(plain(f"{path}, {facts['bytes'] / 1e6:.1f} MB, sha256 {facts['sha256'][:16]}..."))
    for title, text in _lines(info, facts):
        print(f"{title:<{TITLE}}{plain(text)}")


def _read(path: Path) -> tuple[ModelInfo, dict[str, Any]]:
    """The metadata, and facts of the file itself."""
    from segnet_model.engines.engine import choose_engine
    from segnet_model.engines.onnx_engine import OnnxEngine
    from segnet_model.engines.openvino_engine import OpenVinoEngine, read_export
    from segnet_model.weights.checkpoint import check_content, read_info

    if path.suffix in (OnnxEngine.suffix, OpenVinoEngine.suffix):
        exported = (
            OnnxEngine.open(path).exported
            if path.suffix == OnnxEngine.suffix
            else read_export(path)[-1]
        )
        size = "x".join(map(str, exported.size))
        return exported.info, {"export": f"{exported.precision}, for images of {size}"}
    info = read_info(path)
    numbers = check_content(path)
    choice = choose_engine(path)
    return info, {"numbers": numbers, "engine": choice.engine, "reason": choice.reason}


def _lines(info: ModelInfo, facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Titles and texts, in the order of a reader's questions."""
    settings = "".join(f", {name}={value}" for name, value in info.network_settings.items())
    millions = f"; {facts['numbers'] / 1e6:.2f} million numbers" if "numbers" in facts else ""
    yield "network", f"{info.network}{settings}{millions}"
    if "export" in facts:
        yield "export", facts["export"]
    yield "input size", f"{info.input_size[0]}x{info.input_size[1]}, height x width"
    yield "classes", f"{info.labels.num_classes}, label set {info.labels.name}"
    for index, each in enumerate(info.labels.classes):
        drivable = "  drivable" if each.drivable else ""
        cost = "" if each.cost is None else f"  cost {each.cost}"
        color = "#{:02x}{:02x}{:02x}".format(*each.color)
        yield "", f"{index:>3} {each.name:<16} {color}{drivable}{cost}"
    yield from _confidence(info)
    training = info.training
    if training:
        images = f", {training['images']} images" if "images" in training else ""
        start = f", from {training['init']}" if training.get("init") else ""
        epochs = f", {training['epochs']} epochs" if training.get("epochs") else ""
        yield "trained on", f"{training.get('dataset', 'unknown data')}{images}{epochs}{start}"
    if "val_miou" in info.metrics:
        yield "measured", _measured(info.metrics)
    yield "license", info.license
    if "engine" in facts:
        yield "runs with", f"{facts['engine']}: {facts['reason']}"


def _measured(metrics: Mapping[str, Any]) -> str:
    from segnet_model.evaluation.caveats import few_images

    images, shown = metrics.get("val_images"), f"val mIoU {metrics['val_miou']}"
    if not isinstance(images, int):
        return shown
    return f"{shown} on {images} images{', too few to say much' if few_images(images) else ''}"


def _confidence(info: ModelInfo) -> Iterator[tuple[str, str]]:
    """Calibration and bounds."""
    if info.answers_ids:
        yield "confidence", "none: the network answers ids alone"
        return
    fitted = ", ".join(f"{value:.3g} for {way}" for way, value in info.temperatures.items())
    never = "never calibrated; segnet calibrate does it"
    yield "confidence", f"temperature {fitted}" if fitted else never
    for way, bound in info.bounds.items():
        yield "drivable", f"max_uncertainty {bound.max_uncertainty:.3g} for {way}: {bound}"
    if not info.bounds:
        yield "drivable", f"no bound with a promise; max_uncertainty is {USUAL_BOUND}"
    if info.features is not None:
        yield "features", "a score for --uncertainty features"
    if info.place is not None:
        yield "place", f"a score, of {info.place.images} images, that tells other kinds of places"
