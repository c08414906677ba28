"""Class names of an export, mapped to our label set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.listed import join_first
from segnet_model.base.near import near
from segnet_model.datasets.annotations.export import UNNAMED, NamedMask, composed
from segnet_model.labels import LabelSet

# Names of unlabeled pixels in CVAT, CamVid and labelme.
UNLABELED_NAMES = ("background", "Void", "_background_", "__ignore__")
MAX_NAMED = 20  # names in one error


class ClassMapping:
    """Mapping from names to our ids; it collects unknown names, and counts pixels.

    Attributes:
        ignored: our ignored id.
        pixels: of each name that was found.
        unlabeled: pixels without a name.
        beside: names in files that also have pixels without a name.
    """

    def __init__(
        self, labels: LabelSet, renamed: Mapping[str, str], meanings: Mapping[str, str]
    ) -> None:
        """Set the user's mapping, and that of the format.

        Args:
            labels: our classes.
            renamed: name in the export to our class, or "ignore"; comes first.
            meanings: the same, for names that are neither renamed nor our own.

        Raises:
            SettingsError: a name is renamed to what is no class.
        """
        own = {composed(name): name for name in labels.names}
        renamed = {composed(name): own.get(composed(m), m) for name, m in renamed.items()}
        for name, meaning in renamed.items():
            if meaning != IGNORE and meaning not in labels.names:
                raise SettingsError(
                    f"--map {name}={meaning}: {meaning!r} is no class of label set "
                    f"{labels.name!r}{near(meaning, labels.names)}; give one of "
                    f"{', '.join(labels.names)}, or {IGNORE}"
                )
        self.ignored = np.uint8(labels.ignore_id)
        self.pixels: Counter[str] = Counter()
        self.unlabeled = 0
        self.beside: set[str] = set()
        self._labels = labels
        self._renamed = renamed
        self._own = own
        self._meanings = {**dict.fromkeys(UNLABELED_NAMES, IGNORE), **meanings}
        self._listed: set[str] = set()
        self._unknown: dict[str, str] = {}  # and the first file that has it

    def ids(self, mask: NamedMask, file: str) -> np.ndarray:
        """Our ids of a file's pixels, (H, W) uint8; unknown names get the ignored id."""
        names = [composed(name) for name in mask.names]
        self._listed.update(names)
        table = np.full(256, self.ignored)
        counts = np.bincount(mask.indices.ravel(), minlength=256)
        self.unlabeled += int(counts[UNNAMED])
        for index in np.flatnonzero(counts[:UNNAMED]).tolist():
            name = names[index]
            self.pixels[name] += int(counts[index])
            if counts[UNNAMED]:
                self.beside.add(name)
            table[index] = self._id(name)
            if self.meaning(name) is None:
                self._unknown.setdefault(name, file)
        ids: np.ndarray = table[mask.indices]
        return ids

    def meaning(self, name: str) -> str | None:
        """Our class of a name, or "ignore"; None where it is unknown."""
        own = self._labels.names
        meaning = self._renamed.get(name, self._own.get(name) or self._meanings.get(name))
        # A custom label set may lack the class of a format's meaning.
        return meaning if meaning == IGNORE or meaning in own else None

    def check(self, required: Collection[str], optional: Collection[str]) -> None:
        """Check that every name has a meaning, and that the user's mapping is used.

        Args:
            required: names that labels must have.
            optional: names of which they must have one.

        Raises:
            DatasetError: there were unknown names.
            SettingsError: a required name is in none of the labels.
        """
        unused = [name for name in required if composed(name) not in self._listed]
        if optional and self._listed.isdisjoint(map(composed, optional)):
            unused += optional
        if unused:
            raise SettingsError(self._not_used(composed(unused[0])))
        if self._unknown:
            raise DatasetError(self._no_classes())

    def _not_used(self, name: str) -> str:
        listed = sorted(self._listed)
        question = near(name, [*listed, *self._labels.names])
        return (
            f"{name}={self._renamed[name]} is not used: none of the labels has {name!r}{question}; "
            f"they have {join_first(listed, MAX_NAMED)}"
        )

    def _no_classes(self) -> str:
        names = sorted(self._unknown, key=lambda name: (len(name), name))
        mends = " ".join(f"--map '{name}=CLASS'" for name in names)
        grays = all(re.fullmatch(r"#(..)\1\1", name) for name in names)
        ids = "; if these grays are ids, give --format ids" if grays else ""
        return (
            f"{self._unknown[names[0]]}: {names} are no classes of label set "
            f"{self._labels.name!r}: {', '.join(self._labels.names)}; say what they mean with "
            f"{mends}, where CLASS is one of these or {IGNORE}{ids}"
        )

    def _id(self, name: str) -> int:
        meaning = self.meaning(name)
        own = self._labels.names
        return own.index(meaning) if meaning in own else self._labels.ignore_id
