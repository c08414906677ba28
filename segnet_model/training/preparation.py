"""Preparation of a training: its data, class weights and initial network."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.base.choices import DEFAULT_NETWORK
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.limits import check_input_size
from segnet_model.datasets.folder import LabeledFolder, has_split, load_label_set, open_split
from segnet_model.labels import LabelSet
from segnet_model.networks import check_network
from segnet_model.networks.inputs import network_size
from segnet_model.training.class_weights import WEIGHTINGS, ClassCounts, count_classes
from segnet_model.training.defaults import decided
from segnet_model.training.keeping import UnlabeledFolder, known_classes
from segnet_model.training.loading import BatchPlan
from segnet_model.training.origins import digest_of
from segnet_model.training.settings import TrainSettings
from segnet_model.training.transfer import transfer_weights
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.encoders import load_encoder
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingData:
    """Images to train and to evaluate on, and their order."""

    path: Path
    folder: LabeledFolder
    val: LabeledFolder | None
    plan: BatchPlan
    settings: TrainSettings  # as given, with what they leave open decided
    kept: UnlabeledFolder | None = None

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.plan.steps_per_epoch * self.settings.epochs

    @classmethod
    def open(cls, dataset: Path, settings: TrainSettings) -> TrainingData:
        """Open a data set.

        Raises:
            DatasetError: files are missing or cannot be read.
            SettingsError: the settings stop early on val, and there is none; the labels cannot
                be mapped; no class is drivable, which unlabeled pixels need; there is no such
                network; or the weights to start from have no answers to keep.
            WeightsError: there are no such weights to start from.
        """
        label_set = load_label_set(dataset, settings.labels)
        target = LabelSet.load(settings.map_to) if settings.map_to else label_set
        folder = open_split(dataset, "train", label_set).mapped_to(target, settings.class_map)
        val = None
        if has_split(dataset, "val"):
            val = open_split(dataset, "val", label_set).mapped_to(target, settings.class_map)
        if val is None and settings.patience:
            raise SettingsError(
                f"patience {settings.patience} needs images to measure on, and {dataset} has no "
                "val/; add it, or give patience 0"
            )
        if settings.unlabeled and not target.drivable.any():
            raise SettingsError(
                f"unlabeled {settings.unlabeled} needs drivable classes, and label set "
                f"{target.name!r} has none; give one drivable: true, or leave unlabeled out"
            )
        plan = BatchPlan(len(folder), settings.batch_size, settings.seed)
        settings = decided(settings, len(folder))
        # Before the classes are counted, which takes long.
        if settings.network:
            check_network(settings.network)
        if settings.init:
            find_weights(settings.init)
        kept = None
        if settings.keep:
            kept = UnlabeledFolder.open(Path(settings.keep), target)
            known_classes(settings, target)
        return cls(dataset, folder, val, plan, settings, kept)

    def origins(self) -> dict[str, str]:
        """Digests of the weights and images that the training begins with, by option."""
        found = {"init": digest_of(self.settings.init)} if self.settings.init else {}
        return {**found, "keep": self.kept.fingerprint()} if self.kept else found

    @property
    def name(self) -> str:
        """Name of the data set."""
        return self.path.resolve().name


def weigh_classes(data: TrainingData, on_image: Callable[[], object]) -> Tensor:
    """Weight of each class in the loss, (classes,) float32; 0 where it never occurs in train.

    Raises:
        DatasetError: no pixel of train, or none of val, is labeled.
    """
    if data.val is not None:
        _count(data.val, on_image, "label some, or move val/ away")
    logger.info("counting the classes of %d images", len(data.folder))
    counts = _count(data.folder, on_image, "label some")
    for name in counts.missing:
        logger.warning("class %r never occurs in train, so it cannot be learned", name)
    if (counts.pixels > 0).sum() == 1 < len(counts.pixels):
        logger.warning(
            "one class alone is labeled in train, so the network learns to call everything that; "
            "label what is beside it too. Masks of 0 and 255 have to be imported, with --map "
            "255=CLASS"
        )
    weights = WEIGHTINGS[data.settings.weighting](counts) ** data.settings.balance
    return torch.from_numpy(weights * (counts.pixels > 0)).float()


def _count(folder: LabeledFolder, on_image: Callable[[], object], mend: str) -> ClassCounts:
    counts = count_classes(folder, lambda index: on_image())
    if not counts.pixels.any():
        raise DatasetError(f"no pixel of {folder.samples[0].labels.parent} is labeled; {mend}")
    return counts


def initial_network(
    settings: TrainSettings, folder: LabeledFolder, name: str
) -> tuple[nn.Module, ModelInfo]:
    """Make the network to train, with the weights of `settings.init` that fit.

    Args:
        settings: how to train, as `decided` leaves them; without init, from random weights.
        folder: images to train on.
        name: of the data set, for the weights file.

    Raises:
        SettingsError: the network cannot be made, is too large, or does not fit `settings.init`.
        WeightsError: a file to start from cannot be read.
    """
    trusted = {settings.network} if settings.network else set()  # named by the user
    source, given = (
        load_weights(find_weights(settings.init), trusted) if settings.init else (None, None)
    )
    same = given is not None and settings.network in (None, given.network)
    info = ModelInfo(
        settings.network or (given.network if given else DEFAULT_NETWORK),
        folder.label_set,
        settings.input_size or (given.input_size if given else _half_size(folder)),
        {**(given.network_settings if given and same else {}), **settings.network_settings},
        activation=settings.activation,
        license=settings.license,
        training={"dataset": name, "images": len(folder), **_public(settings)},
    )
    check_input_size(info.input_size)
    _check_crop(settings, info.input_size)
    network = info.build(trusted)
    if settings.encoder:
        load_encoder(network, settings.encoder)
    if source is not None and given is not None:
        transfer_weights(source, given, network, info)
    return network, info


def _half_size(folder: LabeledFolder) -> tuple[int, int]:
    height, width = folder.read(0)[1].shape
    return network_size((height, width), (height // 2, width // 2))


def _check_crop(settings: TrainSettings, size: tuple[int, int]) -> None:
    """Refuse crops larger than any scaled image of (height, width)."""
    crop, most = settings.crop_size, settings.augment.scale_max
    if crop and any(c > s * most for c, s in zip(crop, size, strict=True)):
        raise SettingsError(
            f"crop_size {crop} is larger than any image at input_size {size}; lower it"
        )


def _public(settings: TrainSettings) -> dict[str, Any]:
    """Settings for the weights file, with file names instead of paths, which are private."""
    names = {
        key: Path(value).name
        for key in ("encoder", "init", "keep", "labels", "map_to")
        if (value := getattr(settings, key))
    }
    return {k: v for k, v in {**settings.shaping(), **names}.items() if v not in (None, {})}
