"""Kinds of problems of a data set, with severity and mend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Kind:
    """One kind of problem.

    Attributes:
        name: name in reports.
        severity: an error stops training or falsifies its figures; a warning makes them doubtful.
        mend: instruction to solve it.
    """

    name: str
    severity: Severity
    mend: str


@dataclass(frozen=True)
class Problem:
    """One problem and its files."""

    kind: Kind
    split: str  # "" for the whole data set
    files: tuple[Path, ...] = ()
    detail: str = ""


NO_TRAIN = Kind("no images to train on", "error", "put images into train/, labels into trainannot/")
NO_VAL = Kind(
    "no images to measure on", "note",
    "put whole other recordings into val/ and valannot/, so that training can say how good it is",
)  # fmt: skip
EMPTY = Kind("empty split", "error", "put PNG or JPEG files into it, or remove the folder")
NO_LABELS_FOLDER = Kind("no folder of labels", "error", "make it, with a PNG for each image")
NO_IMAGES_FOLDER = Kind("no folder of images", "error", "make it, or remove that of the labels")
NO_LABELS = Kind(
    "image without labels", "error", "label it as SPLITannot/NAME.png, or move it away"
)
NO_IMAGE = Kind(
    "labels without an image", "warning", "bring the image, or remove the labels; nobody reads them"
)
TWICE = Kind("several images of one name", "error", "keep one: they would share their labels")
UNREADABLE_IMAGE = Kind("image that does not open", "error", "copy it again, or remove it")
UNREADABLE_LABELS = Kind("labels that do not open", "error", "export them again")
NOT_PNG = Kind(
    "labels that are no PNG", "error", "export them as PNG: JPEG and the like change ids at edges"
)
SIZES_DIFFER = Kind("sizes differ", "error", "export the labels at the image's size")
UNKNOWN_IDS = Kind(
    "ids outside the label set", "error", "correct the labels, or add the classes to labels.yaml"
)
UNKNOWN_COLORS = Kind(
    "colors of no class", "error",
    "export without smoothing in exactly the colors of labels.yaml, or as ids",
)  # fmt: skip
SIXTEEN_BITS = Kind("labels of 16 bits", "error", "export them with 8 bits a channel")
ONE_BIT = Kind("labels of one bit", "error", "export them with 8 bits a channel")
GRAY_ALPHA = Kind("ids with an alpha channel", "error", "export without alpha")
ALPHA = Kind(
    "labels with transparent pixels", "error", "export without alpha: half a label is no label"
)
SAME_COLOR = Kind(
    "classes of one color", "error", "give each a color of its own in labels.yaml, or export ids"
)
OPAQUE_ALPHA = Kind("labels with an alpha channel", "note", "nothing to do: it is dropped")
PALETTE = Kind(
    "palette of another order", "warning",
    "indices are ids, whatever their colors: export ids in the order of the label set, or colors",
)  # fmt: skip
TWO_NUMBERINGS = Kind(
    "masks of 0 and 255 beside masks of 0 and 1", "warning",
    "255 counts nowhere: if it is a class, segnet import-labels MASKS DATASET --map 255=CLASS",
)  # fmt: skip
MOSTLY_IGNORED = Kind("labels nearly all ignored", "warning", "label more of it, or remove it")
NEVER_IN_TRAIN = Kind(
    "class that never occurs in train", "warning",
    "label images that show it, or take it out of labels.yaml",
)  # fmt: skip
ONE_CLASS = Kind(
    "one class alone is labeled", "warning",
    "label what is beside it too: a network that never sees anything else calls everything that. "
    "Masks of 0 and 255 have to be imported, with --map 255=CLASS",
)  # fmt: skip
ONE_CLASS_MEASURED = Kind(
    "one class alone is labeled to measure on", "warning",
    "label what is beside it too: whatever the network calls it elsewhere counts nowhere",
)  # fmt: skip
ONLY_ELSEWHERE = Kind(
    "class to be found that train never shows", "warning",
    "label images for train that show it: a network cannot find what it never saw",
)  # fmt: skip
SAME_ACROSS = Kind(
    "same image in two splits", "error", "remove it from one: a network knows what it was taught"
)
SAME_WITHIN = Kind("same image twice in a split", "warning", "keep one: it counts twice")
ALIKE_ACROSS = Kind(
    "nearly the same image in two splits", "warning",
    "measure on whole other recordings: figures from images like these flatter",
)  # fmt: skip
BETWEEN = Kind(
    "images that lie between those of another split", "warning",
    "if the numbers are frames of one recording, measure on whole other recordings: figures "
    "from these flatter",
)  # fmt: skip
TURNED = Kind(
    "stored turned", "warning",
    "it is read upright, as labeling tools show it: save it so, with `mogrify -auto-orient`. If a "
    "program made its labels on the pixels as stored, remove the tag: `exiftool -Orientation=`",
)  # fmt: skip
SEVERAL_SIZES = Kind(
    "images of several sizes",
    "note",
    "nothing to do, if that is meant: each is scaled by itself; without --input-size, training "
    "takes half the size of the first image",
)
