"""Label images of ids or colors, whose meaning the label set and the user's map give."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import DatasetError, SegNetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import (
    UNNAMED,
    Annotations,
    LabelFormat,
    NamedMask,
    Size,
    Target,
    by_stem,
    in_folders,
    jsons,
    pngs,
)
from segnet_model.datasets.annotations.foreign import TAKEN
from segnet_model.datasets.annotations.marks import Marks, called
from segnet_model.images.label_images import Pixels, decode_mask
from segnet_model.labels import LabelSet, Numbering, numberings, pack_colors

LISTS = ("classes.txt", "codes.txt", "labels.txt", "obj.names", "classes.csv")  # of several tools
PALETTES = ("voc", "mapillary")  # public label sets whose label images have a palette
PALETTE = (
    "labels with ids and palette as of {0}, read as places in the label set; if they are of {0}, "
    "give --from {0}"
)
MAX_STRANGE = 20  # ids or colors of no class; a smoothed or compressed image has more
_COLOR = re.compile(r"\(?(\d{1,3}), ?(\d{1,3}), ?(\d{1,3})\)?")


def open_ids(source: ExportFiles, target: Target) -> Annotations:
    """Read PNGs whose gray values, or a palette's indices, are ids.

    Args:
        source: the files.
        target: its label set gives the names of ids; see `numberings`. An id among the names that
            the user maps is its own name, as is one of no class.
    """
    labels, mapped = target.labels, target.mapped
    files, numbering = label_files(source, labels)
    names: list[str | None] = [numbering.names.get(each, str(each)) for each in range(256)]
    for each in range(256):
        if str(each) in mapped and str(each) not in labels.names:
            names[each] = str(each)
        elif names[each] == IGNORE:
            names[each] = None

    def read(name: str, _size: Size) -> NamedMask:
        pixels = decode_mask(source.read(name))
        ids = _ids(pixels)
        found = np.flatnonzero(np.bincount(ids.ravel(), minlength=256)).tolist()
        _check_bits(pixels, found, labels, mapped)
        known = {*labels.names, *mapped, None}
        _check_strange([str(names[each]) for each in found if names[each] not in known], "ids")
        mask = _named_mask(ids, found, [names[each] for each in found])
        if (own := _palette_of(pixels)) not in ("", labels.name):
            mask.notes[PALETTE.format(own)] += 1
        return mask

    return Annotations("ids", _by_image(files, numbering, target.images), read)


def open_colors(source: ExportFiles, target: Target) -> Annotations:
    """Read PNGs in the set's colors; one that is mapped, or of no class, is named as #rrggbb."""
    labels = target.labels
    labels.check_colors()
    own_names = dict(enumerate(labels.names))
    names = {color: own_names.get(each) for color, each in labels.color_ids.items()}
    files, numbering = label_files(source, labels)
    by_image = _by_image(files, numbering, target.images)
    return Annotations("colors", by_image, color_reader(source, names, target.mapped))


def color_reader(
    source: ExportFiles,
    names: Mapping[int, str | None],
    mapped: Collection[str],
    mend: str = "try --format ids",
) -> Callable[[str, Size], NamedMask]:
    """Make a reader of PNGs in colors; of gray ones, too, where all named colors are gray.

    Args:
        source: the files.
        names: of packed colors; None is unlabeled.
        mapped: names that the user maps; colors among them are their own names.
        mend: what to do where gray ones hold numbers.
    """
    all_gray = {each % 256 * 0x010101 for each in names} == {*names}
    named = {**names, **{int(each[1:], 16): each for each in mapped if _is_color(each)}}

    def read(name: str, _size: Size) -> NamedMask:
        pixels = decode_mask(source.read(name))
        colors = pixels.colors
        if colors is None and pixels.ids is not None and all_gray:
            colors = np.repeat(pixels.ids[..., None], 3, axis=2)
        if colors is None:
            raise DatasetError(f"holds numbers, not colors; {mend}")
        packed = pack_colors(colors)
        found = np.unique(packed)
        own = [named.get(each, f"#{each:06x}") for each in found.tolist()]
        _check_strange([str(each) for each in own if each not in named.values()], "colors")
        places = np.zeros(1 << 24, np.uint8)
        places[found] = np.arange(len(found))
        return _named_mask(places[packed], range(len(own)), own)

    return read


def color_name(name: str) -> str:
    """A color that is written "#FF0000", "255,0,0" or "(255, 0, 0)" as "#ff0000"; others as is."""
    if match := _COLOR.fullmatch(name):
        values = [int(value) for value in match.groups()]
        return "#{:02x}{:02x}{:02x}".format(*values) if max(values) < 256 else name
    return name.lower() if _is_color(name.lower()) else name


def label_files(source: ExportFiles, labels: LabelSet) -> tuple[list[str], Numbering]:
    """PNGs, and how they are numbered.

    Of a whole data set, only those in folders such as trainannot; of a public one, those with the
    endings of its labels.
    """
    names = pngs(source.names)
    names = in_folders(names, "annot") or names
    *endings, usual = numberings(labels)
    for each in endings:
        if chosen := [name for name in names if name.endswith(f"{each.suffix}.png")]:
            return chosen, each
    return names, usual


def _by_image(
    names: Sequence[str], numbering: Numbering, images: Mapping[str, Path]
) -> dict[str, str]:
    """Label files by image."""
    files = by_stem(names, numbering.suffix, images)
    longer = {stem: f"{stem}{numbering.image_suffix}" for stem in files}
    return {longer[s] if longer[s] in images else s: name for s, name in files.items()}


