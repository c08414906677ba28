"""The class of each number in label images: by its place in the label set, or as published.

Some public data sets number their classes with gaps, from 1, or in two ways that file names tell
apart. The tables of those that ship are in `label_sets/ids`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.documents import load_yaml
from segnet_model.labels.label_set import LabelSet

_IDS = resources.files("segnet_model") / "label_sets" / "ids"


@dataclass(frozen=True)
class Numbering:
    """Meaning of the ids in label images of one kind.

    Attributes:
        names: class of each id, or "ignore"; other ids have no meaning.
        suffix: end of the name of such files, before ".png".
        image_suffix: end of the image's name where that of its labels has the suffix.
    """

    names: Mapping[int, str]
    suffix: str = ""
    image_suffix: str = ""

    @classmethod
    def by_place(cls, labels: LabelSet) -> Numbering:
        """The ids that this project writes: places in the label set."""
        return cls({**dict(enumerate(labels.names)), labels.ignore_id: IGNORE})


def numberings(labels: LabelSet) -> tuple[Numbering, ...]:
    """How images with labels of a set may be numbered; the last one has no suffix.

    A shipped label set has the published numbers, any other those of `Numbering.by_place`.
    """
    file = _IDS / f"{labels.name}.yaml"
    if not file.is_file() or LabelSet.load(labels.name).names != labels.names:
        return (Numbering.by_place(labels),)
    values = load_yaml(file)
    return tuple(
        Numbering(
            each.get("ids", Numbering.by_place(labels).names),
            each.get("suffix", ""),
            values.get("image_suffix", ""),
        )
        for each in values["numberings"]
    )
