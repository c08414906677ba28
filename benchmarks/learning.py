"""Training: what of the machine it uses, whether it waits for its data, and Lovasz's loss."""

from __future__ import annotations

import time
from itertools import islice

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.harness import Report, time_together
from benchmarks.reference import lovasz_by_sorting
from benchmarks.subjects import SIZE, drives, matrix_rates
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.training.loading import load_batches
from segnet_model.training.losses import lovasz
from segnet_model.training.preparation import TrainingData, weigh_classes
from segnet_model.training.processes import join_processes
from segnet_model.training.session import Session
from segnet_model.training.settings import TrainSettings

NETWORKS = ("segnet_basic", "enet")
BATCH = 4
BATCHES = 20  # that the loader alone is timed over
ROUNDS = 3
CLASSES = 11


def run(report: Report) -> None:
    """Time steps of the real loop, passes of the real engine, and the loader alone."""
    rates = matrix_rates(report.amount(7, 2))
    rows = [_measured(name, rates, report) for name in NETWORKS[-report.amount(len(NETWORKS), 1) :]]
    for row in rows:
        row["training / inference"] = row["share of the limit"] / row["inference's share"]
    report.table(f"{SIZE[0]}x{SIZE[1]}, batches of {BATCH}", rows)
    report.add(
        f"{rows[0]['network']}: training's share of the machine's limit over inference's",
        rows[0]["training / inference"], at_least=0.5,
    )  # fmt: skip
    for row in rows:
        ratio = row["loaded images/s"] / row["images/s"]
        report.add(f"{row['network']}: loading is so many times as fast", ratio, at_least=5.0)
    report.add("Lovasz's loss: counting over sorting pixels, times as fast", _lovasz_speedup())


def _measured(name: str, rates: dict[str, float], report: Report) -> dict[str, object]:
    settings = TrainSettings(network=name, input_size=SIZE, batch_size=BATCH)
    data = TrainingData.open(drives(report.quick), settings)
    rounds = report.amount(ROUNDS, 1)
    with join_processes("cpu", BATCH) as processes:
        training = Session(data, weigh_classes(data, lambda: None), processes)
        images, labels = next(training.batches())
        engine = TorchEngine(training.info.build(), training.info, "cpu")
        with torch.inference_mode():
            inference = time_together({"": lambda: engine.logits(images)}, rounds)[""]
        step = time_together({"": lambda: training.train_step(images, labels)}, rounds)[""]
        with FlopCounterMode(display=False) as forward:
            training.forward(training.network, images)
        with FlopCounterMode(display=False) as both:
            training.train_step(images, labels)
        precision = "float32" if training.half is None else "bfloat16"
        return {
            "network": name,
            "precision": precision,
            "images/s": BATCH / step,
            "loaded images/s": _loading_rate(training, report.amount(BATCHES, 3)),
            "share of the limit": both.get_total_flops() / step / rates[precision],
            "inference's share": forward.get_total_flops() / inference / rates[engine.precision],
        }


def _loading_rate(training: Session, batches: int) -> float:
    """Images a second that come with all their changes, where nobody learns from them."""
    keys = list(islice(training.data.plan.batches(0, training.data.steps), batches))
    began = time.perf_counter()
    for _ in load_batches(training.augmented, keys, training.settings.workers):
        pass
    return len(keys) * BATCH / (time.perf_counter() - began)


def _lovasz_speedup() -> float:
    """Of the loss and its gradient, for a batch of answers that are mostly right."""
    labels = torch.randint(0, CLASSES + 1, (BATCH, *SIZE))
    logits = torch.randn(BATCH, CLASSES, *SIZE) + 3 * (
        labels[:, None] == torch.arange(CLASSES)[:, None, None]
    )
    logits.requires_grad_()
    weights = torch.ones(CLASSES)
    times = time_together(
        {
            "sorting": lambda: lovasz_by_sorting(logits, labels, CLASSES).backward(),
            "counting": lambda: lovasz(logits, labels, weights, CLASSES).backward(),
        },
        ROUNDS,
    )
    return times["sorting"] / times["counting"]
