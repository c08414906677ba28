"""Truth and predictions of different label sets, mapped to one, so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import SettingsError
from segnet_model.base.near import near
from segnet_model.datasets.folder import LabeledFolder
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
        self.label_map = label_map
        self.info = replace(predictor.info, labels=label_map.target)

    def predict_by_samples(
        self, image: np.ndarray, counts: Sequence[int]
    ) -> Iterator[tuple[int, Segmentation]]:
        """As `Predictor.predict_by_samples`, with mapped labels."""
        for count, found in super().predict_by_samples(image, counts):
            yield count, self._mapped(found)

    def _segment(self, *frames: Any) -> Segmentation:
        return self._mapped(super()._segment(*frames))

    def _mapped(self, found: Segmentation) -> Segmentation:
        return replace(found, labels=self.label_map.map(found.labels))


def mapped_truth(
    folder: LabeledFolder, labels: LabelSet, renamed: Mapping[str, str] | None = None
) -> LabeledFolder:
    """The folder, with its labels mapped to those of a network, or to others that both become.

    Where a map from the network's classes to the folder's ships, or `renamed` is one, the folder
    stays as it is: its classes are coarser, as comma10k's. Where none ships between the two, both
    become `outdoor`.

    Args:
        folder: images and their truth.
        labels: label set of the network.
        renamed: class of the folder to class of the network, or "ignore"; comes first. Or class
            of the network to class of the folder. Names of other label sets are passed over.

    Raises:
        SettingsError: a class of the folder has no meaning.
    """
    own = folder.label_set
    target = _common(own, labels, renamed or {})
    pairs = _of(own, renamed)
    try:
        return folder.mapped_to(target, pairs)
    except SettingsError as error:
        if target.names != labels.names or pairs:
            raise
        raise SettingsError(
            f"{error}. Where the data set's classes are the coarser ones, map the network's to "
            f"them instead: --map '{labels.names[0]}={own.names[0]}'"
        ) from None


def _common(own: LabelSet, labels: LabelSet, renamed: Mapping[str, str]) -> LabelSet:
    """The label set in which a network's answers and a folder's truth are compared."""
    if own.names == labels.names:
        return labels
    if LabelMap.ships(labels.name, own.name) or _is_map(renamed, labels, own):
        return own
    if not LabelMap.ships(own.name, labels.name) and all(
        LabelMap.ships(each.name, COMMON) for each in (own, labels)
    ):
        return LabelSet.load(COMMON)
    return labels


def _is_map(renamed: Mapping[str, str], source: LabelSet, target: LabelSet) -> bool:
    """Whether the pairs map one label set to another, and not also the other way round."""

    def maps(one: LabelSet, other: LabelSet) -> bool:
        meanings = {*renamed.values()} - {IGNORE}
        known = [name for name in renamed if name in one.names]
        return bool(known) and meanings <= {*other.names}

    return maps(source, target) and not maps(target, source)


def _of(labels: LabelSet, renamed: Mapping[str, str] | None) -> dict[str, str]:
    """The pairs for the classes of a label set."""
    return {name: each for name, each in (renamed or {}).items() if name in labels.names}


def mapped_predictor(
    predictor: Predictor, folder: LabeledFolder, renamed: Mapping[str, str] | None = None
) -> Predictor:
    """The predictor, with its labels mapped to those of a folder if they are of another label set.

    Args:
        predictor: answers in its own classes.
        folder: from `mapped_truth`. Classes of its files mean the same in an answer.
        renamed: class of the network to class of the folder, or "ignore", which is never right;
            comes first. Names of other label sets are passed over.

    Raises:
        SettingsError: a class of the network has no meaning in the folder.
    """
    known, target = predictor.info.labels, folder.label_set
    if known.names == target.names:
        return predictor
    if folder.label_map and folder.label_map.source.names == known.names:
        return MappedPredictor(predictor, folder.label_map)
    return MappedPredictor(predictor, LabelMap.between(known, target, _of(known, renamed)))


def check_map(renamed: Mapping[str, str], label_sets: Sequence[LabelSet]) -> None:
    """Raise SettingsError where a name is a class of none of the label sets."""
    for name in renamed:
        if not any(name in each.names for each in label_sets):
            known = "; ".join(f"{each.name} has {', '.join(each.names)}" for each in label_sets)
            question = near(name, [one for each in label_sets for one in each.names])
            raise SettingsError(
                f"--map {name}={renamed[name]}: no class is called {name}{question}; {known}"
            )


def check_used(renamed: Mapping[str, str], mapped: Sequence[LabelSet]) -> None:
    """Raise SettingsError where a pair is for none of the label sets that are mapped."""
    for name, meaning in renamed.items():
        if not any(name in each.names for each in mapped):
            raise SettingsError(
                f"--map {name}={meaning} changes nothing: the network that answers {name} is "
                "measured in its own classes; leave it away, or map a class of the data set"
            )
