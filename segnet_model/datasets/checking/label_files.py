"""What a label file holds, and all that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from segnet_model.base.errors import DatasetError
from segnet_model.base.limits import check_size
from segnet_model.datasets.checking import problems as kinds
from segnet_model.datasets.checking.problems import Kind, some
from segnet_model.images.compressed import PNG_SIGNATURE
from segnet_model.images.label_images import check_opaque
from segnet_model.labels import LabelSet

Flaw = tuple[Kind, str]  # and its details
GREY = 0  # a PNG's colour type
DECODED = ("PNG", "BMP", "WEBP")
NAMED = (*DECODED, "JPEG", "GIF", "TIFF")  # but not EPS, which Pillow would let Ghostscript run


def read_label_file(
    path: Path, label_set: LabelSet
) -> tuple[tuple[int, int] | None, np.ndarray | None, list[Flaw]]:
    """Read labels as training does, but name every flaw instead of the first.

    Returns:
        (height, width), None where the file does not open; how many pixels each id has, (256,)
        int64, without what is outside the set, None where that cannot be told; and the flaws.
    """
    try:
        image = decode_whole(path)
        depth, color_type = _png_header(path)
    except (OSError, DatasetError) as error:
        return None, None, [(kinds.UNREADABLE_LABELS, str(error))]
    counts, flaws = _judge(image, depth, label_set)
    if depth < 8 and color_type == GREY:
        flaws = [(kind, f"{detail}; {_scaled(depth)}") for kind, detail in flaws]
    return (image.height, image.width), counts, flaws


def decode_whole(path: Path) -> Image.Image:
    """Decode an image file to its end with Pillow, which refuses what is cut.

    Raises:
        DatasetError: it is damaged, or of an absurd size.
    """
    try:
        with Image.open(path, formats=NAMED) as image:
            image.verify()  # a PNG's checksums, which decoding does not look at
        with Image.open(path, formats=NAMED) as image:
            check_size(image.height, image.width)
            if image.format in DECODED:
                image.load()
            return image
    except Exception as error:  # its decoders raise struct.error, SyntaxError and a dozen more
        raise DatasetError(f"{type(error).__name__}: {error}".replace(f" '{path}'", "")) from None


def _png_header(path: Path) -> tuple[int, int]:
    """Bits a channel and colour type; 8 and -1 where the file is no PNG."""
    with path.open("rb") as file:
        start = file.read(26)
    is_png = start.startswith(PNG_SIGNATURE) and len(start) == 26
    return (start[24], start[25]) if is_png else (8, -1)


def _scaled(depth: int) -> str:
    return (
        f"it is a grey PNG of {depth} bits, whose ids are read times {255 // (2**depth - 1)}: "
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
        return None, [(kinds.GREY_ALPHA if image.mode == "LA" else kinds.ONE_BIT, "")]
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
        flaws.append((kinds.UNKNOWN_IDS, some(f"{i} ({strange[i]} pixels)" for i in worst)))
    return counts - strange, flaws


def _known_colors(
    pixels: np.ndarray, label_set: LabelSet, flaws: list[Flaw]
) -> tuple[np.ndarray, list[Flaw]]:
    packed = pixels.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    ids = {_pack(label_set.ignore_color): label_set.ignore_id}
    ids.update({_pack(each.color): index for index, each in enumerate(label_set.classes)})
    counts, strange = np.zeros(256, np.int64), {}
    colors, pixels_of = np.unique(packed, return_counts=True)
    for color, count in zip(colors.tolist(), pixels_of.tolist(), strict=True):
        if color in ids:
            counts[ids[color]] += count
        else:
            strange[color] = count
    if strange:
        worst = sorted(strange, key=lambda color: -strange[color])
        told = (f"{_told(color, label_set)} ({strange[color]} pixels)" for color in worst)
        flaws.append((kinds.UNKNOWN_COLORS, some(told, 3)))
    return counts, flaws


def _pack(color: tuple[int, int, int]) -> int:
    return color[0] << 16 | color[1] << 8 | color[2]


def _told(packed: int, label_set: LabelSet) -> str:
    """A colour, and which class may be meant by it."""
    color = np.array([packed >> 16, packed >> 8 & 255, packed & 255])
    far = np.abs(label_set.palette[: label_set.num_classes] - color).max(1)
    swapped = np.abs(label_set.palette[: label_set.num_classes] - color[::-1]).max(1)
    told = "({}, {}, {})".format(*color)
    if far.min() <= 12:
        return f"{told}, nearly {label_set.names[far.argmin()]}'s"
    if not swapped.min():
        return f"{told}, {label_set.names[swapped.argmin()]}'s with red and blue swapped"
    return told


def _palette_flaws(image: Image.Image, counts: np.ndarray, label_set: LabelSet) -> list[Flaw]:
    """Indices in use whose colour is that of another class: a sign that they are no ids."""
    colors = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    owners = {each.color: each.name for each in label_set.classes}
    wrong = []
    for index in np.flatnonzero(counts[: label_set.num_classes]).tolist():
        color = tuple(colors[index].tolist()) if index < len(colors) else ()
        own = label_set.classes[index]
        if color != own.color and color in owners:
            wrong.append(f"index {index} is {own.name} but has the colour of {owners[color]}")
    return [(kinds.PALETTE, some(wrong, 3))] if wrong else []
