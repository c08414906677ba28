"""YOLO's outlines: a text file for each image, whose rows are a class and x, y as shares.

data.yaml names the classes; obj.names or classes.txt where there is none. Without either, a class
is called by its number. Later rows lie on top.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from segnet_model.base.documents import read_yaml
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.drawings import Drawing, open_drawings
from segnet_model.datasets.annotations.export import (
    Annotations,
    LabelFormat,
    Size,
    Target,
    in_folders,
)
from segnet_model.datasets.annotations.marks import MAX_READ, Marks, called
from segnet_model.datasets.annotations.parsed import decoded, read_safely
from segnet_model.datasets.annotations.shapes import BOXES, Shape, outline, points

Labels = dict[int, str] | None  # names of classes by number, if a file has them
YAML = ("data.yaml", "data.yml", "dataset.yaml")  # others, too, where they have names
HAS_NAMES = re.compile(rb"^(\xef\xbb\xbf)?names[ \t]*:", re.MULTILINE)
LISTS = ("obj.names", "classes.txt")
FOLDERS = ("labels", "_data")
MAX_BYTES = 1 << 22  # of a text file
MAX_LINE = 1 << 16  # bytes of its first line, by which it is known
RIGHT = 0.01  # cosine of an angle that counts as a right one
OUTSIDE = 0.5  # of the image; outlines end a little beyond it, pixels far beyond


def open_yolo(source: ExportFiles, target: Target) -> Annotations:
    """Read YOLO's text files; DatasetError where the names of the classes cannot be read."""
    labels, files = _labels(source), _label_files(source)
    _check_ends(source, files)
    drawings = [
        Drawing(each, _image(each), partial(_shapes, source, each, labels), subset=_subset(each))
        for each in files
    ]
    return open_drawings("yolo", drawings, target.images)


def _names_files(source: ExportFiles) -> list[str]:
    """The files with names of classes: those in the outermost folder first, and YAML before lists.

    A data.yaml without names, of another tool, is left out beside others.
    """
    found = called(source.names, *YAML, *LISTS)
    if not found:
        others = [name for name in source.names if _bare(name).endswith((".yaml", ".yml"))]
        found = [name for name in others[:MAX_READ] if HAS_NAMES.search(source.read(name))]
    found.sort(key=lambda n: (n.count("/"), not _bare(n).endswith("ml")))
    named = [n for n in found if _bare(n) in LISTS or HAS_NAMES.search(source.read(n))]
    return named or found[:1]


def _bare(name: str) -> str:
    """The name without folders, in small letters: some tools write CLASSES.TXT."""
    return PurePosixPath(name).name.lower()


def _labels(source: ExportFiles) -> Labels:
    """The names of the classes, by number; None where no file has them."""
    files = _names_files(source)
    found = [_read_names(source, name) for name in files]
    for name, each in zip(files, found, strict=True):
        if each != found[0]:
            raise DatasetError(
                f"{files[0]} and {name} name other classes; correct or remove one, or import one "
                "export after the other"
            )
    return found[0] if found else None


def _read_names(source: ExportFiles, name: str) -> dict[int, str]:
    try:
        with read_safely():
            text = decoded(source.read(name))
            if _bare(name) in LISTS:
                return _named(enumerate(text.splitlines()))
            return _from_yaml(read_yaml(text, typed=False))
    except DatasetError as error:
        raise DatasetError(f"{name}: {error}") from None
    except SettingsError as error:
        raise DatasetError(f"{name}: {error}; correct it there") from None


def _from_yaml(values: dict[str, Any]) -> dict[int, str]:
    if "kpt_shape" in values:
        raise DatasetError("holds the points of poses; export outlines: YOLO segmentation")
    names, count = values["names"], values.get("nc")
    if isinstance(names, (dict, list)) and count not in (None, str(len(names))):
        raise DatasetError(
            f"'names' has {len(names)} classes, and 'nc' says {count!r:.20}, so that one may be "
            "missing and all after it be called wrongly; correct it there"
        )
    if isinstance(names, dict):
        return _named((_number(key), label) for key, label in names.items())
    if not isinstance(names, list):
        raise DatasetError(f"'names' is {names!r:.40}, no list of classes; write them there")
    return _named(enumerate(names))


def _number(key: str) -> int:
    if not key.isdecimal():
        raise DatasetError(f"'names' has {key[:20]!r} in place of a number; write 0: {key[:20]}")
    return int(key)


