"""Pairs of images and labels, and files without a partner."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from segnet_model.base.errors import DatasetError
from segnet_model.datasets import comma10k
from segnet_model.datasets.checking import problems as kinds
from segnet_model.datasets.checking.problems import Problem
from segnet_model.images.files import IMAGE_SUFFIXES, list_images, natural_order

USUAL_SPLITS = ("train", "val", "test")
LABELS = "annot"  # after the split's name


@dataclass(frozen=True)
class Pair:
    """An image and its labels, or one of them alone."""

    split: str
    image: Path | None
    labels: Path | None


def find_splits(dataset: Path) -> list[str]:
    """List the splits: train, val and test if they exist, and others with labels.

    Raises:
        DatasetError: there is no such folder.
    """
    if comma10k.is_comma10k(dataset):
        return list(comma10k.SPLITS)
    try:
        folders = {path.name for path in dataset.iterdir() if path.is_dir()}
    except OSError as error:
        raise DatasetError(f"cannot list {dataset}: {error}; give a data set's folder") from None
    labeled = {name.removesuffix(LABELS) for name in folders if name.endswith(LABELS)} - {""}
    usual = [name for name in USUAL_SPLITS if name in folders | labeled]
    return usual + sorted(labeled - set(USUAL_SPLITS))


def list_split(dataset: Path, split: str) -> tuple[list[Pair], list[Problem]]:
    """Pair a split's files by name, as `open_split` does; the rest are problems."""
    if comma10k.is_comma10k(dataset):
        images = comma10k.split_files(dataset, split)
        return _pair(split, images, comma10k.split_files(dataset, split, comma10k.MASKS))
    images_in, labels_in = dataset / split, dataset / f"{split}{LABELS}"
    if not images_in.is_dir():
        return [], [Problem(kinds.NO_IMAGES_FOLDER, split, (images_in,))]
    images = list_images(images_in)
    if not labels_in.is_dir():
        pairs = [Pair(split, image, None) for image in images]
        return pairs, [Problem(kinds.NO_LABELS_FOLDER, split, (labels_in,))]
    pairs, found = _pair(split, images, _label_files(labels_in))
    empty = [Problem(kinds.EMPTY, split, (images_in,))] if not images else []
    return pairs, empty + found


def _pair(
    split: str, images: list[Path], label_files: list[Path]
) -> tuple[list[Pair], list[Problem]]:
    """Pair images and label files by name; those of other formats are no labels."""
    labels = {path.stem: path for path in label_files if path.suffix == ".png"}
    others = {path.stem: path for path in label_files}
    pairs = [Pair(split, image, labels.get(image.stem)) for image in images]
    found = _same_names(split, images)
    found += [
        Problem(kinds.NO_LABELS, split, (pair.image,), _other_format(others.get(pair.image.stem)))
        for pair in pairs
        if pair.image and not pair.labels
    ]
    lone = [path for stem, path in labels.items() if stem not in {p.stem for p in images}]
    found += [Problem(kinds.NO_IMAGE, split, (path,)) for path in lone]
    return pairs + [Pair(split, None, path) for path in lone], found


def _label_files(folder: Path) -> list[Path]:
    """Files that could be labels, sorted by name."""
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    files = sorted((path for path in visible if path.is_file()), key=natural_order)
    return [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES]


def _same_names(split: str, images: list[Path]) -> list[Problem]:
    by_stem = [tuple(same) for _, same in groupby(images, lambda path: path.stem)]
    return [Problem(kinds.TWICE, split, same) for same in by_stem if len(same) > 1]


def _other_format(other: Path | None) -> str:
    return f"there is {other.name}, but labels end in .png" if other else ""
