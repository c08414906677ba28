"""Image files, label images and CSV tables, read and written."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from segnet_model.base.atomic import whole_file
from segnet_model.base.errors import (
    DatasetError,
    ImageError,
    SegNetError,
    bare_cause,
    unwritten,
)
from segnet_model.base.limits import check_size
from segnet_model.base.marks import marked_png
from segnet_model.images.compressed import decode_compressed
from segnet_model.images.label_images import check_opaque, open_png
from segnet_model.images.orientation import SIDEWAYS, quiet, read_orientation, turn_upright
from segnet_model.images.other_kinds import check_one
from segnet_model.images.sample_bits import SampleBits
from segnet_model.labels import LabelSet

NUMBERS = re.compile("([0-9]+)")
ODD = "surrogateescape"  # a file name may hold bytes that are not UTF-8
RUN = ("=", "+", "-", "@", "\t", "\r", "'=", "'+", "'-", "'@", "'\t", "'\r")  # or are quoted so
COMPRESSED_SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif")
DEEP_GRAY = b"\x10\0"  # bits and color type in the header of a PNG
MAX_FILE = 1 << 28  # bytes; `limits.MAX_PIXELS` of eight bytes each
LABEL_MODES = ("L", "P", "RGB", "RGBA")  # Pillow's, of 8 bits
OTHER_FORMATS = {".bmp": "BMP", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
IMAGE_SUFFIXES = (*COMPRESSED_SUFFIXES, *OTHER_FORMATS)
FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF")


def list_images(folder: Path) -> list[Path]:
    """Image files in a folder, not below it, f2 before f10; without hidden ones, as of macOS."""
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    images = (path for path in visible if path.suffix.lower() in IMAGE_SUFFIXES)
    return sorted(images, key=natural_order)


def natural_order(path: Path) -> tuple[list[str | int], str]:
    """Sort key that puts f2 before f10."""
    parts = NUMBERS.split(path.name)  # alternates text and numbers, so that they compare
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], path.name


def list_files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Files with these endings in a folder and below it, f2 before f10; none without a folder.

    Hidden files and folders are left out. Links to folders are followed, each folder once.
    """
    found: list[Path] = []
    seen: set[Path] = set()

    def add(each: Path) -> None:
        if each.resolve() in seen or not each.is_dir():
            return
        seen.add(each.resolve())
        for path in each.iterdir():
            if path.name.startswith("."):
                continue
            if path.is_dir():
                add(path)
            elif path.suffix.lower() in suffixes:
                found.append(path)

    add(folder)
    return sorted(found, key=lambda path: [natural_order(Path(each)) for each in path.parts])


def read_image(path: Path) -> np.ndarray:
    """Read an image file as (H, W, 3) uint8 RGB, upright as viewers and labeling tools show it.

    Raises:
        DatasetError: the file does not open as an image.
    """
    kind = OTHER_FORMATS.get(path.suffix.lower())
    try:
        file = read_bytes(path)
        # JPEG and PNG as in the node.
        image = _decode_other(file, kind) if kind else decode_compressed(file)
    except (OSError, ImageError, cv2.error) as error:
        raise DatasetError(f"cannot read {path}: {error}") from None
    return image if kind == "TIFF" else turn_upright(image, read_orientation(file))  # by Pillow


def read_size(path: Path) -> tuple[int, int]:
    """Height and width of the image that `read_image` returns, from the file's header.

    Raises:
        DatasetError: the file does not open as an image.
    """
    try:
        file = read_bytes(path)
        with quiet(), Image.open(io.BytesIO(file), formats=FORMATS) as image:
            size, is_turned = (image.height, image.width), image.format == "TIFF"  # by Pillow
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError(f"cannot read {path}: {_cause(error)}") from None
    return size[::-1] if not is_turned and read_orientation(file) in SIDEWAYS else size


def is_deep_gray(path: Path) -> bool:
    """Whether a file is a gray PNG of 16 bits, as gray cameras and depth images are saved."""
    if path.suffix.lower() != ".png" or not path.is_file():
        return False
    with suppress(OSError), path.open("rb") as file:
        return file.read(26)[24:] == DEEP_GRAY
    return False


