"""Do frames that `segnet select` chooses teach more than frames that a die chooses?

Fifty random frames are labeled and learned from. Then fifty more: once those that the network is
least sure of, spread over time and appearance, once random ones. Each hundred is learned from
anew, and measured on a sequence that neither saw.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.camvid.folders import CACHE, HELD_OUT, is_held_out, link, training_images
from benchmarks.camvid.recipes import FIRST, learn
from benchmarks.harness import Report
from segnet_model.datasets.folder import Sample
from segnet_model.images.files import read_image
from segnet_model.images.thumbnails import thumbnail
from segnet_model.inference.predictor import Predictor
from segnet_model.selection.ranking import Candidate, information, select
from segnet_model.training.settings import TrainSettings
from segnet_model.weights.checkpoint import load_weights

START = "bayesian_segnet_basic_drives"  # as somebody who starts from the shipped weights
FRAMES = 50
SAMPLES = 8


def run(report: Report, size: tuple[int, int], epochs: int, seeds: int) -> None:
    """Train three times a seed: on the first fifty, on random and on chosen hundreds."""
    settings = replace(FIRST, init=START, input_size=size, crop_size=None, epochs=epochs)
    pool = training_images(lambda name: not is_held_out(name))
    test, rows = training_images(is_held_out), []
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(pool)).tolist()
        first, rest = [pool[i] for i in order[:FRAMES]], [pool[i] for i in order[FRAMES:]]
        out = CACHE / f"selection_{size[0]}x{size[1]}_{epochs}" / str(seed)
        weights, before = _learned(out / "first", first, test, replace(settings, seed=seed))
        chosen = _chosen(weights, rest, first)
        found = {
            name: _learned(out / name, [*first, *more], test, replace(settings, seed=seed))[1]
            for name, more in (("random", rest[:FRAMES]), ("chosen", chosen))
        }
        rows.append({"seed": str(seed), f"{FRAMES}": before, **found,
                     "gained": found["chosen"] - found["random"]})  # fmt: skip
        print(rows[-1], flush=True)
    means = {k: float(np.mean([row[k] for row in rows])) for k in rows[0] if k != "seed"}
    report.table(f"mIoU on {HELD_OUT} at {size[0]}x{size[1]}", [*rows, {"seed": "mean", **means}])
    report.add("mIoU that choosing gains over a die", means["gained"], at_least=0.0)


def _learned(
    out: Path, train: list[Sample], test: list[Sample], settings: TrainSettings
) -> tuple[Path, float]:
    folder = link(out / "data", train=train, val=test)
    weights = learn(folder, out / "run", settings)
    return weights, float(load_weights(weights)[1].metrics["val_miou"])


def _chosen(weights: Path, rest: list[Sample], known: list[Sample]) -> list[Sample]:
    predictor = Predictor.load(weights, uncertainty="mc", samples=SAMPLES)
    candidates = []
    for index, sample in enumerate(sorted(rest, key=lambda each: each.image.name)):
        image = read_image(sample.image)
        score = information(predictor, image)
        candidates.append(Candidate(sample.image.name, float(index), score, thumbnail(image)))
    by_name = {sample.image.name: sample for sample in rest}
    looks = [thumbnail(read_image(sample.image)) for sample in known]
    return [by_name[each.name] for each in select(candidates, FRAMES, looks)]
