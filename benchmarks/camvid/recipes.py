"""How each network is trained on CamVid, and what comes of it on a sequence that it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.camvid.folders import CACHE, HELD_OUT, held_out_folder, whole_folder
from benchmarks.harness import Report
from segnet_model.base.progress import progress_bar
from segnet_model.datasets.folder import load_label_set, open_split
from segnet_model.evaluation.evaluate import Evaluation, evaluate_all
from segnet_model.inference.predictor import Predictor
from segnet_model.training.augment_settings import AugmentSettings
from segnet_model.training.settings import SCRATCH, TrainSettings
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import load_weights, replace_info

FIRST = TrainSettings(
    input_size=(360, 480), crop_size=(256, 320), epochs=120, warm_up=0.03, license="CC-BY-NC-4.0",
    augment=AugmentSettings(scale_min=0.6, scale_max=1.6, rotate=3.0),
    evaluate_every=1000, init=SCRATCH,
)  # fmt: skip
# Lovasz's loss helps most where little is left to learn.
SECOND = replace(FIRST, epochs=20, learning_rate=5e-4, loss="cross_entropy+lovasz")
NETWORKS = ("enet", "segnet_basic", "bayesian_segnet_basic", "segnet", "bayesian_segnet")
SAMPLES = {"bayesian_segnet": 40, "bayesian_segnet_basic": 40}
# From the weights of the rendered drives, with 32 features: what two cores learn in half an hour.
SMALL = TrainSettings(
    epochs=20, batch_size=4, learning_rate=1.5e-3, license=FIRST.license, evaluate_every=1000,
)  # fmt: skip
# From ImageNet's weights, and from those of the rendered streets, which began there too.
LITE = replace(
    FIRST, network="segnet_lite", encoder="efficientnet_lite0", epochs=60, learning_rate=1e-3
)
LITE_DRIVES = replace(LITE, encoder=None, init="segnet_lite_drives", epochs=40)
LITE_SECOND = replace(SECOND, network="segnet_lite", epochs=8, learning_rate=3e-4)
RECIPES: dict[str, tuple[TrainSettings, ...]] = {
    **{name: (replace(FIRST, network=name), replace(SECOND, network=name)) for name in NETWORKS},
    "segnet_basic_small": (replace(SMALL, init="segnet_basic_drives"),),
    "bayesian_segnet_basic_small": (
        replace(SMALL, init="bayesian_segnet_basic_drives", epochs=12),
    ),
    "segnet_lite": (LITE, LITE_SECOND),
    "segnet_lite_from_drives": (LITE_DRIVES, LITE_SECOND),
}


def run(report: Report, name: str, seeds: int, final: bool, epochs: float) -> None:
    """Train on two sequences and measure on the third, then, if final, train on all.

    Args:
        report: gets the table.
        name: a key of `RECIPES`.
        seeds: how many trainings to hold against each other.
        final: whether to make the weights to ship.
        epochs: times as many epochs as the recipe says, where there is less time.
    """
    folder, rows, fitted = held_out_folder(), [], []
    for seed in range(seeds):
        weights = follow(name, seed, folder, CACHE / f"{name}_{seed}", epochs)
        rows.append({"seed": seed, **measure(weights, folder)})
        fitted.append(load_weights(weights)[1].temperatures)
    if rows:
        values = {key: [row[key] for row in rows] for key in rows[0]}
        means = {key: float(np.mean(each)) for key, each in values.items() if key != "seed"}
        spread = {key: float(np.std(each)) for key, each in values.items() if key != "seed"}
        rows += [{"seed": "mean", **means}, {"seed": "spread", **spread}]
        report.table(f"{name} on {HELD_OUT}, trained on the others", rows)
    if final:
        weights = follow(name, 0, whole_folder(), CACHE / f"{name}_final", epochs)
        info = load_weights(weights)[1]
        # How sure it may be was fitted on images that the same recipe never saw.
        if fitted:
            means = {key: float(np.mean([each[key] for each in fitted])) for key in fitted[0]}
            replace_info(weights, weights, replace(info, temperatures=means))
        print(f"weights: {weights}")


def follow(name: str, seed: int, folder: Path, out: Path, epochs: float) -> Path:
    """Train in the recipe's stages, each from the weights of the one before."""
    weights: Path | None = None
    for index, stage in enumerate(RECIPES[name]):
        settings = replace(
            stage, seed=seed, init=stage.init if weights is None else str(weights),
            epochs=max(1, round(stage.epochs * epochs)),
        )  # fmt: skip
        weights = learn(folder, out / f"stage{index + 1}", settings)
    assert weights is not None
    return weights


def learn(folder: Path, out: Path, settings: TrainSettings) -> Path:
    """Train, or go on, with a bar; the weights file."""
    with progress_bar(f"{out.parent.name}/{out.name}") as bar:
        weights = train(folder, out, settings, lambda done: bar(done.step / done.steps))
    assert weights is not None
    return weights


def measure(weights: Path, folder: Path) -> dict[str, float]:
    """What a robot needs to know of some weights, on val."""
    network = load_weights(weights)[1].network
    asked: Mapping[str, Any] = (
        {"uncertainty": "mc", "samples": SAMPLES[network]} if network in SAMPLES else {}
    )
    predictor = Predictor.load(weights, **asked)
    val = open_split(folder, "val", load_label_set(folder))
    return figures(evaluate_all([predictor], val)[0])


def figures(evaluation: Evaluation) -> dict[str, float]:
    """A row of the table: shares of 1, and milliseconds an image."""
    found = evaluation.figures()
    return {
        "mIoU": found["miou"],
        "Road IoU": found["iou"]["Road"],
        "Pavement IoU": found["iou"]["Pavement"],
        "Pedestrian recall": found["accuracy"]["Pedestrian"],
        "Bicyclist recall": found["accuracy"]["Bicyclist"],
        "boundary F1": found["boundary_f1"],
        "ECE": found["ece"],
        "ms": found["ms"],
    }