def _decode_other(file: bytes, kind: str) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a file that is no JPEG or PNG, by Pillow, which refuses cut ones."""
    with _opened(file, kind) as image:
        check_one(getattr(image, "n_frames", 1))
        if image.mode in ("F", "I"):
            raise ImageError("it holds measurements, not colors; save it with 8 bits a channel")
        if not image.mode.startswith("I;16"):
            return np.asarray(image.convert("RGB"))
        return cv2.cvtColor(SampleBits().reduce(np.asarray(image)), cv2.COLOR_GRAY2RGB)


@contextmanager
def _opened(file: bytes, kind: str) -> Iterator[Image.Image]:
    """An image of an allowed size, not decoded yet; errors of Pillow become ImageError."""
    try:
        with quiet(), Image.open(io.BytesIO(file), formats=(kind,)) as image:
            check_size(image.height, image.width)
            yield image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(
            f"no {kind} that may be decoded ({_cause(error)}); save it again"
        ) from None


def _cause(error: Exception) -> str:
    unknown = isinstance(error, UnidentifiedImageError)  # its text names no file
    return "it is damaged, or another kind of file" if unknown else str(error)


def read_bytes(path: Path) -> bytes:
    """Read a regular file of at most `MAX_FILE` bytes; OSError with the mend if it is not."""
    if path.is_symlink() and not path.exists():
        raise OSError(f"it is a link to {path.readlink()}, which is not there; remove it")
    if not path.exists():
        raise OSError("there is no such file")
    if not path.is_file():  # a pipe or a device might never end
        raise OSError("no plain file")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE:
                raise OSError(f"longer than {MAX_FILE} bytes, which no image is")
            return file.read(size)
    except OSError as error:
        raise OSError(bare_cause(error)) from None


def read_labels(path: Path, labels: LabelSet) -> np.ndarray:
    """Read a label image, of ids or of the set's colors, as (H, W) uint8 ids.

    The indices of a palette are ids, whatever its colors, as in CVAT and Pascal VOC.

    Raises:
        DatasetError: the file is not a PNG, or holds an id or color outside of the set.
    """
    try:
        image = open_png(read_bytes(path))  # OpenCV would convert a palette to colors
        if image.mode not in LABEL_MODES:
            raise DatasetError(f"mode {image.mode} may be misread; save it with 8 bits a channel")
        check_opaque(image)
        if image.mode in ("RGB", "RGBA"):
            return labels.ids_from_colors(np.asarray(image.convert("RGB")))
        ids = np.asarray(image)
        labels.check_ids(ids)
    except (OSError, SegNetError) as error:
        raise DatasetError(f"labels {path}: {error}") from None
    return ids


def write_png(path: Path, image: np.ndarray, *, flush: bool = True) -> None:
    """Write (H, W) uint8 or (H, W, 3) uint8 RGB as a PNG with a mark; see `whole_file`.

    Raises:
        DatasetError: the file cannot be written.
        SettingsError: there is a file that segnet did not write.
    """
    data = encode_png(image)
    with new_file(path, flush=flush) as temporary:
        temporary.write_bytes(data)


def encode_png(image: np.ndarray) -> bytes:
    """A PNG with a mark, of (H, W) uint8 or (H, W, 3) uint8 RGB."""
    pixels = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return marked_png(cv2.imencode(".png", pixels)[1].tobytes())


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows, with values by column name, as CSV, over a table that has been read.

    Raises:
        DatasetError: the file cannot be written.
    """
    with (
        new_file(path, known=True) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors=ODD) as file,
    ):
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: object) -> object:
    """A value for a table, quoted where a spreadsheet would run it: "=1+1" becomes "'=1+1"."""
    runs = isinstance(value, str) and value.startswith(RUN) and not _is_number(value)
    return f"'{value}" if runs else value


def read_cell(text: str) -> str:
    """The text of a cell that `write_table` wrote."""
    return text[1:] if text.startswith("'") and text[1:].startswith(RUN) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def new_file(path: Path, *, known: bool = False, flush: bool = True) -> Iterator[Path]:
    """Write a file by `whole_file`.

    Raises:
        DatasetError: the file cannot be written.
        SettingsError: there is a file that segnet did not write.
    """
    try:
        with whole_file(path, known=known, flush=flush) as temporary:
            yield temporary
    except OSError as error:
        raise DatasetError(unwritten(path, error)) from None
