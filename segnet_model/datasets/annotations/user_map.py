"""The user's map from names, ids and colors of an export to our classes."""

from __future__ import annotations

from collections.abc import Mapping

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.class_mapping import ClassMapping
from segnet_model.datasets.annotations.label_images import color_name
from segnet_model.labels import LabelSet, usual_meanings


class UserMap:
    """The options --map and --map-file of an import.

    Attributes:
        all: class of ours, or "ignore", of every name.
    """

    def __init__(self, required: Mapping[str, str], optional: Mapping[str, str]) -> None:
        """Join both; the required ones come first."""
        self._required = {color_name(name): each for name, each in required.items()}
        self._optional = {color_name(name): each for name, each in optional.items()}
        self.all = {**self._optional, **self._required}

    def between(self, original: LabelSet | None, labels: LabelSet) -> Mapping[str, str]:
        """The map of all names, those of the export's label set among them if it has another."""
        if original is None:
            return self.all
        usual, _ = usual_meanings(original, labels)
        # A label set of the name of a shipped one may lack a class of the map.
        known = {name: each for name, each in usual.items() if each in (*labels.names, IGNORE)}
        return {**known, **self.all}

    def check(self, mapping: ClassMapping, format_name: str, original: LabelSet) -> None:
        """Check the names that were found against the map.

        Args:
            mapping: has seen all labels.
            format_name: of the export.
            original: label set of its ids.

        Raises:
            DatasetError: a name has no meaning, or an id's meaning is in doubt.
            SettingsError: a name of --map, or every one of --map-file, is in none of the labels.
        """
        mapping.check(self._required, self._optional)
        if format_name == "ids":
            self._check_binary(mapping, original)
            self._check_places(mapping, original)

    def _check_binary(self, mapping: ClassMapping, original: LabelSet) -> None:
        """Refuse masks of 0 and 255 alone: 255 is what many tools paint a thing with."""
        if "255" in self.all or original.ignore_id != 255 or not mapping.unlabeled:
            return
        first, thing = original.names[0], original.names[min(1, original.num_classes - 1)]
        if [*mapping.pixels] == [first]:
            thing, others = original.names[-1], ""
        elif mapping.beside == {first} and set(mapping.pixels) == {first, thing}:
            others = f", where others hold 0 and 1, which is {thing!r}"
        else:
            return
        raise DatasetError(
            f"its labels hold 0, which is {first!r}, and 255 alone, which counts nowhere{others}; "
            f"if 255 is a class, give --map 255={thing}, and if it is none, --map 255={IGNORE}"
        )

    def _check_places(self, mapping: ClassMapping, original: LabelSet) -> None:
        """Refuse a class that one id has by the map and another by its place."""
        for name, meaning in self.all.items():
            number = mapping.pixels[name] and name not in original.names
            if number and mapping.pixels[meaning] and meaning not in self.all:
                place = original.names.index(meaning)
                raise DatasetError(
                    f"{name} is {meaning} by --map, and so is {place} by its place in the label "
                    f"set; say what {place} is, with --map {place}=CLASS"
                )
