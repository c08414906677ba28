"""JPEG files, decoded to pixels only where the whole image is in them.

A decoder fills rows that were lost with gray, and only warns of it. OpenCV and Pillow hide these
warnings; simplejpeg (libjpeg-turbo) raises them. It does not notice missing scans of progressive
files, and allocates any size in a header. So both are checked first.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import simplejpeg  # type: ignore[import-untyped]

from segnet_model.base.errors import ImageError
from segnet_model.base.limits import check_size

SIGNATURE = b"\xff\xd8\xff"
MAX_SCANS = 64  # a progressive file has ten; each costs a whole image
# ITU T.81, B.1. Start-of-frame markers; C4, C8 and CC lie among them and mean something else.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
HUFFMAN, PROGRESSIVE = (0xC0, 0xC1, 0xC2), 0xC2  # those in use; others are arithmetic or lossless
SCAN, END = 0xDA, 0xD9
CMYK = 4  # components, which simplejpeg converts after libjpeg's warnings
COEFFICIENTS = 64  # of a block of 8x8 pixels
# In coded data, FF 00 stands for FF, and restart markers D0 to D7 belong to the data.
AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Many cameras leave a few bytes before the end mark. Lost or foreign data leaves hundreds.
MAX_LEFT_OVER = 64  # bytes
LEFT_OVER = re.compile(r"(\d+) extraneous bytes before marker 0xd9")


@dataclass(frozen=True)
class _Frame:
    """The frame header of a JPEG file: its size and components."""

    height: int
    width: int
    components: bytes  # their ids
    blocks: tuple[int, ...]  # of each component in a cell: its sampling factors multiplied
    cell: int  # pixels; the largest sampling factors times a block
    progressive: bool


def decode_jpeg(file: bytes, *, keep_gray: bool = False) -> np.ndarray:
    """Decode a JPEG file up to its end mark; cameras may pad it.

    Args:
        file: starts with `SIGNATURE`.
        keep_gray: return (H, W) uint8 for a gray file.

    Returns:
        (H, W, 3) uint8 RGB, as stored: an EXIF orientation is ignored.

    Raises:
        ImageError: a part of the file is missing, damaged or replaced, or its size is absurd.
    """
    frame = _check(file)
    colors, channels = ("GRAY", 1) if keep_gray and len(frame.components) == 1 else ("RGB", 3)
    image: np.ndarray = np.empty((frame.height, frame.width, channels), np.uint8)
    try:
        simplejpeg.decode_jpeg(file, colors, buffer=image)
    except ValueError as error:
        left_over = LEFT_OVER.search(str(error))  # the first warning, so nothing else is wrong
        if left_over is None or int(left_over[1]) > MAX_LEFT_OVER:
            raise ImageError(
                f"a damaged JPEG of {len(file)} bytes ({error}); was the file cut, or does the "
                "camera's cable lose data?"
            ) from None
        if len(frame.components) == CMYK:  # others are whole in the buffer, although it raised
            simplejpeg.decode_jpeg(file, colors, buffer=image, strict=False)
    return image[..., 0] if channels == 1 else image


def _check(file: bytes) -> _Frame:
    """The frame header; ImageError where the file cannot hold what it announces."""
    try:
        frame = _read_frame(file)
        check_size(frame.height, frame.width)
        _check_length(frame, len(file))
        _check_scans(frame, file)
    except (struct.error, IndexError, ValueError):
        raise ImageError(
            f"a JPEG of {len(file)} bytes has a damaged header; is the driver's data cut?"
        ) from None
    return frame


def _segments(file: bytes) -> Iterator[tuple[int, int]]:
    """The markers up to the end mark, each with the position of its segment's length."""
    position = len(SIGNATURE) - 1
    while file[position] == 0xFF:
        marker = file[position + 1]
        if marker == END:
            return
        if marker == 0xFF:  # fill bytes may precede a marker
            position += 1
            continue
        yield marker, position + 2
        position += 2 + struct.unpack_from(">H", file, position + 2)[0]
        if marker == SCAN:
            found = AFTER_SCAN.search(file, position)
            if found is None:
                raise ImageError(
                    f"a JPEG of {len(file)} bytes has no end; is the driver's data cut?"
                )
            position = found.start()
    raise ImageError("a JPEG's segments do not follow each other; it was damaged")


def _read_frame(file: bytes) -> _Frame:
    for marker, position in _segments(file):
        if marker in FRAMES:
            if marker not in HUFFMAN:
                raise ImageError("an arithmetic or lossless JPEG; save it as a plain one")
            height, width, count = struct.unpack_from(">HHB", file, position + 3)
            fields = file[position + 8 : position + 8 + 3 * count]
            factors = [(each >> 4, each & 15) for each in fields[1::3]]
            return _Frame(
                height,
                width,
                fields[0::3],
                tuple(prod(each) for each in factors),
                COEFFICIENTS * prod(max(side) for side in zip(*factors, strict=True)),
                marker == PROGRESSIVE,
            )
    raise ImageError("a JPEG has no frame header; it was damaged")


def _check_length(frame: _Frame, length: int) -> None:
    """Raise ImageError for a file that is too short for its size.

    Each block takes at least a bit for its mean and, unless progressive, one for its end.
    """
    blocks = frame.height * frame.width * sum(frame.blocks) // max(1, frame.cell)
    if 8 * length < blocks * (1 if frame.progressive else 2):
        raise ImageError(
            f"a JPEG of {length} bytes is too short for {frame.width}x{frame.height} pixels; is "
            "the driver's data cut?"
        )


def _check_scans(frame: _Frame, file: bytes) -> None:
    """Raise ImageError for too many scans, or too few, of which decoders leave out what lacks."""
    scans = 0
    missing = np.full((len(frame.components), COEFFICIENTS), 255, np.uint8)  # their low bits
    for marker, position in _segments(file):
        if marker != SCAN:
            continue
        scans += 1
        if scans > MAX_SCANS:
            raise ImageError(f"a JPEG of more than {MAX_SCANS} scans; save it as a plain one")
        count = file[position + 2]
        if not frame.progressive and count == len(frame.components):
            return  # one scan holds all, and the decoder finds its end
        first, last, bits = file[position + 3 + 2 * count : position + 6 + 2 * count]
        for component in file[position + 3 : position + 3 + 2 * count : 2]:
            missing[frame.components.index(component), first : last + 1] = bits & 15
    if missing.any():
        raise ImageError("a JPEG lacks some of its scans; is the file cut?")
