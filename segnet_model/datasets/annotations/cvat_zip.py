"""Writer of masks for CVAT, as "CamVid 1.0" or "Segmentation mask 1.1".

CVAT reads both with Datumaro. Black that no list names stays unlabeled in "CamVid 1.0";
"Segmentation mask 1.1" needs instance masks for that, or black becomes a label "background" that
the task lacks. Images are left out: the task has them already, and CVAT finds them by name.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.marks import MARK
from segnet_model.images.files import new_file
from segnet_model.labels import LabelSet, voc_colors

SUBSET = "default"  # CVAT's own name
BLACK = (0, 0, 0)
VOC_COLORS = np.array([BLACK, *islice(voc_colors(), 255)], np.uint8)  # (256, 3) RGB
AddMask = Callable[[str, np.ndarray], None]  # image file's name, labels (H, W) uint8 ids


@contextmanager
def cvat_zip(path: Path, form: str, labels: LabelSet) -> Iterator[AddMask]:
    """Write a zip, one mask after the other; it becomes `path` only when all went well.

    Args:
        path: the zip to write; its folder must exist.
        form: "camvid" or "mask".
        labels: label set of the masks; ignored pixels stay unlabeled.

    Raises:
        SettingsError: a class's name cannot be written in this form.
        DatasetError: the file cannot be written, or an image has a name that CVAT cannot read.
    """
    check_names(form, labels)
    palette = _palette(labels)
    added: list[str] = []
    with new_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.comment = MARK.encode()

        def add(name: str, ids: np.ndarray) -> None:
            if '"' in name or len(name.splitlines()) > 1:
                raise DatasetError(f"CVAT cannot read the file name {name!r}; rename the image")
            stem = Path(name).stem
            folder = f"{SUBSET}annot" if form == "camvid" else "SegmentationClass"
            _write(archive, f"{folder}/{stem}.png", _png(palette[ids]))
            if form == "mask":
                things = np.where(ids < labels.num_classes, ids + 1, 0)
                instances = _png(VOC_COLORS[things])
                _write(archive, f"SegmentationObject/{stem}.png", instances)
            added.append(name)

        yield add
        for file, text in _lists(form, labels, palette, added).items():
            _write(archive, file, text.encode())


def labels_json(labels: LabelSet) -> str:
    """The label set for CVAT's raw label constructor."""
    colors = _palette(labels).tolist()
    rows = [
        {"name": name, "color": "#{:02x}{:02x}{:02x}".format(*color), "attributes": []}
        for name, color in zip(labels.names, colors, strict=False)
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def check_names(form: str, labels: LabelSet) -> None:
    """Raise SettingsError where CVAT would misread a class's name."""
    for name in labels.names:
        if form == "camvid" and len(name.split()) != 1:
            raise SettingsError(f"CamVid 1.0 has no room for blanks in {name!r}; use --format mask")
        if (
            ":" in name
            or name != name.strip()
            or name.startswith("#")
            or len(name.splitlines()) > 1
        ):
            raise SettingsError(
                f"CVAT cannot read a class named {name!r}; rename it without ':', '#' in front, "
                "or blanks at its ends"
            )


def _lists(form: str, labels: LabelSet, palette: np.ndarray, images: list[str]) -> dict[str, str]:
    """The text files: names of the colors, and the list of images."""
    classes = list(zip(labels.names, palette.tolist(), strict=False))
    if form == "camvid":
        colors = "".join("{} {} {} {}\n".format(*color, name) for name, color in classes)
        pairs = ((f"/{SUBSET}/{each}", f"{SUBSET}annot/{Path(each).stem}.png") for each in images)
        lines = "".join(
            f'"{image}" "{mask}"\n' if len(image.split()) > 1 else f"{image} {mask}\n"
            for image, mask in pairs
        )
        return {"label_colors.txt": colors, f"{SUBSET}.txt": lines}
    colors = "".join(
        "{}:{},{},{}::\n".format(name, *color) for name, color in [("background", BLACK), *classes]
    )
    stems = "".join(f"{Path(image).stem}\n" for image in images)
    return {
        "labelmap.txt": "# label:color_rgb:parts:actions\n" + colors,
        f"ImageSets/Segmentation/{SUBSET}.txt": stems,
    }


def _palette(labels: LabelSet) -> np.ndarray:
    """A color for each id, (256, 3) uint8 RGB: the class's own, unless it is black or taken."""
    palette = np.zeros((256, 3), np.uint8)
    own = [each.color for each in labels.classes]
    fresh = (color for color in voc_colors() if color not in own)
    taken = {BLACK}
    for index, color in enumerate(own):
        palette[index] = next(fresh) if color in taken else color
        taken.add(color)
    return palette


def _png(image: np.ndarray) -> bytes:
    _, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return data.tobytes()


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    # Without a time, so that the same masks make the same file.
    kind = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
    archive.writestr(zipfile.ZipInfo(name), data, kind)
