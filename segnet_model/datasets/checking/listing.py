"""Pairs of images and labels, and files without a partner."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from segnet_model.datasets.checking import problems as kinds
from segnet_model.datasets.checking.problems import Problem
from segnet_model.datasets.layout import Layout


@dataclass(frozen=True)
class Pair:
    """An image and its labels, or one of them alone."""

    split: str
    image: Path | None
    labels: Path | None


def list_split(layout: Layout, split: str) -> tuple[list[Pair], list[Problem]]:
    """Pair a split's files by name, as `open_split` does; the rest are problems."""
    images_in, labels_in = layout.folders(split)
    if not images_in.is_dir():
        return [], [Problem(kinds.NO_IMAGES_FOLDER, split, (images_in,))]
    images = layout.images(split)
    if not labels_in.is_dir():
        pairs = [Pair(split, image, None) for image in images]
        return pairs, [Problem(kinds.NO_LABELS_FOLDER, split, (labels_in,))]
    pairs, found = _pair(layout, split, images)
    empty = [Problem(kinds.EMPTY, split, (images_in,))] if not images else []
    return pairs, empty + found


def _pair(layout: Layout, split: str, images: list[Path]) -> tuple[list[Pair], list[Problem]]:
    """Pair images and label files by name; those of other formats are no labels."""
    others = {layout.name(path): path for path in layout.label_files(split)}
    labels = {name: path for name, path in others.items() if path.suffix == ".png"}
    names = [layout.name(image) for image in images]
    pairs = [
        Pair(split, image, labels.get(name)) for name, image in zip(names, images, strict=True)
    ]
    found = _same_names(split, names, images)
    found += [
        Problem(kinds.NO_LABELS, split, (image,), _other_format(others.get(name)))
        for name, image in zip(names, images, strict=True)
        if name not in labels
    ]
    known = set(names)
    lone = [path for name, path in labels.items() if name not in known]
    found += [Problem(kinds.NO_IMAGE, split, (path,)) for path in lone]
    return pairs + [Pair(split, None, path) for path in lone], found


def _same_names(split: str, names: list[str], images: list[Path]) -> list[Problem]:
    by_name: dict[str, list[Path]] = defaultdict(list)
    for name, image in zip(names, images, strict=True):
        by_name[name].append(image)
    return [Problem(kinds.TWICE, split, tuple(same)) for same in by_name.values() if len(same) > 1]


def _other_format(other: Path | None) -> str:
    return f"there is {other.name}, but labels end in .png" if other else ""
