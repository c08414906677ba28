"""SegNet-Lite from pixels to labels with each engine, and its Monte Carlo samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.harness import Report, time_together
from benchmarks.subjects import CACHE, SIZE, batch, drives, image, operations_of
from segnet_model.base.optional import is_installed
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.commands.export import calibration_images
from segnet_model.engines import Engine
from segnet_model.engines.capabilities import cpu_has_bfloat16, cpu_has_int8
from segnet_model.engines.export import Export
from segnet_model.engines.onnx_engine import OnnxEngine
from segnet_model.engines.openvino_engine import OpenVinoEngine
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.monte_carlo import MonteCarlo
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.uncertainty import SinglePass
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import file_sha256

IMAGES = 8  # whose labels are compared
ROUNDS = 15
SAMPLES = 20
# Milliseconds, and the share of labels that must equal those of float32 in PyTorch, by engine.
MARKS = {"openvino bfloat16": (15.0, 0.99), "openvino int8": (12.0, 0.985)}


def engines(report: Report, rates: dict[str, float]) -> None:
    """Time every engine from pixels to labels, and compare its labels with those of float32.

    Args:
        report: gets the figures.
        rates: of `matrix_rates`.
    """
    path = find_weights(DEFAULT_WEIGHTS)
    images = [image(index) for index in range(report.amount(IMAGES, 2))]
    opened = open_engines(path, report.quick)
    predictors = {name: Predictor(engine) for name, engine in opened.items()}
    labels = {n: [p.predict(each).labels for each in images] for n, p in predictors.items()}
    seconds = time_together(
        {name: lambda p=each: p.predict(images[0]) for name, each in predictors.items()},
        report.amount(ROUNDS, 5),
    )
    operations, rows = operations_of(load_weights(path)[0]), []
    for name, predictor in predictors.items():
        limit = rates.get(predictor.precision, np.nan)
        same = float(np.equal(labels[name], labels["torch float32"]).mean())
        rows.append({
            "engine": name,
            "ms": round(seconds[name] * 1e3, 1),
            "share of the machine's limit": f"{100 * operations / seconds[name] / limit:.0f} %",
            "labels as those of float32": f"{100 * same:.2f} %",
        })  # fmt: skip
        most_ms, least_same = MARKS.get(name, (None, None))
        report.add(f"SegNet-Lite, {name}: pixels to labels", seconds[name] * 1e3, "ms",
                   at_most=most_ms)  # fmt: skip
        report.add(f"SegNet-Lite, {name}: share of equal labels", same, at_least=least_same)
    report.table(
        f"SegNet-Lite {SIZE[0]}x{SIZE[1]}, one image from pixels to labels, confidence and "
        f"uncertainty, {operations / 1e9:.1f} GFLOP, {torch.get_num_threads()} threads",
        rows,
    )


def open_engines(path: Path, quick: bool) -> dict[str, Engine]:
    """Every engine that is installed and that this processor is made for.

    Args:
        path: of the weights.
        quick: calibrate int8 with fewer images.
    """
    opened: dict[str, Engine] = {}
    precisions = ("float32", "bfloat16") if cpu_has_bfloat16() else ("float32",)
    for precision in precisions:
        network, info = load_weights(path)
        opened[f"torch {precision}"] = TorchEngine(
            network, replace(info, input_size=SIZE), "cpu", precision
        )
    if is_installed("onnxruntime") and is_installed("onnxscript"):
        onnx = _export(path, ".onnx", lambda out: Export.of(path, SIZE).to_onnx(out))
        opened["onnx float32"] = OnnxEngine.open(onnx)
    if is_installed("openvino") and is_installed("nncf"):
        file = _export(path, ".xml", lambda out: Export.of(path, SIZE).to_openvino(out))
        for precision in precisions:
            opened[f"openvino {precision}"] = OpenVinoEngine.open(file, "cpu", precision, ())
        if cpu_has_int8():
            suffix = "_quick_int8.xml" if quick else "_int8.xml"
            int8 = _export(path, suffix, lambda out: _to_int8(path, out, quick))
            opened["openvino int8"] = OpenVinoEngine.open(int8, "cpu", "auto", ())
    return opened


def _export(weights: Path, suffix: str, write: Callable[[Path], object]) -> Path:
    """An export of these weights; made once."""
    file = CACHE / f"lite_{file_sha256(weights)[:8]}{suffix}"
    if not file.exists():
        CACHE.mkdir(exist_ok=True)
        write(file)
    return file


def _to_int8(path: Path, out: Path, quick: bool) -> None:
    images = calibration_images(drives(quick), "train", 8 if quick else 32)
    Export.of(path, SIZE).to_openvino(out, images, quick=True)


def bayesian(report: Report) -> None:
    """Time Monte Carlo samples against a pass of the same network."""
    network, info = load_weights(find_weights(DEFAULT_WEIGHTS))
    info = replace(info, network="bayesian_segnet_lite")
    sampled = info.build()
    sampled.load_state_dict(network.state_dict())
    engine, images = TorchEngine(sampled, info, "cpu"), batch()
    single, many = SinglePass(engine), MonteCarlo(engine, SAMPLES)
    with torch.inference_mode():
        seconds = time_together(
            {"one pass": lambda: single(images), f"mc {SAMPLES}": lambda: many(images)},
            report.amount(ROUNDS, 5),
        )
    one, all_samples = seconds["one pass"], seconds[f"mc {SAMPLES}"]
    report.table(
        f"Bayesian SegNet-Lite {SIZE[0]}x{SIZE[1]}, {engine.precision}",
        [{"what": name, "ms": round(each * 1e3, 1), "passes": round(each / one, 2)}
         for name, each in seconds.items()],
    )  # fmt: skip
    report.add(f"SegNet-Lite, mc: {SAMPLES} samples, in passes", all_samples / one, at_most=3.0)
