"""Import of an annotation tool's export to a data set."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.base.leftovers import temporary_folder
from segnet_model.base.lock import locked
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.annotations.archives import open_export
from segnet_model.datasets.annotations.class_mapping import ClassMapping
from segnet_model.datasets.annotations.export import Annotations, Target, composed
from segnet_model.datasets.annotations.formats import open_annotations
from segnet_model.datasets.annotations.replaced import Replaced
from segnet_model.datasets.annotations.staging import stage_all
from segnet_model.datasets.annotations.user_map import UserMap
from segnet_model.datasets.folder import (
    check_label_set,
    write_label_set,
)
from segnet_model.datasets.layout import USUAL_SPLITS, Layout, layout_of
from segnet_model.images.files import read_labels
from segnet_model.images.orientation import UPRIGHT, read_orientation
from segnet_model.labels import LabelSet


@dataclass(frozen=True)
class Imported:
    """Result of an import."""

    format: str
    counts: Counter[str] = field(default_factory=Counter)  # files that are new, changed, same, kept
    empty: tuple[str, ...] = ()  # labels without a labeled pixel; left out
    notes: Counter[str] = field(default_factory=Counter)  # messages of the reader, and how often
    imageless: tuple[str, ...] = ()  # labels whose image is not in the data set
    turned: tuple[str, ...] = ()  # images that are stored turned, as "train/0001.jpg"
    unlabeled: tuple[str, ...] = ()  # images that still have no labels, as "train/0001"
    shares: Mapping[str, float] = field(default_factory=dict)  # of each name in the pixels, 0 to 1
    meanings: Mapping[str, str] = field(default_factory=dict)  # our class of each of these names


def import_labels(
    source: Path,
    dataset: Path,
    labels: LabelSet,
    *,
    split: str | None = None,
    format_name: str = "auto",
    renamed: Mapping[str, str] | None = None,
    optional: Mapping[str, str] | None = None,
    original: LabelSet | None = None,
    keep: bool = False,
    progress: ShareDone = no_progress,
) -> Imported:
    """Write an export's labels to the data set, all of them or none.

    All files are read, checked and written to a temporary folder before the first old one is
    replaced: a bad file, or a full disk, changes nothing. Labels without a labeled pixel are left
    out, as their images are not annotated yet.

    Args:
        source: a folder or a zip.
        dataset: folder with train/, val/ or test/.
        labels: the data set's label set.
        split: split of the images; None searches all.
        format_name: one of `LABEL_FORMATS`, or "auto".
        renamed: name, id or color in the export to our class, or "ignore". Each must be used.
        optional: the same, but only one of them must be used; `renamed` comes first.
        original: label set of the export, if it is another; see `LabelMap.between`.
        keep: do not replace existing label files.
        progress: called with the share of the files that is done.

    Raises:
        DatasetError: the export or a file of it cannot be used; the data set is as before.
        SettingsError: a name is mapped to an unknown class, or the map is not used.
    """
    layout = layout_of(dataset)
    images = find_images(dataset, layout, split)
    check_label_set(dataset, labels)
    given = UserMap(renamed or {}, optional or {})
    with open_export(source) as files:
        try:
            target = Target(original or labels, images, given.all)
            annotations = open_annotations(files, format_name, target)
            mapping = ClassMapping(labels, given.between(original, labels), annotations.meanings)
            wanted = {stem: images[stem] for stem in annotations.files if stem in images}
            _check_matches(annotations, wanted, images)
            with locked(dataset, "command"), temporary_folder(dataset / "import") as staged:
                notes, empty = stage_all(annotations, mapping, wanted, staged, progress)
                given.check(mapping, annotations.name, original or labels)
                _check_labeled(empty, wanted, annotations.name, notes)
                write_label_set(dataset, labels)
                kept = None if keep else Replaced(dataset)
                counts = Counter(
                    _install(staged / f"{stem}.png", layout.label_path(image), labels, kept)
                    for stem, image in wanted.items()
                    if stem not in empty
                )
            notes += Counter(annotations.notes) + (kept.notes if kept else Counter())
        except (DatasetError, ImageError, OSError) as error:
            raise DatasetError(f"{source}: {error}") from None
    imageless = tuple(stem for stem in annotations.files if stem not in images)
    splits = {split} if split else {layout.split_of(image) for image in wanted.values()}
    unlabeled = _unlabeled(layout, images, splits)
    total = mapping.unlabeled + mapping.pixels.total()
    shares = {name: count / total for name, count in mapping.pixels.most_common()}
    meanings = {name: mapping.meaning(name) or IGNORE for name in shares}
    return Imported(
        annotations.name, counts, tuple(empty), notes, imageless, _turned(wanted.values()),
        unlabeled, shares, meanings,
    )  # fmt: skip


def find_images(dataset: Path, layout: Layout, split: str | None) -> dict[str, Path]:
    """The data set's images by name without extension; see `Target.images`.

    Raises:
        DatasetError: there are none, or two of one name.
    """
    splits = [split] if split else USUAL_SPLITS
    paths = [path for each in splits for path in layout.images(each)]
    if not paths:
        wanted = f"{split}/" if split else "train/, val/ or test/"
        raise DatasetError(
            f"{dataset} has no images in {wanted}; put the labeled images there"
            + layout.other_places()
        )
    stems = {path: composed(path.stem) for path in paths}
    bare = Counter(stems.values())
    images: dict[str, Path] = {}
    for path, stem in stems.items():
        name = stem if bare[stem] == 1 else composed(layout.name(path))
        if name in images:
            raise DatasetError(
                f"{images[name]} and {path} have the same name; "
                "remove one, or say which with --split"
            )
        images[name] = path
    return images


def _check_matches(
    annotations: Annotations, wanted: Mapping[str, Path], images: Mapping[str, Path]
) -> None:
    if not wanted:
        raise DatasetError(
            f"none of its {len(annotations.files)} labels ({next(iter(annotations.files))!r} and "
            f"so on) is for an image of the data set ({next(iter(images))!r} and so on); names "
            "must be the same"
        )


def _check_labeled(
    empty: Collection[str], wanted: Collection[str], format_name: str, notes: Counter[str]
) -> None:
    if len(empty) == len(wanted):
        mend = (
            "; where its pixels are a class, --map ID=CLASS says so" if format_name == "ids" else ""
        )
        why = "".join(f" ({count} {note})" for note, count in notes.items())
        raise DatasetError(
            f"in none of its {len(empty)} labels a pixel is labeled{why}; label some in the tool, "
            f"or export the task in which they are{mend}"
        )


def _turned(images: Iterable[Path]) -> tuple[str, ...]:
    """Images that are stored turned."""
    return tuple(
        f"{image.parent.name}/{image.name}"
        for image in images
        if read_orientation(image.read_bytes()) != UPRIGHT
    )


def _install(staged: Path, target: Path, labels: LabelSet, replaced: Replaced | None) -> str:
    """Move a label file to its place; returns "new", "kept", "same" or "changed".

    Args:
        staged: the new labels.
        target: their place.
        labels: their label set.
        replaced: keeps old labels that segnet did not write; None keeps all labels in their place.
    """
    target = Path(os.path.realpath(target))
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)
        return "new"
    if replaced is None:
        return "kept"
    try:
        if np.array_equal(read_labels(target, labels), read_labels(staged, labels)):
            return "same"
    except DatasetError:
        pass  # the old file is damaged, or of another label set: replaced
    replaced.keep(target)
    staged.replace(target)
    return "changed"


def _unlabeled(
    layout: Layout, images: Mapping[str, Path], splits: Collection[str]
) -> tuple[str, ...]:
    """Images of these splits that have no labels yet."""
    return tuple(
        f"{layout.split_of(image)}/{layout.name(image)}"
        for image in images.values()
        if layout.split_of(image) in splits and not layout.label_path(image).exists()
    )
