"""Is the network unsure where it is wrong, and of what it was never shown?

Shipped weights of a Bayesian network on rendered drives that it has not seen; CamVid's val too,
where that is at hand, for what needs real images: int8 and the CRF.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from benchmarks.harness import Report
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.calibration import Detector, UncertaintyQuality
from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.inference.predictor import Predictor
from segnet_model.scenes import Drive, SceneFrame
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.shipped import find_weights

WEIGHTS = "bayesian_segnet_basic_drives"
IGNORE = 11
VIDEO_SEEDS = (4000, 4001, 4002, 4003)
FRAMES = 12  # of each video; the first half is for the average to settle
SLOW = 2.0  # meters a second at 10 frames a second
UNKNOWN_SEEDS = (5000, 5001, 5002, 5003)
UNKNOWN_FRAMES = (5, 35, 65, 95)
RING = 40  # pixels around an object that are its surroundings


def run(report: Report) -> None:
    """Calibration of each way to ask, and what is made of unknown objects."""
    rows = []
    drives = _drives(report.amount(len(VIDEO_SEEDS), 1), report.amount(FRAMES, 4))
    ways: dict[str, dict[str, Any]] = {
        "one pass, no dropout": {},
        "temporal": {"uncertainty": "temporal"},
        "mc 10": {"uncertainty": "mc", "samples": 10},
    }
    for fitted in (False, True):
        for name, settings in ways.items():
            predictor = Predictor(_engine(fitted), **settings)
            rows.append({"asked": name, "temperature": fitted, **_videos(predictor, drives)})
    report.table(f"{len(drives)} unseen drives, camera at {SLOW:g} m/s, {WEIGHTS}", rows)
    plain = rows[0]["ECE"]
    single, temporal, sampled = (row["ECE"] for row in rows[len(ways) :])
    report.add("ECE of one pass without dropout nor temperature", plain)
    report.add("ECE of one pass without dropout", single)
    report.add("temporal: ECE, held against one pass without temperature", temporal, at_most=plain)
    report.add("mc 10: ECE", sampled)
    report.add("temporal: ECE over mc 10's", temporal - sampled, at_most=0.01)
    _unknown(report)


def _engine(fitted: bool) -> TorchEngine:
    """With the weights' temperatures, or as if they had never been fitted."""
    network, info = load_weights(find_weights(WEIGHTS))
    return TorchEngine(network, info if fitted else replace(info, temperatures={}))


def _drives(count: int, frames: int) -> dict[int, list[SceneFrame]]:
    """Frames of each drive, rendered once."""
    return {seed: list(Drive(seed, speed=SLOW).frames(frames)) for seed in VIDEO_SEEDS[:count]}


def _videos(predictor: Predictor, drives: dict[int, list[SceneFrame]]) -> dict[str, float]:
    quality, matrix = UncertaintyQuality(), ConfusionMatrix(IGNORE, IGNORE)
    seconds = []
    for seed, frames in drives.items():
        for index, frame in enumerate(frames):
            began = time.perf_counter()
            found = predictor.predict(frame.image, frame.stamp + 100 * seed)
            seconds.append(time.perf_counter() - began)
            if index < len(frames) // 2:
                continue
            quality.update(
                found.labels, found.confidence, found.uncertainties, frame.labels, IGNORE
            )
            matrix.update(found.labels, frame.labels)
    figures = quality.figures()
    return {
        "mIoU": matrix.mean_iou,
        "ECE": figures["ece"],
        "AUROC, entropy": figures["auroc"]["entropy"],
        "AUROC, mutual information": figures["auroc"].get("mutual_information", float("nan")),
        "PAvPU": figures["pavpu"],
        "surest 90 %": figures["accuracy_of_most_certain"]["90%"],
        "ms": round(1e3 * float(np.median(seconds)), 1),
    }


def _unknown(report: Report) -> None:
    predictor = Predictor.load(WEIGHTS, uncertainty="mc", samples=20)
    seeds = UNKNOWN_SEEDS[: report.amount(len(UNKNOWN_SEEDS), 1)]
    everywhere, around = unknown_detectors(predictor, seeds, UNKNOWN_FRAMES[: report.amount(4, 2)])
    rows = [
        {
            "AUROC, unknown objects against": where,
            "mutual information": detectors["mutual_information"].auroc,
            "entropy": detectors["entropy"].auroc,
        }
        for where, detectors in (("all else", everywhere), ("40 pixels around", around))
    ]
    report.table(f"Things never shown in training, {len(seeds)} drives, mc 20", rows)
    report.add(
        "unknown objects: AUROC of mutual information against their surroundings",
        rows[1]["mutual information"], at_least=0.75,
    )  # fmt: skip
    report.add(
        "unknown objects: AUROC of mutual information against all else",
        rows[0]["mutual information"],
    )


def unknown_detectors(
    predictor: Predictor, seeds: tuple[int, ...], frames: tuple[int, ...]
) -> tuple[dict[str, Detector], dict[str, Detector]]:
    """How well unknown objects stand out, from all else and from what is around them."""
    everywhere = {name: Detector() for name in ("entropy", "mutual_information")}
    around = {name: Detector() for name in everywhere}
    for frame in _frames(seeds, frames):
        found = predictor.predict(frame.image)
        near = _near(frame.unknown)
        for name in everywhere:
            values = found.uncertainties[name]
            everywhere[name].update(values.ravel(), ~frame.unknown.ravel())
            around[name].update(values[near], ~frame.unknown[near])
    return everywhere, around


def _frames(seeds: tuple[int, ...], frames: tuple[int, ...]) -> Iterator[SceneFrame]:
    for seed in seeds:
        drive = Drive(seed, unknown=True)
        yield from (drive.frame(index) for index in frames)


def _near(mask: np.ndarray) -> np.ndarray:
    """The objects and what is around them: (H, W) bool."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RING + 1, 2 * RING + 1))
    return cv2.dilate(mask.astype(np.uint8), disc) > 0
