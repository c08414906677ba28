"""Keeping what a network knows: on some images it goes on answering as it did at the start.

Li and Hoiem, "Learning without Forgetting", PAMI 2018, equations 1 and 2, at temperature 1: the
answers of the network at the start are the targets, here on images of what it shall not forget.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from segnet_model.base.errors import DatasetError, SettingsError, cause
from segnet_model.datasets.folder import has_split, split_images
from segnet_model.images.files import ODD, list_images, read_image
from segnet_model.labels import LabelSet
from segnet_model.networks.outputs import class_logits
from segnet_model.training.loading import AugmentedFolder, BatchPlan, Key, load_batches
from segnet_model.training.settings import TrainSettings
from segnet_model.weights.checkpoint import read_info
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights


@dataclass(frozen=True)
class UnlabeledFolder:
    """Images without labels, read as a `LabeledFolder` reads those with labels."""

    images: tuple[Path, ...]
    label_set: LabelSet

    @classmethod
    def open(cls, path: Path, label_set: LabelSet) -> UnlabeledFolder:
        """List the images of a folder, or of the train split of a data set.

        Raises:
            DatasetError: there are none.
        """
        listed = path.is_dir() and (
            split_images(path, "train") if has_split(path, "train") else list_images(path)
        )
        if not listed:
            raise DatasetError(f"{path} holds no images to keep; give a folder of images")
        return cls(tuple(listed), label_set)

    def fingerprint(self) -> str:
        """Digest of image names and sizes; DatasetError where one is a link to nothing."""
        try:
            listed = "".join(f"{each.name} {each.stat().st_size} " for each in self.images)
        except OSError as error:
            raise DatasetError(f"{cause(error.filename, error)}; remove it") from None
        return hashlib.sha256(listed.encode(errors=ODD)).hexdigest()

    def __len__(self) -> int:
        """Number of images."""
        return len(self.images)

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Image (H, W, 3) uint8 RGB, and labels (H, W) uint8 of which all are ignored."""
        image = read_image(self.images[index])
        return image, np.full(image.shape[:2], self.label_set.ignore_id, np.uint8)


class Keeping:
    """The network of the start, and the images on which its answers are kept.

    Attributes:
        start: the network before the first step; it never changes.
    """

    def __init__(
        self, folder: UnlabeledFolder, settings: TrainSettings, network: nn.Module, info: ModelInfo
    ) -> None:
        """Copy the network.

        Args:
            folder: images on which its answers are kept.
            settings: with `keep`, as `decided` leaves them.
            network: on its device, with the weights of `settings.init`.
            info: metadata of the network.

        Raises:
            SettingsError: see `known_classes`.
        """
        self._known = torch.tensor(known_classes(settings, info.labels))
        self._settings, self._activation = settings, info.activation
        self._plan = BatchPlan(len(folder), settings.batch_size, settings.seed)
        self._augmented = AugmentedFolder(
            folder, info.input_size, settings.augment, settings.seed, settings.crop_size
        )
        self.start = deepcopy(network).eval().requires_grad_(False)

    def batches(self, keys: Iterator[Sequence[Key]]) -> Iterator[Tensor]:
        """Load images (N, h, w, 3) uint8 RGB, by the keys of each batch."""
        batches = load_batches(self._augmented, keys, self._settings.workers)
        return (images for images, _ in batches)

    def keys(self, first: int, end: int) -> Iterator[list[Key]]:
        """Keys of the images in the batches of steps first to end - 1."""
        return self._plan.batches(first, end)

    def loss(self, raw: Tensor, at_start: Tensor) -> Tensor:
        """How far the answers have moved: a scalar, float32, 0 where they are the same.

        The mean over the pixels of the Kullback-Leibler divergence of the probabilities from those
        at the start, among the classes that it knew, times `keep_weight`.

        Args:
            raw: output of the network, (N, C, h, w).
            at_start: output of `start` for the same images.
        """
        now, before = (
            class_logits(each, self._activation)[:, self._known].float().log_softmax(1)
            for each in (raw, at_start)
        )
        divergence = F.kl_div(now, before, log_target=True, reduction="none").sum(1)
        return self._settings.keep_weight * divergence.mean()


def known_classes(settings: TrainSettings, labels: LabelSet) -> list[int]:
    """Ids of the classes to train that the weights to start from know.

    Raises:
        SettingsError: the training starts from random weights, or from none of its classes.
    """
    if settings.init is None:
        raise SettingsError(
            "keep keeps what weights know, and this training starts from random ones; give init, "
            "or leave keep out"
        )
    before = {name.casefold() for name in read_info(find_weights(settings.init)).labels.names}
    known = [id_ for id_, name in enumerate(labels.names) if name.casefold() in before]
    if len(known) < 2:
        raise SettingsError(
            f"{settings.init} knows {len(known)} of the classes to train, so there is no answer to "
            "keep; leave keep out, or map the classes with map_to"
        )
    return known
