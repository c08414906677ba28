"""One image and its labels: read, counted and summarized."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from segnet_model.base.errors import SegNetError
from segnet_model.datasets.checking import problems as kinds
from segnet_model.datasets.checking.label_files import read_label_file
from segnet_model.datasets.checking.listing import Pair
from segnet_model.datasets.checking.problems import Kind, Problem
from segnet_model.images.files import read_bytes, read_image
from segnet_model.images.orientation import SIDEWAYS, UPRIGHT, read_orientation
from segnet_model.images.thumbnails import thumbnail
from segnet_model.labels import LabelSet

MOSTLY = 0.95  # of an image's pixels


@dataclass(eq=False)
class Inspection:
    """Summary of a pair.

    Attributes:
        pair: the files.
        size: (height, width) of the image; None where it does not open.
        thumbnail: of the image, (576,) float16, 0 to 1.
        digest: of its pixels; equal for equal images.
        counts: pixels of each id, (256,) int64; None without readable labels.
        problems: problems of the pair.
    """

    pair: Pair
    size: tuple[int, int] | None = None
    thumbnail: np.ndarray | None = None
    digest: bytes = b""
    counts: np.ndarray | None = None
    problems: list[Problem] = field(default_factory=list)


def inspect(pair: Pair, label_set: LabelSet) -> Inspection:
    """Read a pair's files completely; problems go into the result and are never raised."""
    seen = Inspection(pair)
    if pair.image:
        _inspect_image(seen, pair.image)
    if pair.labels:
        _inspect_labels(seen, pair.labels, label_set)
    return seen


def _inspect_image(seen: Inspection, path: Path) -> None:
    try:
        image = read_image(path)
    except (SegNetError, MemoryError, cv2.error) as error:
        _add_problem(
            seen,
            kinds.UNREADABLE_IMAGE,
            path,
            str(error).replace(f"cannot read {path}: ", "").replace(f"{path} ", ""),
        )
        return
    _note_orientation(seen, path)
    seen.size = image.shape[0], image.shape[1]
    seen.thumbnail = thumbnail(image).ravel().astype(np.float16)
    seen.digest = hashlib.blake2b(
        image.tobytes(), digest_size=16, salt=b"%d" % image.shape[1]
    ).digest()


def _inspect_labels(seen: Inspection, path: Path, label_set: LabelSet) -> None:
    size, counts, flaws = read_label_file(path, label_set)
    if size:
        size = size[::-1] if _note_orientation(seen, path) in SIDEWAYS else size
    for kind, detail in flaws:
        _add_problem(seen, kind, path, detail)
    if size and seen.size and size != seen.size:
        (height, width), (rows, columns) = size, seen.size
        _add_problem(seen, kinds.SIZES_DIFFER, path,
              f"labels {width}x{height}, image {columns}x{rows}")  # fmt: skip
    if counts is None:
        return
    ignored = counts[label_set.ignore_id] / max(1, counts.sum())
    if ignored >= MOSTLY:
        _add_problem(seen, kinds.MOSTLY_IGNORED, path, f"{100 * ignored:.1f} % of it")
    if seen.size:
        seen.counts = counts


def _note_orientation(seen: Inspection, path: Path) -> int:
    """The EXIF orientation of a file that opens; a problem unless it is stored upright."""
    orientation = read_orientation(read_bytes(path))
    if orientation != UPRIGHT:
        _add_problem(seen, kinds.TURNED, path, f"EXIF orientation {orientation}")
    return orientation


def _add_problem(seen: Inspection, kind: Kind, path: Path, detail: str) -> None:
    seen.problems.append(Problem(kind, seen.pair.split, (path,), detail))
