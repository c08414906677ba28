"""The node's memory, and its start: with the default weights, and with exports of them.

The marks are for the resident set, which does not depend on what else runs. In the
proportional set size, PSS, pages that several processes share count in shares.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.harness import Report
from benchmarks.streams import PROFILE, hear, program, ros_is_here, running, wait_for
from benchmarks.subjects import CACHE
from segnet_model.base.optional import is_installed
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.engines.export import Export
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import file_sha256

MIB = {"PyTorch": 350.0, "OpenVINO": 200.0}
START_S = 3.0  # from the start of the process to the first mask
SIZE, RATE, FRAMES = (360, 480), 10.0, 100
MASK = "/segmentation/mask"


def run(report: Report) -> None:
    """Start the node with each, send images, and look at its memory after the last."""
    if not ros_is_here(report):
        return
    rows = []
    for name, weights in _weights().items():
        row = _node(weights, report.amount(FRAMES, 60))
        rows.append({"node with": name, **row})
        report.add(f"node's memory with {name}", row["RSS MiB"], "MiB", at_most=MIB.get(name))
        report.add(f"start to the first mask with {name}", row["start s"], "s", at_most=START_S)
    report.table(f"{DEFAULT_WEIGHTS}, {SIZE[1]}x{SIZE[0]} at {RATE:g} Hz, {MASK} alone", rows)


def _weights() -> dict[str, Path]:
    """Weights and exports of them, by the library that runs them."""
    weights = find_weights(DEFAULT_WEIGHTS)
    found = {"PyTorch": weights}
    stem = CACHE / f"footprint_{file_sha256(weights)[:8]}"
    CACHE.mkdir(exist_ok=True)
    if is_installed("openvino"):
        found["OpenVINO"] = stem.with_suffix(".xml")
        if not found["OpenVINO"].exists():
            Export.of(weights).to_openvino(found["OpenVINO"])
    if is_installed("onnxruntime") and is_installed("onnxscript"):
        found["ONNX Runtime"] = stem.with_suffix(".onnx")
        if not found["ONNX Runtime"].exists():
            Export.of(weights).to_onnx(found["ONNX Runtime"])
    return found


def _node(weights: Path, frames: int) -> dict[str, Any]:
    from segnet_ros.demo.node import program as node

    camera = {"topic": "image", "size": SIZE, "rate": RATE, "frames": frames, "settle": 0.0}
    command = [*node(), "--ros-args", "-p", f"weights:={weights}", "--log-level", "warn"]
    with ExitStack() as stack:
        ear = stack.enter_context(
            running(program("listener", topics=[MASK], stats=""), PROFILE, read=True)
        )
        eye = stack.enter_context(running(program("camera", **camera), PROFILE))
        time.sleep(3.0)  # both wait for the node now
        began = time.time_ns()
        process = stack.enter_context(running(command, PROFILE))
        wait_for(eye, [ear, process])
        memory = memory_of(process.pid)
        masks = hear(ear)[MASK]
    first = min((arrival for _, arrival in masks), default=float("nan"))
    start = {"start s": (first - began) / 1e9, "masks": f"{len(masks)} of {frames}"}
    return {**memory, **start}


def memory_of(process: int) -> dict[str, Any]:
    """Memory of a process in MiB, and whether it has loaded PyTorch."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    maps = Path(f"/proc/{process}/maps").read_text()
    return {
        "RSS MiB": round(kib["Rss"] / 1024, 1),
        "of it anonymous": round(kib["Anonymous"] / 1024, 1),
        "PSS MiB": round(kib["Pss"] / 1024, 1),
        "PyTorch loaded": "libtorch_cpu" in maps,
    }
