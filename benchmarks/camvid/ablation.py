"""What each ingredient of a recipe gives: the recipe with one thing changed, over and over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.camvid.folders import CACHE, HELD_OUT, held_out_folder
from benchmarks.camvid.recipes import FIRST, learn
from benchmarks.harness import Report
from segnet_model.training.augment_settings import UNCHANGED, AugmentSettings
from segnet_model.training.settings import TrainSettings
from segnet_model.weights.checkpoint import load_weights


def variants(base: TrainSettings) -> dict[str, TrainSettings]:
    """The recipe, and what it is without or with something."""
    flips = replace(UNCHANGED, flip=0.5)
    return {
        "the recipe": base,
        "no augmentation": replace(base, augment=UNCHANGED),
        "mirror images only": replace(base, augment=flips),
        "no changes of color": replace(base, augment=_without_color(base.augment)),
        "a constant learning rate": replace(base, schedule="constant"),
        "SGD 0.1, poly, as in the papers": replace(
            base, optimizer="sgd", learning_rate=0.1, schedule="poly", weight_decay=5e-4
        ),
        "no average of the weights": replace(base, average=0.0),
        "no fresh batch statistics": replace(base, statistics_images=0),
        "median frequency, whole": replace(base, balance=1.0),
        "no class weights": replace(base, balance=0.0),
        "ENet's class weights": replace(base, weighting="enet", balance=1.0),
        "cross-entropy + Dice": replace(base, loss="cross_entropy+dice"),
        "cross-entropy + Lovasz": replace(base, loss="cross_entropy+lovasz"),
        **without_dropout(base),
        "deep supervision, 0.4": replace(base, supervision=0.4),
        "twice as long": replace(base, epochs=2 * base.epochs),
    }


def without_dropout(base: TrainSettings) -> dict[str, TrainSettings]:
    """Nothing where the network has none."""
    if not (base.network == "enet" or str(base.network).startswith("bayesian")):
        return {}
    return {"no dropout": replace(base, network_settings={"dropout": 0.0})}


def run(report: Report, network: str, size: tuple[int, int], epochs: int, seeds: int) -> None:
    """Train every variant on two sequences, and measure it on the third.

    Args:
        report: gets the table.
        network: to train.
        size: (height, width) at which it sees the images.
        epochs: of the recipe.
        seeds: trainings of each variant.
    """
    base = replace(FIRST, network=network, input_size=size, crop_size=None, epochs=epochs)
    folder, rows = held_out_folder(), []
    out = CACHE / f"ablation_{network}_{size[0]}x{size[1]}_{epochs}"
    for name, settings in variants(base).items():
        found = [_miou(folder, out / _slug(name) / str(seed), settings, seed)
                 for seed in range(seeds)]  # fmt: skip
        rows.append({"": name, "mIoU": float(np.mean(found)), "spread": float(np.std(found))})
        rows[-1]["gives"] = rows[-1]["mIoU"] - rows[0]["mIoU"]
        print(f"{name}: {rows[-1]['mIoU']:.4f}", flush=True)
    title = f"{network} at {size[0]}x{size[1]}, {epochs} epochs, {seeds} seeds, on {HELD_OUT}"
    report.table(title, rows)


def _without_color(augment: AugmentSettings) -> AugmentSettings:
    return replace(augment, brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0)


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _miou(folder: Path, out: Path, settings: TrainSettings, seed: int) -> float:
    weights = learn(folder, out, replace(settings, seed=seed))
    return float(load_weights(weights)[1].metrics["val_miou"])