def _named(rows: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The rows that have a name."""
    return {number: label.strip() for number, label in rows if label.strip()}


def _label_files(source: ExportFiles) -> list[str]:
    """Text files in folders `labels`, or `obj_train_data`; else all that are no lists."""
    lists = (*LISTS, "train.txt", "val.txt", "valid.txt", "test.txt")
    texts = [name for name in source.names if name.lower().endswith(".txt")]
    texts = [name for name in texts if _bare(name) not in lists]
    return in_folders(texts, *FOLDERS) or texts


def _check_ends(source: ExportFiles, files: list[str]) -> None:
    """Raise DatasetError for a file without the end of its last line, where most others have it.

    A number that lost its last digits is still a number. Some tools never write the last end.
    """
    texts = {name: source.read(name).rstrip(b" \t\0") for name in files}  # a zero of UTF-16
    ends = {name: text.endswith((b"\n", b"\r")) for name, text in texts.items() if text}
    cut = [name for name, ended in ends.items() if not ended]
    if cut and 2 * len(cut) < len(ends):
        raise DatasetError(
            f"{cut[0]}: its last line has no end, as {len(ends) - len(cut)} of {len(ends)} files "
            "have: it may have lost the rest; copy it again, or, where it is whole, end the line: "
            f"sed -i '$a\\' {shlex.quote(cut[0])}"
        )


def _image(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(".png"))


def _subset(name: str) -> str:
    """labels/train/a.txt and train/labels/a.txt are of "train"."""
    _, labels, below = str(PurePosixPath(name.lower()).parent).rpartition("labels/")
    return below.split("/")[0] if labels else PurePosixPath(name).parent.parent.name


def _shapes(source: ExportFiles, name: str, labels: Labels, size: Size) -> Iterator[Shape]:
    data = source.read(name)
    if len(data) > MAX_BYTES:
        raise DatasetError(f"has {len(data)} bytes of outlines; at most {MAX_BYTES} are read")
    for number, line in enumerate(decoded(data).splitlines(), 1):
        if line.strip():
            try:
                yield _shape(line.split(), labels, size)
            except DatasetError as error:
                raise DatasetError(f"line {number} {error}") from None


def _shape(values: list[str], labels: Labels, size: Size) -> Shape:
    numbers = _numbers(values)
    if len(numbers) == 5:
        raise DatasetError("is a box, as for detection; export outlines: YOLO segmentation")
    if len(numbers) % 2 == 0 or len(numbers) < 7:
        raise DatasetError(
            f"has {len(numbers)} numbers, which are no class and its outline (a prediction has one "
            "more: save it without its confidence); draw it again"
        )
    label = values[0] if labels is None else labels.get(int(numbers[0]))
    if label is None or int(numbers[0]) != numbers[0]:
        raise DatasetError(f"has class {values[0][:20]!r}, which has no name; export it again")
    corners = numbers[1:].reshape(-1, 2)
    if (abs(corners - 0.5) > 0.5 + OUTSIDE).any():
        raise DatasetError("has an outline far outside of the image; it takes shares, not pixels")
    ring = points(corners * size[::-1])
    return Shape(label, outline([ring], size), BOXES if _is_box(ring) else "")


def _is_box(ring: np.ndarray) -> bool:
    """Whether corners (n, 2) make a box, also an oriented one, of which YOLO has no other mark."""
    sides = np.roll(ring, -1, axis=0) - ring
    lengths = np.linalg.norm(sides, axis=1)
    right = abs((sides * np.roll(sides, 1, axis=0)).sum(axis=1)) <= RIGHT * lengths.max() ** 2
    return len(ring) == 4 and bool(right.all())


def _numbers(values: list[str]) -> np.ndarray:
    try:
        numbers = np.array(values, np.float64)
    except ValueError:
        if any("," in value for value in values):
            raise DatasetError("has commas; write 0.5 for 0,5, and spaces between") from None
        raise DatasetError("has a word in place of a number; is it of this export?") from None
    if not np.isfinite(numbers).all():
        raise DatasetError("has a number that is not finite; export it again")
    return numbers


def found(marks: Marks) -> bool:
    """Whether there are text files of numbers, and either names of classes or a folder `labels`."""
    files, named = _label_files(marks.source), bool(_names_files(marks.source))
    if not named:
        files = in_folders(files, "labels")
    texts = [marks.source.read(each) for each in files[:20]]
    nothing = named and not any(texts)  # all images are empty
    return any(map(_begins_with_numbers, texts)) or (nothing and bool(texts))


def _begins_with_numbers(data: bytes) -> bool:
    """Whether the first line is a class and numbers; commas are named when the file is read."""
    try:
        lines = decoded(data[:MAX_LINE]).split("\n")
        values = next((line for line in lines if line.strip()), "").replace(",", " ").split()
        return len(values) > 4 and np.array(values[1:], np.float64).size > 3
    except (DatasetError, ValueError):
        return False


YOLO = LabelFormat(open_yolo, found)
