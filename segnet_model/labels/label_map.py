"""Maps between label sets: the class of one set for each class of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

import cv2
import numpy as np

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.documents import kind_of, load_yaml, named_value, plain_text
from segnet_model.base.errors import SettingsError
from segnet_model.base.near import near
from segnet_model.labels.label_set import LabelSet

_MAPS = resources.files("segnet_model") / "label_sets" / "maps"


@dataclass(frozen=True)
class LabelMap:
    """A map from the ids of one label set to those of another.

    Attributes:
        source: label set of the ids that are mapped.
        target: label set that they become.
        classes: class of the source to class of the target, or "ignore". Classes that are not in
            it, and the source's ignored id, become the target's ignored id.
        origin: where the table comes from.

    Example:
        >>> scenes = LabelMap.load("scenes", "outdoor")
        >>> lawn = scenes.source.names.index("Grass")
        >>> scenes.target.names[scenes.lookup[lawn]]
        'Grass'
    """

    source: LabelSet
    target: LabelSet
    classes: Mapping[str, str]
    origin: str = ""

    def __post_init__(self) -> None:
        for labels, named in ((self.source, self.classes), (self.target, self.classes.values())):
            strange = sorted(set(named) - {*labels.names, IGNORE})
            if strange:
                raise SettingsError(
                    f"label set {labels.name!r} has no class {strange}"
                    f"{near(strange[0], labels.names)}; it has {', '.join(labels.names)}"
                )

    @cached_property
    def lookup(self) -> np.ndarray:
        """Id in the target of each id of the source: (256,) uint8."""
        lookup = np.full(256, self.target.ignore_id, np.uint8)
        for name, meaning in self.classes.items():
            if meaning != IGNORE:
                lookup[self.source.names.index(name)] = self.target.names.index(meaning)
        return lookup

    @cached_property
    def reached(self) -> np.ndarray:
        """Whether a class of the source becomes each class of the target: (classes,) bool."""
        return np.array([name in self.classes.values() for name in self.target.names])

    def map(self, labels: np.ndarray) -> np.ndarray:
        """Map labels (..., H, W) uint8 of the source to uint8 labels of the target."""
        plane = labels.reshape(labels.shape[0], -1)  # OpenCV takes a third axis for colors
        return np.asarray(cv2.LUT(plane, self.lookup), np.uint8).reshape(labels.shape)

    @classmethod
    def load(cls, source: str, target: str) -> LabelMap:
        """Load the shipped map between two shipped label sets.

        Raises:
            SettingsError: there is no such label set or no such map.
        """
        sets = LabelSet.load(source), LabelSet.load(target)
        return cls(*sets, *_read(source, target))

    @staticmethod
    def ships(source: str, target: str) -> bool:
        """Whether a map between these two label sets ships."""
        return f"{source}_to_{target}.yaml" in (file.name for file in _MAPS.iterdir())

    @classmethod
    def between(
        cls, source: LabelSet, target: LabelSet, renamed: Mapping[str, str] | None = None
    ) -> LabelMap:
        """Map one label set to another, by the shipped map of their names where there is one.

        Args:
            source: label set of the ids to map.
            target: label set that they become.
            renamed: class of the source to class of the target, or "ignore"; comes first. What is
                neither there nor in the shipped map keeps its name.

        Raises:
            SettingsError: a class of the source has no meaning, or there is no such class.
        """
        usual, origin = usual_meanings(source, target)
        meanings = {**usual, **(renamed or {})}
        missing = [name for name in source.names if name not in meanings]
        if missing:
            mends = " ".join(f"--map '{name}=CLASS'" for name in missing)
            raise SettingsError(
                f"{missing} of label set {source.name!r} are no classes of {target.name!r}: "
                f"{', '.join(target.names)}; say what they mean with {mends}, where CLASS is one "
                f"of these or {IGNORE}"
            )
        kept = {*source.names, *(renamed or {})}
        classes = {name: each for name, each in meanings.items() if name in kept}
        return cls(source, target, classes, origin)


def usual_meanings(source: LabelSet, target: LabelSet) -> tuple[dict[str, str], str]:
    """Class of the target for names of the source, of the shipped map or of equal names.

    Returns:
        The table, in which classes of the source may be missing, and its origin.
    """
    small = {name.lower(): name for name in target.names}
    same = {name: small[name.lower()] for name in source.names if name.lower() in small}
    same.update((name, name) for name in target.names)
    if not LabelMap.ships(source.name, target.name):
        return same, "equal names"
    shipped, origin = _read(source.name, target.name)
    return {**same, **shipped}, origin


def _read(source: str, target: str) -> tuple[dict[str, str], str]:
    """Read the table of a shipped map, and its origin."""
    try:
        values = load_yaml(_MAPS / f"{source}_to_{target}.yaml")
        classes = named_value(values, "classes")
        if not isinstance(classes, dict):
            raise SettingsError(f"classes is {kind_of(classes)} and no table")
        pairs = {plain_text(name): plain_text(each) for name, each in classes.items()}
        return pairs, plain_text(named_value(values, "origin"))
    except (OSError, TypeError, SettingsError) as error:
        raise SettingsError(f"map of label set {source} to {target}: {error}") from None
