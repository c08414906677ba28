"""Each engine against the textbook network: SegNet at 360x480, one image; then SegNet-Lite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks import lite
from benchmarks.harness import Report, time_together
from benchmarks.reference import Textbook
from benchmarks.subjects import CACHE, SIZE, batch, matrix_rates, operations_of, weights_of
from segnet_model.base.optional import is_installed
from segnet_model.commands.export import calibration_images
from segnet_model.engines import Engine
from segnet_model.engines.capabilities import cpu_has_bfloat16, cpu_has_int8
from segnet_model.engines.export import Export
from segnet_model.engines.onnx_engine import OnnxEngine
from segnet_model.engines.openvino_engine import OpenVinoEngine
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.weights.checkpoint import load_weights

ROUNDS = 4
# Speed-up, and the share of labels that must equal the reference's, by engine.
MARKS = {
    "torch float32": (1.5, 0.9999),
    "torch bfloat16": (3.3, 0.995),
    "openvino int8": (6.0, None),
    "onnx float32": (None, 0.9999),
}


def run(report: Report) -> None:
    """Time every engine that is installed, and compare what it says with the reference."""
    path = weights_of("segnet", report.quick)
    textbook = Textbook(*load_weights(path))
    images = batch()
    engines = open_engines(path, exports=not report.quick)
    with torch.inference_mode():
        reference = textbook(textbook.prepare(images))
        calls: dict[str, Callable[[], object]] = {
            "reference": lambda: textbook(textbook.prepare(images)).argmax(1),
            **{name: _asks(engine, images) for name, engine in engines.items()},
        }
        seconds = time_together(calls, report.amount(ROUNDS, 1))
        answers = {name: engine.logits(images) for name, engine in engines.items()}
    operations = operations_of(load_weights(path)[0])
    rates = matrix_rates(report.amount(7, 2))
    rows = [_row("reference", "float32", seconds["reference"], 1.0, operations, rates)]
    for name, engine in engines.items():
        speedup = seconds["reference"] / seconds[name]
        same = agreement(answers[name], reference)
        rows.append(_row(name, engine.precision, seconds[name], speedup, operations, rates))
        least_speed, least_same = MARKS.get(name, (None, None))
        report.add(f"{name}: times as fast as the reference", speedup, at_least=least_speed)
        if not report.quick:  # labels of untrained weights mean nothing
            rows[-1]["labels as the reference's"] = f"{100 * same:.3f} %"
            report.add(f"{name}: share of equal labels", same, at_least=least_same)
    if not report.quick:
        rows[0]["labels as the reference's"] = ""
    report.table(
        f"SegNet {SIZE[0]}x{SIZE[1]}, batch 1, {operations / 1e9:.0f} GFLOP as plain convolutions, "
        f"{torch.get_num_threads()} threads",
        rows,
    )
    difference = (answers["torch float32"] - reference).abs()
    report.add(
        "torch float32: largest difference of a logit", difference.max().item(), at_most=1e-3
    )
    for precision, rate in rates.items():
        report.add(f"this machine's {precision} products and convolutions", rate / 1e9, "GOP/s")
    lite.engines(report, rates)


def open_engines(path: Path, exports: bool) -> dict[str, Engine]:
    """Every engine that is installed and that this processor is made for, or PyTorch's alone."""
    engines: dict[str, Engine] = {}
    for precision in ("float32", "bfloat16"):
        if precision == "float32" or cpu_has_bfloat16():
            network, info = load_weights(path)
            engines[f"torch {precision}"] = TorchEngine(network, info, "cpu", precision)
    if exports and is_installed("onnxruntime") and is_installed("onnxscript"):
        if not (onnx := CACHE / "segnet.onnx").exists():
            Export.of(path, SIZE).to_onnx(onnx)
        engines["onnx float32"] = OnnxEngine.open(onnx)
    if exports and is_installed("openvino") and is_installed("nncf") and cpu_has_int8():
        if not (int8 := CACHE / "segnet.xml").exists():
            seen = calibration_images(CACHE / "drives", "train", 4)
            Export.of(path, SIZE).to_openvino(int8, seen, quick=True)
        engines["openvino int8"] = OpenVinoEngine.open(int8, "cpu", "auto", ())
    return engines


def agreement(logits: Tensor, reference: Tensor) -> float:
    """The share of pixels with the same label."""
    return (logits.argmax(1) == reference.argmax(1)).double().mean().item()


def _asks(engine: Engine, images: Tensor) -> Callable[[], Tensor]:
    return lambda: engine.logits(images).argmax(1)


def _row(
    name: str, precision: str, seconds: float, speedup: float, operations: float,
    rates: dict[str, float],
) -> dict[str, object]:  # fmt: skip
    rate = operations / seconds
    limit = rates.get(precision, np.nan)
    return {
        "engine": name,
        "ms": round(seconds * 1e3, 1),
        "times as fast": round(speedup, 2),
        "GOP/s": round(rate / 1e9),
        "share of the machine's limit": f"{100 * rate / limit:.0f} %",
    }
