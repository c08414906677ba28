"""Image files that are stored turned, as phones do, and say so in EXIF."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from segnet_model.base.limits import check_size
from segnet_model.images.compressed import PNG_SIGNATURE

UPRIGHT = 1
SIDEWAYS = range(5, 9)  # height and width change places
PNG_METADATA = (b"eXIf", b"zTXtRaw profile type exif", b"tEXtRaw profile type exif", b"iTXtXML:com")
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")


def read_orientation(file: bytes) -> int:
    """The EXIF orientation of an image file, 1 (upright) to 8; 1 where it is absent or damaged."""
    if file.startswith(PNG_SIGNATURE) and not _has_metadata(file):
        return UPRIGHT  # to be sure of it, Pillow would decode all pixels
    try:
        with quiet(), Image.open(io.BytesIO(file), formats=FORMATS) as image:
            check_size(image.height, image.width)
            found = image.getexif().get(0x0112, UPRIGHT)
    except Exception:  # strange metadata makes Pillow raise anything, and viewers ignore it
        return UPRIGHT
    return int(found) if found in range(1, 9) else UPRIGHT


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out Pillow's warnings of strange metadata, of which phones write much."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _has_metadata(png: bytes) -> bool:
    """Whether a PNG has a chunk that can hold an orientation."""
    position = len(PNG_SIGNATURE)
    while position + 8 <= len(png):
        if png.startswith(PNG_METADATA, position + 4):
            return True
        position += 12 + int.from_bytes(png[position : position + 4], "big")
    return False


def turn_upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turn pixels (H, W, ...) as their EXIF orientation says (CIPA DC-008, 4.6.4, tag 274)."""
    if orientation in SIDEWAYS:
        image = image.swapaxes(0, 1)
    rows = slice(None, None, -1 if orientation in (3, 4, 7, 8) else 1)
    columns = slice(None, None, -1 if orientation in (2, 3, 6, 7) else 1)
    return np.ascontiguousarray(image[rows, columns]) if orientation != UPRIGHT else image


def describe(orientation: int) -> str:
    """The part of an error about an image that may be read in another way than it is stored."""
    if orientation == UPRIGHT:
        return ""
    return (
        f"; the image is stored turned (EXIF orientation {orientation}) and read upright, as "
        "labeling tools show it"
    )
