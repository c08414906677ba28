"""Label sets: names, colors and drivable flags of the class ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from segnet_model.base.choices import LABEL_SETS
from segnet_model.base.class_costs import UNKNOWN
from segnet_model.base.documents import (
    load_yaml,
)
from segnet_model.base.errors import DatasetError, SettingsError, bare_cause
from segnet_model.base.near import near
from segnet_model.labels.costs import with_costs
from segnet_model.labels.reading import MAX_CLASSES, naming_form, read_parts
from segnet_model.labels.segmentation_class import (
    SegmentationClass,
    check_color,
)


@dataclass(frozen=True)
class LabelSet:
    """Classes in the order of their ids, and the ignored id.

    Attributes:
        name: of the set, e.g. "camvid".
        classes: the position of a class is its id, 0 to 254.
        ignore_id: id of unlabeled pixels, 0 to 255 and not the id of a class.
        ignore_color: color of unlabeled pixels (RGB, 0 to 255).
    """

    name: str
    classes: tuple[SegmentationClass, ...]
    ignore_id: int = 255
    ignore_color: tuple[int, int, int] = (0, 0, 0)

    def __post_init__(self) -> None:
        check_color(self.ignore_color, "ignore_color")
        if not 1 <= len(self.classes) <= MAX_CLASSES:
            raise SettingsError(
                f"label set {self.name!r} has {len(self.classes)} classes; give 1 to {MAX_CLASSES}"
            )
        if not len(self.classes) <= self.ignore_id <= 255:
            raise SettingsError(
                f"ignore_id {self.ignore_id} of label set {self.name!r} is not between "
                f"{len(self.classes)} (the first free id) and 255"
            )
        if len(set(self.names)) != len(self.names):
            raise SettingsError(f"label set {self.name!r} names a class twice: {self.names}")

    @property
    def num_classes(self) -> int:
        """Number of classes, without the ignored id."""
        return len(self.classes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of their ids."""
        return tuple(c.name for c in self.classes)

    @cached_property
    def palette(self) -> np.ndarray:
        """Color of each id: (256, 3) uint8 RGB; ids without a class have the ignored color."""
        palette = np.tile(np.array(self.ignore_color, np.uint8), (256, 1))
        palette[: self.num_classes] = [c.color for c in self.classes]
        return palette

    @cached_property
    def drivable(self) -> np.ndarray:
        """Whether each id is drivable: (256,) bool."""
        return self._padded([c.drivable for c in self.classes])

    @cached_property
    def ground(self) -> np.ndarray:
        """Whether each id is flat ground: (256,) bool."""
        return self._padded([c.ground for c in self.classes])

    @cached_property
    def sky(self) -> np.ndarray:
        """Whether each id is the sky, by its name: (256,) bool."""
        return self._padded([name.lower() == "sky" for name in self.names])

    @cached_property
    def costs(self) -> np.ndarray:
        """Cost of driving on each id: (256,) int8, 0 to 100; -1 unknown, also without a class."""
        costs = np.full(256, UNKNOWN, np.int8)
        costs[: self.num_classes] = [c.known_cost for c in self.classes]
        return costs

    @cached_property
    def color_ids(self) -> dict[int, int]:
        """Id of each color, as `pack_colors` writes it; of one color, a class comes first."""
        ids = {int(pack_colors(np.array(self.ignore_color))): self.ignore_id}
        colors = pack_colors(self.palette[: self.num_classes])
        return {**ids, **dict(zip(colors.tolist(), range(self.num_classes), strict=True))}

    def _padded(self, flags: list[bool]) -> np.ndarray:
        """The flags of the classes, padded with False to all 256 ids: (256,) bool."""
        return np.array(flags + [False] * (256 - self.num_classes))

    def with_drivable(self, names: Collection[str]) -> LabelSet:
        """A copy in which exactly these classes are drivable; ground classes stay ground.

        Raises:
            SettingsError: a name is not one of this set.
        """
        return self.with_costs({}, names)

    def with_costs(
        self, costs: Mapping[str, int], drivable: Collection[str] | None = None
    ) -> LabelSet:
        """A copy with other costs of driving, and maybe other drivable classes, as `labels.costs`.

        Raises:
            SettingsError: a name is not one of this set, or a cost does not fit the drivable ones.
        """
        if unknown := sorted({*costs, *(drivable or ())} - set(self.names)):
            question = near(unknown[0], self.names)
            raise SettingsError(
                f"no class {unknown} in label set {self.name!r}{question}: {self.names}"
            )
        return replace(self, classes=with_costs(self.classes, costs, drivable))

    def colorize(self, labels: np.ndarray) -> np.ndarray:
        """Draw labels (H, W) uint8 in the class colors: (H, W, 3) uint8 RGB.

        Example:
            >>> labels = np.array([[0, 3]], np.uint8)
            >>> LabelSet.load("camvid").colorize(labels).tolist()
            [[[128, 128, 128], [128, 64, 128]]]
        """
        # OpenCV's lookup is four times as fast as NumPy's.
        drawn = cv2.LUT(cv2.merge([labels, labels, labels]), self.palette[None])
        return np.asarray(drawn, np.uint8)

    def ids_from_colors(self, image: np.ndarray) -> np.ndarray:
        """Read labels from a colored image, as `colorize` draws it.

        Args:
            image: (H, W, 3) uint8 RGB in exactly the colors of this set.

        Returns:
            (H, W) uint8 ids.

        Raises:
            DatasetError: a color belongs to no class, or to two.

        Example:
            >>> camvid = LabelSet.load("camvid")
            >>> camvid.ids_from_colors(np.array([[[128, 64, 128]]], np.uint8)).tolist()
            [[3]]
        """
        self.check_colors()
        lookup = np.full(1 << 24, -1, np.int16)
        lookup[list(self.color_ids)] = list(self.color_ids.values())
        ids: np.ndarray = lookup[pack_colors(image)]
        if (ids < 0).any():
            y, x = np.argwhere(ids < 0)[0]
            raise DatasetError(
                f"color {tuple(int(v) for v in image[y, x])} at row {y}, column {x} belongs to "
                f"no class of label set {self.name!r}; add it, or correct the label image"
            )
        return ids.astype(np.uint8)

    def check_colors(self) -> None:
        """Raise DatasetError if two classes have one color."""
        colors = [each.color for each in self.classes]
        for index, color in enumerate(colors):
            if color in colors[:index]:
                raise DatasetError(
                    f"{self.names[colors.index(color)]!r} and {self.names[index]!r} of label set "
                    f"{self.name!r} have one color; change one, or label with ids"
                )

    def check_ids(self, labels: np.ndarray) -> None:
        """Raise DatasetError unless every id of labels (H, W) uint8 is a class or ignored."""
        counts = np.bincount(labels.ravel(), minlength=256)
        counts[: self.num_classes] = 0
        counts[self.ignore_id] = 0
        if counts.any():
            raise DatasetError(
                f"ids {np.flatnonzero(counts).tolist()} ({counts.sum()} pixels) are outside label "
                f"set {self.name!r}: 0 to {self.num_classes - 1}, or {self.ignore_id} to ignore"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for YAML and for the metadata of a weights file."""
        return {
            "name": self.name,
            "ignore_id": self.ignore_id,
            "ignore_color": list(self.ignore_color),
            "classes": [c.to_dict() for c in self.classes],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LabelSet:
        """The label set of such plain values; the inverse of `to_dict`.

        Raises:
            SettingsError: a key is missing or unknown, a value has the wrong form, or the `id` of a
                class is not its place.
        """
        with naming_form():
            return cls(*read_parts(values))

    @classmethod
    def load(cls, source: str | Path) -> LabelSet:
        """Load a label set from a YAML file, or a shipped one by its name, e.g. "camvid".

        Raises:
            SettingsError: there is no such file, or it is not a label set.

        Example:
            >>> camvid = LabelSet.load("camvid")
            >>> camvid.num_classes, camvid.names[3]
            (11, 'Road')
        """
        shipped = resources.files("segnet_model") / "label_sets" / f"{source}.yaml"
        path = shipped if shipped.is_file() else Path(source)
        try:
            return cls.from_dict(load_yaml(path))
        except OSError as error:
            raise SettingsError(f"label set {source}: {bare_cause(error)}") from None
        except SettingsError as error:
            hint = "" if Path(source).suffix else near(str(source), LABEL_SETS)
            raise SettingsError(f"label set {source}: {error}{hint}") from None


def pack_colors(colors: np.ndarray) -> np.ndarray:
    """Pack (..., 3) uint8 colors into (...) int32 numbers 0xRRGGBB."""
    red, green, blue = (colors[..., i].astype(np.int32) for i in range(3))
    return red << 16 | green << 8 | blue
