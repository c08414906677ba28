"""Photographs of surfaces in folders that are named by material or by class."""

from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.base.limits import check_size
from segnet_model.scenes.materials.catalog import CLASSES, MATERIALS
from segnet_model.scenes.materials.tiles import Picture, Tile, make_periodic

_SUFFIXES = (".jpg", ".jpeg", ".png")
_OTHER_SUFFIXES = (".avif", ".bmp", ".dng", ".gif", ".heic", ".heif", ".tif", ".tiff", ".webp")
_LEAST, MAX_TEXELS = 32, 512  # a side
KEPT = 64  # photographs


def find_photographs(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Return the files of each material or class that has a folder.

    Raises:
        DatasetError: the folder is missing or has no such folder, or one is empty, has an unknown
            name, or holds a file that is no photograph.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder; give one with folders like Grass and Path")
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    named = [path for path in inside if not path.name.startswith(".")]
    if not named:
        raise DatasetError(
            f"{folder} has no folders; sort its photographs into folders like Grass and Path"
        )
    return {path.name: _list(path) for path in named}


def _list(folder: Path) -> tuple[Path, ...]:
    names = (*MATERIALS, *CLASSES)
    if folder.name not in names:
        near = get_close_matches(folder.name, names, 1, 0.5)
        mend = f"rename it to {near[0]}" if near else "rename it to one of " + ", ".join(names)
        raise DatasetError(f"{folder} is named after no material and no class; {mend}")
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for path in files:
        if path.suffix.lower() in _OTHER_SUFFIXES:
            raise DatasetError(f"{path} is neither JPEG nor PNG; convert it or move it away")
    photographs = tuple(path for path in files if path.suffix.lower() in _SUFFIXES)
    if not photographs:
        raise DatasetError(f"{folder} has no photograph; add a JPEG or PNG, or remove the folder")
    for path in photographs:
        _open(path).close()
    return photographs


def _open(path: Path) -> Image.Image:
    """Open a file and read its header only; raises DatasetError."""
    try:
        if not path.is_file():  # a pipe or a device might never end
            raise OSError("no plain file")
        image = Image.open(path, formats=("JPEG", "PNG"))
        check_size(image.height, image.width)
    except (OSError, ValueError, SyntaxError, ImageError, Image.DecompressionBombError) as error:
        raise DatasetError(f"cannot read {path} ({error}); save it again or remove it") from None
    if min(image.size) < _LEAST:
        raise DatasetError(
            f"{path} has only {image.width}x{image.height} pixels; use {_LEAST} or more a side"
        )
    return image


@lru_cache(maxsize=KEPT)
def read_tile(path: Path) -> Tile:
    """Read a photograph as a tile of at most 512 texels a side; the last 64 are kept.

    Raises:
        DatasetError: the file is damaged.
    """
    with _open(path) as image:
        try:
            image.draft(
                "RGB", (2 * MAX_TEXELS, 2 * MAX_TEXELS)
            )  # a JPEG is decoded smaller, and faster
            upright = ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, ValueError, SyntaxError) as error:
            raise DatasetError(
                f"cannot read {path} ({error}); save it again or remove it"
            ) from None
    rgb = make_periodic(_trimmed(np.asarray(upright)))
    side = int(
        np.clip(1 << round(np.log2(np.sqrt(rgb.shape[0] * rgb.shape[1]))), _LEAST, MAX_TEXELS)
    )
    small = max(rgb.shape[:2]) > side
    way = cv2.INTER_AREA if small else cv2.INTER_LINEAR
    return Tile(
        np.asarray(cv2.resize(rgb, (side, side), interpolation=way)), rgb.shape[0] / rgb.shape[1]
    )


def _trimmed(rgb: Picture) -> Picture:
    """Return the picture without a frame, as wide as an eighth of each side at most."""
    for _ in range(4):
        rgb = np.rot90(rgb)[_frame(np.rot90(rgb)) :]
    return np.ascontiguousarray(rgb)


def _frame(rgb: Picture) -> int:
    """Return the number of rows on top whose color is unlike that of all other rows."""
    tone = rgb.mean(axis=1)
    edge = max(2, len(tone) // 8)
    away = np.abs(tone - tone[edge:-edge].mean(axis=0)).max(axis=1)
    strange = away[:edge] > 1.5 * away[edge:-edge].max() + 1.5
    last = int(edge - np.argmax(strange[::-1]))
    return last + 1 if strange.any() else 0  # the row after it is a mix of both, as a rule
