"""From an export of an annotation tool to the label files of a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, UnidentifiedImageError

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.annotations.archives import open_source
from segnet_model.datasets.annotations.detect import open_form
from segnet_model.datasets.annotations.forms import Form, NamedMask
from segnet_model.datasets.annotations.naming import Naming
from segnet_model.datasets.folder import has_split, label_path
from segnet_model.images.files import list_images, read_labels, write_png
from segnet_model.labels import LabelSet

SPLITS = ("train", "val", "test")
FORMATS = ("PNG", "JPEG", "BMP", "WEBP")  # of `files.IMAGE_SUFFIXES`


@dataclass(frozen=True)
class Imported:
    """What came of an import."""

    format: str
    counts: Counter[str] = field(default_factory=Counter)  # files that are new, changed, same, kept
    empty: tuple[str, ...] = ()  # labels in which nobody labelled a pixel, which are left out
    notes: Counter[str] = field(default_factory=Counter)  # what readers left out, and how often
    imageless: tuple[str, ...] = ()  # labels whose image is not in the data set
    unlabelled: tuple[str, ...] = ()  # images that still have no labels, as "train/0001"


def import_labels(
    source: Path,
    dataset: Path,
    labels: LabelSet,
    *,
    split: str | None = None,
    format_name: str = "auto",
    renamed: Mapping[str, str] | None = None,
    keep: bool = False,
    progress: ShareDone = no_progress,
) -> Imported:
    """Write an export's labels into the data set, all of them or none.

    Everything is read and checked first, and its files are written beside the old ones, which are
    then replaced: a bad file, or a full disk, changes nothing. Labels without a labelled pixel are
    left out, for they are of images that nobody has come to yet.

    Args:
        source: a folder or a zip.
        dataset: folder with train/, val/ or test/.
        labels: the data set's label set.
        split: whose images to look at; None takes the split that holds the image.
        format_name: one of `LABEL_FORMATS`, or "auto".
        renamed: name in the export: our class, or "ignore".
        keep: leave label files that are there already as they are.
        progress: told the share of the files that is done.

    Raises:
        DatasetError: the export or a file of it cannot be used; the data set is as before.
        SettingsError: a name is renamed to what is no class.
    """
    images = find_images(dataset, split)
    with open_source(source) as files:
        try:
            form = open_form(files, format_name, labels)
            naming = Naming(labels, renamed or {}, form.meanings)
            wanted = {stem: images[stem] for stem in form.files if stem in images}
            _check_some(form, wanted, images)
            with TemporaryDirectory(prefix=".import-", dir=dataset) as folder:
                staged = Path(folder)
                notes, empty = _stage_all(form, naming, wanted, staged, progress)
                counts = Counter(
                    _place(staged / f"{stem}.png", label_path(image), labels, keep)
                    for stem, image in wanted.items()
                    if stem not in empty
                )
        except (DatasetError, ImageError, OSError) as error:
            raise DatasetError(f"{source}: {error}") from None
    imageless = tuple(stem for stem in form.files if stem not in images)
    splits = {split} if split else {image.parent.name for image in wanted.values()}
    unlabelled = _unlabelled(images, splits)
    return Imported(form.name, counts, tuple(empty), notes, imageless, unlabelled)


def find_images(dataset: Path, split: str | None) -> dict[str, Path]:
    """The data set's images by their names without ending.

    Raises:
        DatasetError: there are none, or two of one name.
    """
    splits = [each for each in ((split,) if split else SPLITS) if has_split(dataset, each)]
    if not splits:
        wanted = f"{split}/" if split else "train/, val/ or test/"
        raise DatasetError(f"{dataset} has no images in {wanted}; put the labelled images there")
    images: dict[str, Path] = {}
    for path in (path for each in splits for path in list_images(dataset / each)):
        if path.stem in images:
            raise DatasetError(
                f"{images[path.stem]} and {path} have the same name; "
                "remove one, or say which with --split"
            )
        images[path.stem] = path
    return images


def _check_some(form: Form, wanted: Mapping[str, Path], images: Mapping[str, Path]) -> None:
    if not wanted:
        raise DatasetError(
            f"none of its {len(form.files)} labels ({next(iter(form.files))!r} and so on) is for "
            f"an image of the data set ({next(iter(images))!r} and so on); names must be the same"
        )


def _stage_all(
    form: Form, naming: Naming, wanted: Mapping[str, Path], staged: Path, progress: ShareDone
) -> tuple[Counter[str], list[str]]:
    """Stage every file; what readers left out, and the names of those without a labelled pixel."""
    notes: Counter[str] = Counter()
    empty = []
    for done, (stem, image) in enumerate(wanted.items(), 1):
        mask = _read(form, stem, image)
        notes += mask.notes
        ids = naming.ids(mask)
        if (ids == naming.ignored).all():
            empty.append(stem)
        else:
            write_png(staged / f"{stem}.png", ids)
        progress(done / len(wanted))
    naming.check()
    if len(empty) == len(wanted):
        raise DatasetError(
            f"in none of its {len(empty)} labels a pixel is labelled; label some in the tool, or "
            "export the task in which they are"
        )
    return notes, empty


def _read(form: Form, stem: str, image: Path) -> NamedMask:
    """Read and check one file of the export."""
    try:
        mask = form.read(form.files[stem])
        _check_size(mask.indices, image)
    except (DatasetError, ImageError) as error:
        raise DatasetError(f"{form.files[stem]}: {error}") from None
    return mask


def _check_size(mask: np.ndarray, path: Path) -> None:
    try:
        with Image.open(path, formats=FORMATS) as image:  # reads the header only
            width, height = image.size
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError(f"is for {path}, which does not open as an image ({error})") from None
    if mask.shape != (height, width):
        raise DatasetError(
            f"is {mask.shape[1]}x{mask.shape[0]} but its image {path} is {width}x{height}; "
            "export the labels at the image's size"
        )


def _place(staged: Path, target: Path, labels: LabelSet, keep: bool) -> str:
    """Move a label file to its place, and say what it was there."""
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        staged.replace(target)
        return "new"
    if keep:
        return "kept"
    try:
        if np.array_equal(read_labels(target, labels), read_labels(staged, labels)):
            return "same"
    except DatasetError:
        pass  # what was there is damaged, or of another label set: replaced
    staged.replace(target)
    return "changed"


def _unlabelled(images: Mapping[str, Path], splits: Collection[str]) -> tuple[str, ...]:
    """Images of these splits that have no labels yet."""
    return tuple(
        f"{image.parent.name}/{stem}"
        for stem, image in images.items()
        if image.parent.name in splits and not label_path(image).exists()
    )
