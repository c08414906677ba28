"""Class names of an export, mapped to our label set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.annotations.export import UNNAMED, NamedMask
from segnet_model.labels import LabelSet

# Names of unlabeled pixels in CVAT, CamVid and labelme.
UNLABELED_NAMES = ("background", "Void", "_background_", "__ignore__")


class ClassMapping:
    """Mapping from names to our ids; it collects unknown names.

    Attributes:
        ignored: our ignored id.
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
        for name, meaning in renamed.items():
            if meaning != IGNORE and meaning not in labels.names:
                raise SettingsError(
                    f"--map {name}={meaning}: {meaning!r} is no class of label set "
                    f"{labels.name!r}; give one of {', '.join(labels.names)}, or {IGNORE}"
                )
        self.ignored = np.uint8(labels.ignore_id)
        self._labels = labels
        self._renamed = renamed
        self._meanings = {**dict.fromkeys(UNLABELED_NAMES, IGNORE), **meanings}
        self._unknown: set[str] = set()

    def ids(self, mask: NamedMask) -> np.ndarray:
        """Our ids of a mask's pixels, (H, W) uint8; unknown names give the ignored id."""
        table = np.full(256, self.ignored)
        for index in np.unique(mask.indices).tolist():
            if index != UNNAMED:
                table[index] = self._id(mask.names[index])
        ids: np.ndarray = table[mask.indices]
        return ids

    def check(self) -> None:
        """Raise DatasetError if there were unknown names."""
        if self._unknown:
            names = sorted(self._unknown)
            mends = " ".join(f"--map '{name}=CLASS'" for name in names)
            raise DatasetError(
                f"{names} are no classes of label set {self._labels.name!r}: "
                f"{', '.join(self._labels.names)}; say what they mean with {mends}, where CLASS "
                f"is one of these or {IGNORE}"
            )

    def _id(self, name: str) -> int:
        own = self._labels.names
        meaning = self._renamed.get(name, name if name in own else self._meanings.get(name))
        # A custom label set may lack the class of a format's meaning.
        if meaning is not None and meaning in own:
            return own.index(meaning)
        if meaning != IGNORE:
            self._unknown.add(name)
        return self._labels.ignore_id
