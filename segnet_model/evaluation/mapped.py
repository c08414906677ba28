"""Truth and predictions of different label sets, mapped to one, so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from segnet_model.datasets.folder import LabeledFolder
from segnet_model.evaluation.evaluate import check_classes
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelMap, LabelSet

COMMON = "outdoor"  # label set to which a map of each shipped one ships


class MappedPredictor(Predictor):
    """A predictor with its labels mapped; confidence and uncertainty stay those of its own classes.

    Attributes:
        label_map: from the classes of the network.
    """

    def __init__(self, predictor: Predictor, label_map: LabelMap) -> None:
        """Share the engine and the settings of a predictor.

        Args:
            predictor: answers in its own classes, as before.
            label_map: from these classes. Where it ignores one, its prediction is no class.
        """
        vars(self).update(vars(predictor))
        self._own = predictor  # alive as long as this one: a graph of it is known weakly
        self.label_map = label_map
        self.info = replace(predictor.info, labels=label_map.target)

    def predict_by_samples(
        self, image: np.ndarray, counts: Sequence[int]
    ) -> Iterator[tuple[int, Segmentation]]:
        """As `Predictor.predict_by_samples`, with mapped labels."""
        for count, found in self._own.predict_by_samples(image, counts):
            yield count, self._mapped(found)

    def _segment(self, *frames: Any) -> Segmentation:
        return self._mapped(super()._segment(*frames))

    def _mapped(self, found: Segmentation) -> Segmentation:
        return replace(found, labels=self.label_map.map(found.labels))


def mapped_truth(
    folder: LabeledFolder, labels: LabelSet, renamed: Mapping[str, str] | None = None
) -> LabeledFolder:
    """The folder, with its labels mapped to those of a network, or to others that both become.

    Where a map from the network's classes to the folder's ships, the folder stays as it is: its
    classes are coarser, as comma10k's. Where none ships between the two, both become `outdoor`.

    Args:
        folder: images and their truth.
        labels: label set of the network.
        renamed: class of the folder to class of the network, or "ignore"; comes first.

    Raises:
        SettingsError: a class of the folder has no meaning.
    """
    own, target = folder.label_set, labels
    if own.names != labels.names:
        if LabelMap.ships(labels.name, own.name):
            target = own
        elif not LabelMap.ships(own.name, labels.name) and all(
            LabelMap.ships(each.name, COMMON) for each in (own, labels)
        ):
            target = LabelSet.load(COMMON)
    return folder.mapped_to(target, renamed)


def mapped_predictor(predictor: Predictor, target: LabelSet) -> Predictor:
    """The predictor, with its labels mapped to a label set if they are of another.

    Raises:
        SettingsError: no such map ships.
    """
    known = predictor.info.labels
    if known.names != target.names and LabelMap.ships(known.name, target.name):
        return MappedPredictor(predictor, LabelMap.between(known, target))
    check_classes(known, target)
    return predictor
