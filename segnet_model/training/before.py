"""What can be found before the first step, rather than after epochs of training."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.folder import LabelledFolder
from segnet_model.training.class_weights import WEIGHTINGS, ClassCounts
from segnet_model.training.settings import TrainSettings

logger = logging.getLogger(__name__)
Count = Callable[[LabelledFolder], ClassCounts]


def check_val(
    val: LabelledFolder | None, settings: TrainSettings, dataset: Path, count: Count
) -> None:
    """Refuse validation images that cannot measure anything.

    Raises:
        SettingsError: there are none, and the settings wait for them to become better.
        DatasetError: none of their pixels is labelled.
    """
    if val is None:
        if settings.patience:
            raise SettingsError(
                f"patience {settings.patience} needs images to measure on, and {dataset} has no "
                "val/; add it, or give patience 0"
            )
    else:
        _check_any(count(val), val, "label some, or move val/ away")


def check_crop(settings: TrainSettings, size: tuple[int, int]) -> None:
    """Refuse crops that are larger than any image of a (height, width) can become.

    Raises:
        SettingsError: they are.
    """
    crop, most = settings.crop_size, settings.augment.scale_max
    if crop and any(c > s * most for c, s in zip(crop, size, strict=True)):
        raise SettingsError(
            f"crop_size {crop} is larger than any image at input_size {size}; lower it"
        )


def weigh_classes(folder: LabelledFolder, settings: TrainSettings, count: Count) -> Tensor:
    """How much each class counts in the loss: (classes,) float32; 0 where one never occurs.

    Raises:
        DatasetError: none of the pixels is labelled, so that nothing can be learned.
    """
    logger.info("counting the classes of %d images", len(folder))
    counts = count(folder)
    _check_any(counts, folder, "label some")
    for name in counts.missing:
        logger.warning("class %r never occurs in train, so it cannot be learned", name)
    weights = WEIGHTINGS[settings.weighting](counts) ** settings.balance
    return torch.from_numpy(weights * (counts.pixels > 0)).float()


def _check_any(counts: ClassCounts, folder: LabelledFolder, mend: str) -> None:
    if not counts.pixels.any():
        raise DatasetError(f"no pixel of {folder.samples[0].labels.parent} is labelled; {mend}")
