"""A network that is loaded, warm and ready for frames."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch

from segnet_model.labels import LabelSet
from segnet_model.predictor import Predictor, find_weights

ALL_CORES = torch.get_num_threads()  # before anyone changes it


@dataclass(frozen=True)
class Engine:
    """A network and what the node needs to know of it.

    Attributes:
        predictor: the network.
        labels: the weights' label set, with the drivable classes that the node was told.
        path: the weights file.
        sha256: its digest, in lower-case hexadecimal.
    """

    predictor: Predictor
    labels: LabelSet
    path: Path
    sha256: str

    @property
    def facts(self) -> dict[str, str]:
        """What runs and where, for people."""
        return {
            "network": self.predictor.info.network,
            "engine": self.predictor.engine.name,
            "device": str(self.predictor.device),
            "precision": self.predictor.precision,
            "weights": str(self.path),
        }

    @classmethod
    def load(cls, weights: str, drivable_classes: tuple[str, ...] = (), **how: Any) -> Engine:
        """Read a weights file and let its network run once.

        Args:
            weights: path of the file, or the name of a shipped one.
            drivable_classes: names; none takes those that the weights name.
            how: further arguments of `Predictor.load`.

        Raises:
            WeightsError: the file is not usable weights.
            SettingsError: no such device, precision, class and so on.
            ImageError: the network's answer is not finite.
        """
        path = find_weights(weights)
        predictor = Predictor.load(path, **how)
        labels = predictor.info.labels
        if drivable_classes:
            labels = labels.with_drivable(drivable_classes)
        return cls(predictor, labels, path, hashlib.sha256(path.read_bytes()).hexdigest())


def use_threads(threads: int) -> None:
    """Let the network and the image operations use so many cores; 0 is all."""
    torch.set_num_threads(threads or ALL_CORES)
    cv2.setNumThreads(threads or -1)
