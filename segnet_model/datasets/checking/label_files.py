"""Class counts and all problems of one label file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from segnet_model.base.errors import DatasetError
from segnet_model.base.limits import check_size
from segnet_model.base.listed import join_first
from segnet_model.datasets.checking import problems as kinds
from segnet_model.datasets.checking.problems import Kind
from segnet_model.images.compressed import PNG_SIGNATURE
from segnet_model.images.label_images import check_opaque
from segnet_model.labels import LabelSet, pack_colors

Flaw = tuple[Kind, str]  # with details
GRAY = 0  # a PNG's color type
DECODED = ("PNG", "BMP", "WEBP")
KNOWN = (*DECODED, "JPEG", "GIF", "TIFF")  # not EPS, which Pillow would pass to Ghostscript


def read_label_file(
    path: Path, label_set: LabelSet
) -> tuple[tuple[int, int] | None, np.ndarray | None, list[Flaw]]:
    """Read labels as training does, and collect all flaws.

    Returns:
        (height, width), None where the file does not open; pixels of each id of the set, (256,)
        int64, None where the file is unusable; and the flaws.
    """
    try:
        image = decode_whole(path)
        depth, color_type = _png_header(path)
    except (OSError, DatasetError) as error:
        return None, None, [(kinds.UNREADABLE_LABELS, str(error))]
    counts, flaws = _judge(image, depth, label_set)
    if depth < 8 and color_type == GRAY:
        scaled = _scaled_ids(depth)
        flaws = [(kind, f"{detail}; {scaled}" if detail else scaled) for kind, detail in flaws]
    return (image.height, image.width), counts, flaws


def decode_whole(path: Path) -> Image.Image:
    """Decode an image file completely with Pillow, which refuses cut files.

    Raises:
        DatasetError: it is damaged, or of an absurd size.
    """
    try:
        with Image.open(path, formats=KNOWN) as image:
            image.verify()  # a PNG's checksums, which decoding ignores
        with Image.open(path, formats=KNOWN) as image:
            check_size(image.height, image.width)
            if image.format in DECODED:
                image.load()
            return image
    except Exception as error:  # its decoders raise struct.error, SyntaxError and a dozen more
        raise DatasetError(f"{type(error).__name__}: {error}".replace(f" '{path}'", "")) from None


def _png_header(path: Path) -> tuple[int, int]:
    """Bits a channel and color type; 8 and -1 where the file is no PNG."""
    with path.open("rb") as file:
        start = file.read(26)
    is_png = start.startswith(PNG_SIGNATURE) and len(start) == 26
    return (start[24], start[25]) if is_png else (8, -1)


def _scaled_ids(depth: int) -> str:
    return (
        f"it is a gray PNG of {depth} bits, whose ids are read times {255 // (2**depth - 1)}: "
        "save it with 8"
    )


def _judge(
    image: Image.Image, depth: int, label_set: LabelSet
) -> tuple[np.ndarray | None, list[Flaw]]:
    if image.format != "PNG":
        return None, [(kinds.NOT_PNG, f"it is a {image.format} by another name")]
    if depth == 16:
        low, high = (int(f(np.asarray(image))) for f in (np.min, np.max))
        return None, [(kinds.SIXTEEN_BITS, f"values {low} to {high}")]
    if image.mode in ("1", "LA"):
        return None, [(kinds.GRAY_ALPHA if image.mode == "LA" else kinds.ONE_BIT, "")]
    try:
        check_opaque(image)
    except DatasetError as error:
        return None, [(kinds.ALPHA, str(error).partition(";")[0])]
    if image.mode in ("L", "P"):
        counts = np.bincount(np.asarray(image).ravel(), minlength=256)
        flaws = _palette_flaws(image, counts, label_set) if image.mode == "P" else []
        return _known_ids(counts, label_set, flaws)
    flaws = [(kinds.OPAQUE_ALPHA, "")] if image.mode == "RGBA" else []
    try:
        label_set.check_colors()
    except DatasetError as error:
        return None, [(kinds.SAME_COLOR, str(error).partition(";")[0])]
    return _known_colors(np.asarray(image.convert("RGB")), label_set, flaws)


def _known_ids(
    counts: np.ndarray, label_set: LabelSet, flaws: list[Flaw]
) -> tuple[np.ndarray, list[Flaw]]:
    strange = counts.copy()
    strange[: label_set.num_classes] = strange[label_set.ignore_id] = 0
    if strange.any():
        worst = np.argsort(-strange, kind="stable")[: np.count_nonzero(strange)]
        flaws.append((kinds.UNKNOWN_IDS, join_first(f"{i} ({strange[i]} pixels)" for i in worst)))
    return counts - strange, flaws


def _known_colors(
    pixels: np.ndarray, label_set: LabelSet, flaws: list[Flaw]
) -> tuple[np.ndarray, list[Flaw]]:
    ids = label_set.color_ids
    counts, strange = np.zeros(256, np.int64), {}
    colors, pixels_of = np.unique(pack_colors(pixels), return_counts=True)
    for color, count in zip(colors.tolist(), pixels_of.tolist(), strict=True):
        if color in ids:
            counts[ids[color]] += count
        else:
            strange[color] = count
    if strange:
        worst = sorted(strange, key=lambda color: -strange[color])
        colors_found = (
            f"{_describe(color, label_set)} ({strange[color]} pixels)" for color in worst
        )
        flaws.append((kinds.UNKNOWN_COLORS, join_first(colors_found, 3)))
    return counts, flaws


def _describe(packed: int, label_set: LabelSet) -> str:
    """Describe a color, with the class that it may stand for."""
    color = np.array([packed >> 16, packed >> 8 & 255, packed & 255])
    far = np.abs(label_set.palette[: label_set.num_classes] - color).max(1)
    swapped = np.abs(label_set.palette[: label_set.num_classes] - color[::-1]).max(1)
    text = "({}, {}, {})".format(*color)
    if far.min() <= 12:
        return f"{text}, nearly {label_set.names[far.argmin()]}'s"
    if not swapped.min():
        return f"{text}, {label_set.names[swapped.argmin()]}'s with red and blue swapped"
    return text


def _palette_flaws(image: Image.Image, counts: np.ndarray, label_set: LabelSet) -> list[Flaw]:
    """Used indices that have the color of another class, so may be no ids."""
    colors = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    owners = {each.color: each.name for each in label_set.classes}
    wrong = []
    for index in np.flatnonzero(counts[: label_set.num_classes]).tolist():
        color = tuple(colors[index].tolist()) if index < len(colors) else ()
        own = label_set.classes[index]
        if color != own.color and color in owners:
            wrong.append(f"index {index} is {own.name} but has the color of {owners[color]}")
    return [(kinds.PALETTE, join_first(wrong, 3))] if wrong else []