def _ids(pixels: Pixels) -> np.ndarray:
    """The ids (H, W) uint8; of colors, too, where all are gray."""
    if pixels.ids is not None:
        return pixels.ids
    colors = pixels.colors
    assert colors is not None
    if (colors != colors[..., :1]).any():
        raise DatasetError("holds colors, not ids; try --format colors, or camvid32")
    return np.ascontiguousarray(colors[..., 0])


def _check_bits(
    pixels: Pixels, found: Sequence[int], labels: LabelSet, mapped: Collection[str]
) -> None:
    """Raise DatasetError for a black and white mask whose two values nobody named."""
    if pixels.one_bit and labels.num_classes > 2 and not {*map(str, found)} <= {*mapped}:
        raise DatasetError(
            f"is black and white, with one bit a pixel, and label set {labels.name!r} has "
            f"{labels.num_classes} classes; say what black and white are: --map 0={IGNORE} "
            "--map 1=CLASS"
        )


def _palette_of(pixels: Pixels) -> str:
    """The public label set whose ids and colors a mask with a palette has; "" for none."""
    if pixels.ids is None or pixels.colors is None:
        return ""
    ids, first = np.unique(pixels.ids, return_index=True)
    colors = pack_colors(pixels.colors).ravel()[first]
    drawn = {each for each in zip(ids.tolist(), colors.tolist(), strict=True) if each[1]}
    return next((name for name in PALETTES if drawn and drawn <= _published(name)), "")


@cache
def _published(name: str) -> set[tuple[int, int]]:
    """Ids and colors of a public label set, with the ignored ones."""
    labels = LabelSet.load(name)
    colors = [*(each.color for each in labels.classes), labels.ignore_color]
    packed = pack_colors(np.array(colors, np.uint8)).tolist()
    return set(zip([*range(labels.num_classes), labels.ignore_id], packed, strict=True))


def _named_mask(values: np.ndarray, found: Sequence[int], own: Sequence[str | None]) -> NamedMask:
    """The mask of values (H, W) uint8, of which those found have the names, or None."""
    names = [name for name in dict.fromkeys(own) if name is not None]
    if len(names) > UNNAMED:
        raise DatasetError(f"has {len(names)} classes; at most {UNNAMED} are read")
    table = np.full(256, UNNAMED, np.uint8)
    for value, name in zip(found, own, strict=True):
        if name is not None:
            table[value] = names.index(name)
    return NamedMask(table[values], tuple(names))


def _check_strange(strange: Sequence[str], kind: str) -> None:
    if len(strange) > MAX_STRANGE:
        raise DatasetError(
            f"holds {len(strange)} {kind} of no class ({', '.join(strange[:3])} and so on), as a "
            "picture does, or labels that were smoothed; name the folder with the labels alone, or "
            "export them without smoothing"
        )


def _is_color(name: str) -> bool:
    return re.fullmatch(r"#[0-9a-f]{6}", name) is not None


def _are_ids(marks: Marks) -> bool:
    """Whether the first label image has ids; DatasetError if it is damaged, or in doubt."""
    files, _ = label_files(marks.source, marks.labels)
    if not files:
        return False
    _check_lists(marks)
    try:
        pixels = decode_mask(marks.source.read(files[0]))
        _check_palette(pixels, marks.labels)
    except SegNetError as error:
        raise DatasetError(f"{files[0]}: {error}") from None
    return pixels.ids is not None


def _check_lists(marks: Marks) -> None:
    """Raise DatasetError for a list of names whose numbers nothing says."""
    for name in called(marks.source.names, *LISTS):
        lines = marks.source.read(name).decode("utf-8-sig", "replace").splitlines()
        if tuple(each.strip() for each in lines if each.strip()) != marks.labels.names:
            raise DatasetError(
                f"{name} lists other classes than label set {marks.labels.name!r}, and leaves "
                "open whether they count from 0 or 1; say what each id is with --map 0=CLASS "
                "and so on, or --map-file, and --format ids"
            )


def _check_palette(pixels: Pixels, labels: LabelSet) -> None:
    """Raise DatasetError for a palette with the classes' colors at other indices than their ids."""
    if pixels.ids is None or pixels.colors is None:
        return
    try:
        drawn = labels.ids_from_colors(pixels.colors)
    except DatasetError:
        return  # an arbitrary palette
    if (drawn == labels.ignore_id).all():
        return  # an empty one
    if (drawn != pixels.ids).any():
        raise DatasetError(
            "its palette has the classes' colors, at other indices than their ids; say which "
            "count with --format colors or --format ids"
        )


IDS = LabelFormat(open_ids, _are_ids)


def _are_colors(marks: Marks) -> bool:
    """Whether there are PNGs; DatasetError for pictures beside a document of an unknown tool."""
    documents = jsons(marks.source.names)
    if documents and marks.masks and _is_picture(marks):
        raise DatasetError(f"{documents[0]} is of no tool that is known; {TAKEN}")
    return bool(marks.masks)


def _is_picture(marks: Marks) -> bool:
    colors = decode_mask(marks.source.read(marks.masks[0])).colors
    return colors is not None and len(np.unique(pack_colors(colors))) > UNNAMED


COLORS = LabelFormat(open_colors, _are_colors)
