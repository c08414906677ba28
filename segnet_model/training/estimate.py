"""Estimate of the time that a training takes, before its first step."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from copy import deepcopy
from typing import TypeVar

import torch

from segnet_model.evaluation.caveats import counted
from segnet_model.training.loading import load_batches
from segnet_model.training.session import Session

T = TypeVar("T")

logger = logging.getLogger(__name__)
WORTH_A_TRIAL = 50  # steps; fewer are done before a trial is worth its time
FORWARD = 1 / 3  # share of a step that an evaluation of as many images takes
UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def log_plan(session: Session) -> None:
    """Log the remaining steps, and the time that they will take."""
    data, settings = session.data, session.settings
    steps = data.steps - session.step
    if steps <= 0 or not session.processes.first:
        return
    parts = [(steps, "step"), (settings.batch_size, "image"), (settings.epochs, "epoch")]
    plan = "{} of {}, {} in all".format(*(counted(*part) for part in parts))
    if steps < WORTH_A_TRIAL or not session.processes.alone:
        logger.info("%s, on %s", plan, session.processes.device)
        return
    seconds = estimate(session, steps)
    logger.info("%s: %s on %s", plan, rough(seconds), session.processes.device)


def estimate(session: Session, steps: int) -> float:
    """Seconds of the next steps and their evaluations, by a step on a copy of the network."""
    keys = next(session.data.plan.batches(session.step, session.data.steps))
    loading, (images, labels) = _timed(
        lambda: next(load_batches(session.augmented, [keys], session.settings.workers))
    )
    network = deepcopy(session.supervised).train()

    def step() -> None:
        with torch.random.fork_rng(devices=[]):
            outputs = session.forward(network, images)
            truth = labels.to(session.processes.device).long()
            session.loss(outputs, truth).backward()
            if session.processes.device.type == "cuda":
                torch.cuda.synchronize(session.processes.device)

    step()  # the first one is slower
    computing, _ = _timed(step)
    statistics = min(session.settings.statistics_images, len(session.data.folder))
    measured = statistics + len(session.data.val or ())
    period = session.data.plan.steps_per_epoch * session.settings.evaluate_every
    evaluations = -(-steps // period) * measured / session.settings.batch_size
    return steps * max(computing, loading) + evaluations * computing * FORWARD


def rough(seconds: float) -> str:
    """A duration in words: "about 3 hours"; what is estimated has no more digits."""
    for unit, length in UNITS:
        if seconds >= 1.5 * length:
            return f"about {round(seconds / length)} {unit}s"
    return "about a minute" if seconds >= 30 else "less than a minute"


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result
