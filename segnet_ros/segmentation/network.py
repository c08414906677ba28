"""A network that is loaded, warm and ready for frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from segnet_model.base.class_costs import read_costs
from segnet_model.base.errors import WeightsError
from segnet_model.base.tables import IDS_ALONE, OF_WEIGHTS
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.bounds import Bound, max_uncertainty
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import file_sha256

DIGITS = 12  # of a digest, enough to recognize a file


@dataclass(frozen=True)
class Network:
    """A loaded network with its labels and its weights file.

    Attributes:
        predictor: the network.
        labels: the weights' label set, with the drivable classes of the node.
        path: the weights file.
        sha256: its digest, in lower-case hexadecimal.
    """

    predictor: Predictor
    labels: LabelSet
    path: Path
    sha256: str

    @property
    def facts(self) -> dict[str, str]:
        """The network, its engine, device, precision and weights, for the log."""
        return {
            "network": self.predictor.info.network,
            "engine": self.predictor.engine.name,
            "device": str(self.predictor.device),
            "precision": self.predictor.precision,
            "weights": str(self.path),
            "sha256": self.sha256[:DIGITS],
        }

    @property
    def promise(self) -> Bound | None:
        """The weights' bound for this uncertainty; None where they have none for these classes."""
        return self.predictor.promise_of(self.labels)

    @property
    def bound(self) -> float:
        """The highest uncertainty of a drivable pixel, unless a parameter has one."""
        return max_uncertainty(self.promise)

    def undrivable_reason(self, parameter: float) -> str:
        """Why nothing is drivable with this parameter max_uncertainty; empty where something is."""
        if not self.predictor.info.answers_ids or parameter == 1:
            return ""
        return IDS_ALONE

    def describe_bound(self, parameter: float) -> str:
        """The bound of the uncertainty and its reason, for the log.

        Args:
            parameter: max_uncertainty.
        """
        if self.predictor.info.answers_ids:
            alone = "max_uncertainty 1: the network answers ids alone, and its classes decide"
            return self.undrivable_reason(parameter) or alone
        if parameter != OF_WEIGHTS:
            return f"max_uncertainty {parameter:g}, as the parameter says"
        chosen = f"max_uncertainty {self.bound:.3g}"
        if self.promise is not None:
            return f"{chosen} of the weights: {self.promise}"
        if self.predictor.promise is not None:
            return f"{chosen}: the bound of the weights is for other drivable classes"
        return f"{chosen}: the weights have no bound; segnet calibrate fits one"

    @property
    def place_note(self) -> str:
        """Why strange places are not found, for the log; empty where they are."""
        if self.predictor.info.place is not None:
            return ""
        return (
            f"{self.path.name} has no place score, so places unlike its training are not found; "
            "segnet calibrate fits one, and segnet export takes it along"
        )

    @classmethod
    def load(
        cls,
        weights: str,
        drivable_classes: tuple[str, ...] = (),
        class_costs: tuple[str, ...] = (),
        **how: Any,
    ) -> Network:
        """Load a network and run it once.

        Args:
            weights: path of the file, or name of shipped weights.
            drivable_classes: names; empty for those of the weights.
            class_costs: texts as of `read_costs`.
            how: further arguments of `Predictor.load`.

        Raises:
            WeightsError: the file is not usable, or was replaced while it was read.
            SettingsError: no such device, precision, class and so on.
            ImageError: the network's answer is not finite.
        """
        path = find_weights(weights)
        version = _file_version(path)
        predictor = Predictor.load(path, **how)
        sha256 = file_sha256(path)
        if _file_version(path) != version:
            raise WeightsError(f"weights {path}: the file changed while it was read; load it again")
        network = cls(predictor, predictor.info.labels, path, sha256)
        return network.with_drivable(drivable_classes, class_costs)

    def with_drivable(self, names: tuple[str, ...], costs: tuple[str, ...] = ()) -> Network:
        """The same network with other drivable classes and costs, as of `load`.

        Raises:
            SettingsError: the weights have no such class, or names and costs contradict each other.
        """
        labels = self.predictor.info.labels.with_costs(read_costs(costs), names or None)
        return replace(self, labels=labels)


def _file_version(path: Path) -> tuple[int, ...]:
    """A value that changes when a file is written or replaced; empty where there is none."""
    if not path.is_file():
        return ()
    about = path.stat()
    return about.st_ino, about.st_mtime_ns, about.st_size
