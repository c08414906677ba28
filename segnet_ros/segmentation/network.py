"""A network that is loaded, warm and ready for frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import torch

from segnet_model.base.errors import WeightsError
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import file_sha256

ALL_CORES = torch.get_num_threads()  # before anyone changes it
DIGITS = 12  # of a digest, enough for people to tell files apart


@dataclass(frozen=True)
class Network:
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
            "sha256": self.sha256[:DIGITS],
        }

    @classmethod
    def load(cls, weights: str, drivable_classes: tuple[str, ...] = (), **how: Any) -> Network:
        """Read a weights file and let its network run once.

        Args:
            weights: path of the file, or the name of a shipped one.
            drivable_classes: names; none takes those that the weights name.
            how: further arguments of `Predictor.load`.

        Raises:
            WeightsError: the file is not usable weights, or was replaced while it was read.
            SettingsError: no such device, precision, class and so on.
            ImageError: the network's answer is not finite.
        """
        path = find_weights(weights)
        version = _version(path)
        predictor = Predictor.load(path, **how)
        sha256 = file_sha256(path)
        if _version(path) != version:
            raise WeightsError(f"weights {path}: the file changed while it was read; load it again")
        return cls(predictor, predictor.info.labels, path, sha256).driving_on(drivable_classes)

    def driving_on(self, classes: tuple[str, ...]) -> Network:
        """The same network with other drivable classes; none takes those that the weights name.

        Raises:
            SettingsError: the weights have no such class.
        """
        labels = self.predictor.info.labels
        return replace(self, labels=labels.with_drivable(classes) if classes else labels)


def _version(path: Path) -> tuple[int, ...]:
    """Another one after a file was written or replaced; empty where there is none."""
    if not path.is_file():
        return ()
    about = path.stat()
    return about.st_ino, about.st_mtime_ns, about.st_size


def use_threads(threads: int) -> None:
    """Let the network and the image operations use so many cores; 0 is all."""
    torch.set_num_threads(threads or ALL_CORES)
    cv2.setNumThreads(threads or -1)
