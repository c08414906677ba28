"""The networks side by side: parameters, operations, time and memory at 360x480."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.harness import Report, peak_memory, time_together
from benchmarks.subjects import SIZE, batch, operations_of
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.labels import LabelSet
from segnet_model.weights.model_info import ModelInfo

QUICK = ("segnet_lite", "enet", "segnet_basic")
NETWORKS = (*QUICK, "segnet", "unet")


def run(report: Report) -> None:
    """Fresh weights do: time and memory do not depend on them."""
    images = batch()
    names = QUICK if report.quick else NETWORKS
    engines = {name: _engine(name) for name in names}
    rows = []
    with torch.inference_mode():
        seconds = time_together(
            {name: lambda e=engine: e.logits(images) for name, engine in engines.items()},
            report.amount(5, 1),
        )
        for name in names:
            network = _info(name).build().eval()
            row: dict[str, Any] = {
                "network": name,
                "parameters, M": round(sum(p.numel() for p in network.parameters()) / 1e6, 2),
                "GFLOP": round(operations_of(network) / 1e9, 1),
                "ms": round(seconds[name] * 1e3, 1),
            }
            if not report.quick:
                row |= {kind: round(peak_memory(work, name)) for kind, work in PEAKS.items()}
            rows.append(row)
    precision = engines[names[0]].precision
    report.table(f"{SIZE[0]}x{SIZE[1]}, one image, {precision}; training in float32", rows)
    if report.quick:
        return
    report.add("SegNet: time over U-Net's", seconds["segnet"] / seconds["unet"])
    peaks = {row["network"]: row for row in rows}
    for kind in PEAKS:
        report.add(f"SegNet: {kind} over U-Net's", peaks["segnet"][kind] / peaks["unet"][kind])


def one_pass(name: str) -> Callable[[], object]:
    """For `peak_memory`: asking a network."""
    engine, images = _engine(name), batch()

    def call() -> None:
        with torch.inference_mode():
            engine.logits(images)

    return call


def one_step(name: str) -> Callable[[], object]:
    """For `peak_memory`: a pass forward and backward, in channels-last float32."""
    network = _info(name).build().train().to(memory_format=torch.channels_last)
    x = torch.rand(1, 3, *SIZE).contiguous(memory_format=torch.channels_last)
    return lambda: network(x).square().mean().backward()


PEAKS = {"peak MB": one_pass, "peak MB, training": one_step}


def _info(name: str) -> ModelInfo:
    return ModelInfo(name, LabelSet.load("camvid"), SIZE)


def _engine(name: str) -> TorchEngine:
    info = _info(name)
    return TorchEngine(info.build(), info, "cpu")
