"""Settings that a training chooses by itself, and advice about too few images or steps."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.choices import DEFAULT_NETWORK
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.evaluation.caveats import counted, few_images
from segnet_model.training.loading import BatchPlan
from segnet_model.training.settings import (
    CHOSEN,
    EPOCHS,
    EVALUATE_EVERY,
    SCRATCH,
    STEPS,
    TrainSettings,
)
from segnet_model.weights.checkpoint import read_info
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights, shipped_names

if TYPE_CHECKING:
    from segnet_model.training.preparation import TrainingData

logger = logging.getLogger(__name__)
FEW_IMAGES = 20  # fewer are learned by heart
EVALUATIONS = 6  # in the epochs of few images
FREE_LICENSES = ("Apache-2.0",)  # of weights whose license lets users choose that of theirs


def decided(settings: TrainSettings, images: int) -> TrainSettings:
    """The settings of a training with init, epochs and evaluate_every chosen where they are open.

    Args:
        settings: as they were given.
        images: to train on.

    Returns:
        Settings whose `init` is None where the training starts from random weights.
    """
    epochs, every = settings.epochs, settings.evaluate_every
    if epochs == CHOSEN:
        steps = BatchPlan(images, settings.batch_size, settings.seed).steps_per_epoch
        epochs = max(EPOCHS, -(-STEPS // steps))
        if every == CHOSEN and not settings.patience:
            every = max(EVALUATE_EVERY, epochs // EVALUATIONS)
    init = None if settings.init == SCRATCH else settings.init or shipped_start(settings)
    every = EVALUATE_EVERY if every == CHOSEN else every
    return replace(settings, init=init, epochs=epochs, evaluate_every=every)


def shipped_start(settings: TrainSettings) -> str | None:
    """Name of the shipped weights to start from; None where none are of the same network.

    Weights for research only are never chosen: their license would pass to the trained ones.
    """
    if settings.encoder:
        return None
    if settings.network is None and not settings.network_settings:
        return DEFAULT_WEIGHTS
    network = settings.network or DEFAULT_NETWORK
    for name, info in _free_weights():
        made = {**info.network_settings, **settings.network_settings}
        if info.network == network and made == info.network_settings:
            return name
    return None


def _free_weights() -> Iterator[tuple[str, ModelInfo]]:
    """Shipped weights that may start any training, the default first."""
    for name in sorted(shipped_names(), key=lambda each: (each != DEFAULT_WEIGHTS, each)):
        info = read_info(find_weights(name))
        if info.license in FREE_LICENSES:
            yield name, info


def log_start(settings: TrainSettings) -> None:
    """Log the weights that a training starts from, and how to choose others."""
    if settings.init is None and settings.encoder is None:
        logger.info("starting from random weights")
    elif settings.init in shipped_names():
        license = read_info(find_weights(settings.init)).license
        logger.info(
            "starting from %s, which ships (%s); init none starts from random weights",
            settings.init, license,
        )  # fmt: skip


def log_advice(data: TrainingData, dataset: Path) -> None:
    """Warn of data with which a training cannot learn, or cannot show that it did."""
    images, settings = len(data.folder), data.settings
    if images < FEW_IMAGES:
        logger.warning(
            "only %s to learn from: the network will know them by heart, and little else; label %d "
            "or more (segnet select finds those worth it)",
            counted(images, "image"), FEW_IMAGES,
        )  # fmt: skip
    if data.steps < STEPS:
        logger.warning(
            "%s of %s: only %s, and fewer than %d teach little; give epochs %d, or leave epochs "
            "away",
            counted(settings.epochs, "epoch"), counted(images, "image"),
            counted(data.steps, "step"), STEPS,
            -(-STEPS // data.plan.steps_per_epoch),
        )  # fmt: skip
    if data.val is None:
        logger.warning(
            "no %s: nothing shows how good the network is, and its confidence is not calibrated; "
            "move some images and their labels to val/ and valannot/, from other drives",
            dataset / "val",
        )  # fmt: skip
    elif caveat := few_images(len(data.val)):
        logger.warning("val: %s", caveat)
