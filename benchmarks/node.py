"""From a camera's stamp to the mask: our node beside one as it is usually written, same weights."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np

from benchmarks.harness import Report
from benchmarks.streams import PROFILE, Stream, listen, ros_is_here, text_of
from benchmarks.subjects import CACHE, image
from segnet_model.base.optional import is_installed
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.engines.export import Export
from segnet_model.inference.predictor import Predictor, find_weights
from segnet_model.weights.tensors import file_sha256

MARKS = {(360, 480): 5.0, (1080, 1920): 25.0}  # ms beyond the network's, by (height, width)
RATE = 30.0  # Hz of an ordinary camera, and more than a processor does
FRAMES = 90
EASE = 4.0  # times the network's least time between two frames, so that none waits for another
EASY_FRAMES = 15
ALONE = 10  # times that the predictor is asked by itself
TOPIC = "image"


def run(report: Report) -> None:
    """Send images of both sizes to both nodes, at a rate with ease and at a camera's."""
    if not ros_is_here(report):
        return
    predictor = Predictor.load(DEFAULT_WEIGHTS)
    # In a thread, as in the node: where the processor has other work, the main thread's OpenMP
    # team, which waits by spinning, takes twice as long.
    sizes = list(MARKS)[: report.amount(len(MARKS), 1)]
    with ThreadPoolExecutor(1) as thread:
        rows = thread.submit(lambda: [r for size in sizes for r in _at(report, size, predictor)])
    report.table(f"{DEFAULT_WEIGHTS}, from the camera's stamp to the mask's arrival", rows.result())


def _at(report: Report, size: tuple[int, int], predictor: Predictor) -> list[dict[str, Any]]:
    models = _models(report.quick)
    least = _alone(predictor, size, RATE).percentile(0)
    easy = min(RATE, 1e3 / (EASE * least))
    alone = _alone(predictor, size, easy)
    rows = [_row(size, "our predictor alone", easy, alone)]
    for rate, frames in ((easy, report.amount(EASY_FRAMES, 6)), (RATE, report.amount(FRAMES, 30))):
        camera = {"topic": TOPIC, "size": size, "rate": rate, "frames": frames}
        ours, times = _ours(camera)
        rows.append(_row(size, "our node", rate, ours))
        if rate == easy:
            within = Stream(frames, times)
            rows.append(_row(size, "of that, its predictor", rate, within))
            ratio = within.percentile(50) / alone.percentile(50)
            report.add(
                f"node: its predictor by the predictor alone at {text_of(size)}", ratio, at_most=1.1
            )
            _add(report, size, ours, times)
        for what, model in models.items() if rate == RATE or not report.quick else ():
            plain = _plain(camera, model)
            rows.append(_row(size, f"plain node, {what}", rate, plain))
            _compare(report, f"{text_of(size)}, {rate:.0f} Hz", what, ours, plain)
    return rows


def _models(quick: bool) -> dict[str, str]:
    """What plain nodes run, by a name: weights, and an .onnx of them where that can be."""
    models = {"PyTorch": DEFAULT_WEIGHTS}
    if not quick and is_installed("onnxruntime") and is_installed("onnxscript"):
        weights = find_weights(DEFAULT_WEIGHTS)
        file = CACHE / f"node_{file_sha256(weights)[:8]}.onnx"
        if not file.exists():
            CACHE.mkdir(exist_ok=True)
            Export.of(weights).to_onnx(file)
        models["ONNX Runtime"] = str(file)
    return models


def _compare(report: Report, where: str, what: str, ours: Stream, plain: Stream) -> None:
    """Where frames are lost, answers and ages count; else who is slower."""
    name = f"node by plain node with {what} at {where}"
    busy = ours.lost or plain.lost
    if busy and plain.latencies:
        answers = len(ours.latencies) / len(plain.latencies)
        report.add(f"{name}: answers", answers, at_least=2.0)
    ages = ours.percentile(50) / plain.percentile(50)
    report.add(f"{name}: age", ages, at_most=0.25 if busy else 1.0)


def _alone(predictor: Predictor, size: tuple[int, int], rate: float) -> Stream:
    """At the pace of the frames, for a processor is slower after a rest, or when it has none."""
    picture = cv2.resize(image(), size[::-1])
    predictor.predict(picture)
    times = {}
    for index in range(ALONE):
        began = time.perf_counter()
        predictor.predict(picture)
        times[index] = 1e3 * (time.perf_counter() - began)
        time.sleep(max(0.0, began + 1 / rate - time.perf_counter()))
    return Stream(ALONE, times)


def _ours(camera: dict[str, Any]) -> tuple[Stream, dict[int, float]]:
    from segnet_ros.demo.node import program

    mask, stats = "/segmentation/mask", "/segmentation/stats"
    weights = ["-p", f"weights:={find_weights(DEFAULT_WEIGHTS)}", "-r", f"image:={TOPIC}"]
    command = [*program(), "--ros-args", *weights, "--log-level", "warn"]
    streams, times = listen([mask], camera, [command], PROFILE, stats)
    return streams[mask], times


def _plain(camera: dict[str, Any], model: str) -> Stream:
    mask = "/plain_node/mask"
    command = [sys.executable, "-m", "benchmarks.plain_node", json.dumps({"model": model})]
    return listen([mask], camera, [command], PROFILE)[0][mask]


def _add(report: Report, size: tuple[int, int], ours: Stream, times: dict[int, float]) -> None:
    """Frame by frame, so that it does not matter what else the machine does meanwhile."""
    beyond = [
        ours.latencies[stamp] - times[stamp] for stamp in ours.latencies.keys() & times.keys()
    ]
    for share, mark in ((50, MARKS[size]), (99, None)):
        report.add(
            f"node: beyond its predictor at {text_of(size)}, p{share}",
            float(np.percentile(beyond, share)) if beyond else np.nan, "ms", at_most=mark,
        )  # fmt: skip


def _row(size: tuple[int, int], what: str, rate: float, stream: Stream) -> dict[str, Any]:
    return {"size": text_of(size), "": what, "frames/s": rate, **stream.row()}
