"""Monte Carlo sampling against as many full passes of the textbook network, and temporal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks import lite
from benchmarks.harness import Report, peak_memory, time_together
from benchmarks.reference import Textbook
from benchmarks.subjects import SIZE, batch, trained_weights
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.monte_carlo import MonteCarlo
from segnet_model.inference.temporal import TemporalAverage
from segnet_model.inference.uncertainty import SinglePass
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.model_info import ModelInfo

SAMPLES = 20
COUNTS = (1, 4, 20)


def run(report: Report) -> None:
    """Time, and memory; quick asks SegNet-Lite alone."""
    lite.bayesian(report)
    if report.quick:
        return
    network, info = _bayesian(trained_weights("segnet"))
    images = batch()
    textbook = Textbook(network, info).sampling()

    def reference_passes() -> None:
        x = textbook.prepare(images)
        for _ in range(REFERENCE_PASSES):
            textbook(x).softmax(1)

    with torch.inference_mode():
        engine = TorchEngine(*_bayesian(trained_weights("segnet")), "cpu")
        single = SinglePass(engine)
        calls: dict[str, Callable[[], object]] = {"one pass": lambda: single(images)}
        temporal = TemporalAverage(TorchEngine(*_bayesian(trained_weights("segnet")), "cpu"))
        calls["temporal"] = lambda: temporal(images)
        sampled = {count: MonteCarlo(engine, count) for count in COUNTS[:1]}
        ask = sampled[COUNTS[0]]
        for count in COUNTS:
            calls[f"mc {count}"] = _counted(ask, count, images)
        calls["reference"] = reference_passes
        seconds = time_together(calls, rounds=2)
    one = seconds["one pass"]
    reference = seconds["reference"] * SAMPLES / REFERENCE_PASSES
    slope, start = np.polyfit(COUNTS, [seconds[f"mc {count}"] for count in COUNTS], 1)
    report.table(
        f"Bayesian SegNet {SIZE[0]}x{SIZE[1]}, {engine.precision}",
        [{"what": name, "ms": round(each * 1e3, 1), "passes": round(each / one, 2)}
         for name, each in seconds.items() if name != "reference"],
    )  # fmt: skip
    report.add("mc: cost of a sample, in full passes", slope / one, at_most=1.0)
    report.add("mc: cost before the first sample, in full passes", start / one)
    report.add(
        f"mc: {SAMPLES} samples, times as fast as {SAMPLES} reference passes",
        reference / seconds[f"mc {SAMPLES}"], at_least=5.0,
        note=f"{REFERENCE_PASSES} reference passes timed",
    )  # fmt: skip
    report.add(
        "temporal: cost of a frame, in deterministic passes",
        seconds["temporal"] / one,
        at_most=1.15,
    )
    few, many = (peak_memory(sampling, count) for count in (8, 50))
    report.add("mc: peak memory with 8 samples", few, "MB")
    report.add("mc: peak memory with 50 samples", many, "MB")
    report.add("mc: memory with 50 samples over that with 8", many / few, at_most=1.05)


REFERENCE_PASSES = 4


def _bayesian(path: Path) -> tuple[torch.nn.Module, ModelInfo]:
    """The trained SegNet with Bayesian SegNet's dropouts: the layers are the same."""
    network, info = load_weights(path)
    bayesian = ModelInfo(**{**vars(info), "network": "bayesian_segnet"})
    built = bayesian.build().eval()
    built.load_state_dict(network.state_dict())
    return built, bayesian


def _counted(asked: MonteCarlo, samples: int, images: torch.Tensor) -> Callable[[], object]:
    def call() -> object:
        asked.samples = samples
        return asked(images)

    return call


def sampling(samples: int) -> Callable[[], object]:
    """For `peak_memory`: a network that has run once, and a call that samples."""
    images = batch()
    asked = MonteCarlo(TorchEngine(*_bayesian(trained_weights("segnet")), "cpu"), samples)

    def call() -> None:
        with torch.inference_mode():
            asked(images)

    return call
