"""CamVid's original labels: 32 classes by color, merged to SegNet's eleven.

The colors are those of label_colors.txt that Cambridge publishes with the labels (Brostow et al.,
"Semantic object classes in video: a high-definition ground truth database", PRL 2009). The merge
is the one that is published as SegNet's (MathWorks' `camvidPixelLabelIDs`, "following the original
SegNet training methodology"; the SegNet authors publish merged labels, but no table).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

import numpy as np

from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import ExportFiles
from segnet_model.datasets.annotations.export import (
    Annotations,
    LabelFormat,
    NamedMask,
    Size,
    Target,
    by_stem,
    pngs,
)
from segnet_model.datasets.annotations.marks import Marks
from segnet_model.images.label_images import decode_mask
from segnet_model.labels import LabelSet, SegmentationClass, pack_colors

# Sources differ. Kundu et al. (CVPR 2016, code "VideoParsing") ignore those marked with *, and take
# that with + as Road. `segnet import-labels --map RoadShoulder=Road` follows them.
TABLE: dict[str, tuple[tuple[int, int, int], str]] = {
    "Animal": ((64, 128, 64), "Pedestrian"),  # *
    "Archway": ((192, 0, 128), "Building"),  # *
    "Bicyclist": ((0, 128, 192), "Bicyclist"),
    "Bridge": ((0, 128, 64), "Building"),  # *
    "Building": ((128, 0, 0), "Building"),
    "Car": ((64, 0, 128), "Car"),
    "CartLuggagePram": ((64, 0, 192), "Pedestrian"),  # *
    "Child": ((192, 128, 64), "Pedestrian"),  # *
    "Column_Pole": ((192, 192, 128), "Pole"),
    "Fence": ((64, 64, 128), "Fence"),
    "LaneMkgsDriv": ((128, 0, 192), "Road"),
    "LaneMkgsNonDriv": ((192, 0, 64), "Road"),
    "Misc_Text": ((128, 128, 64), "SignSymbol"),
    "MotorcycleScooter": ((192, 0, 192), "Bicyclist"),
    "OtherMoving": ((128, 64, 64), "Car"),  # *
    "ParkingBlock": ((64, 192, 128), "Pavement"),
    "Pedestrian": ((64, 64, 0), "Pedestrian"),
    "Road": ((128, 64, 128), "Road"),
    "RoadShoulder": ((128, 128, 192), "Pavement"),  # +
    "Sidewalk": ((0, 0, 192), "Pavement"),
    "SignSymbol": ((192, 128, 128), "SignSymbol"),
    "Sky": ((128, 128, 128), "Sky"),
    "SUVPickupTruck": ((64, 128, 192), "Car"),
    "TrafficCone": ((0, 0, 64), "Pole"),  # *
    "TrafficLight": ((0, 64, 64), "SignSymbol"),
    "Train": ((192, 64, 128), "Car"),  # *
    "Tree": ((128, 128, 0), "Tree"),
    "Truck_Bus": ((192, 128, 192), "Car"),
    "Tunnel": ((64, 0, 64), "Building"),  # *
    "VegetationMisc": ((192, 192, 0), "Tree"),
    "Void": ((0, 0, 0), IGNORE),
    "Wall": ((64, 192, 0), "Building"),
}
MEANINGS = {name: meaning for name, (_, meaning) in TABLE.items()}
LABELS = LabelSet(
    "CamVid's 32", tuple(SegmentationClass(name, color) for name, (color, _) in TABLE.items())
)
SUFFIX = "_L"  # the labels of 0001TP_006690.png are 0001TP_006690_L.png
# Seq05VD_f02610_L.png, as it is published, has some 200 smeared pixels (0.03 %) of other colors.
STRAY_SHARE = 0.001
NUMBERS = "try --format ids"
STRAYS = "pixels of no class's color, taken as Void"


def open_camvid32(source: ExportFiles, target: Target) -> Annotations:
    """Read every PNG as CamVid's original labels."""
    files = by_stem(pngs(source.names), SUFFIX, target.images)
    return Annotations("camvid32", files, reader(source), MEANINGS)


def reader(source: ExportFiles, mend: str = NUMBERS) -> Callable[[str, Size], NamedMask]:
    """A reader of masks in CamVid's colors; `mend` says what to do where one holds numbers."""

    def read(name: str, _size: Size) -> NamedMask:
        return to_named_mask(decode_mask(source.read(name)).colors, mend)

    return read


def to_named_mask(colors: np.ndarray | None, mend: str = NUMBERS) -> NamedMask:
    """Convert the colors of a label image to classes.

    Args:
        colors: (H, W, 3) uint8 RGB, or None where the image had none.
        mend: what to do in that case.

    Raises:
        DatasetError: there are no colors, or more than a thousandth are of no class.
    """
    if colors is None:
        raise DatasetError(f"holds numbers, not CamVid's colors; {mend}")
    mask = NamedMask(np.empty(0), LABELS.names)
    strays = ~_known(colors)
    if 0 < strays.mean() <= STRAY_SHARE:
        colors = np.where(strays[..., None], np.uint8(0), colors)
        mask.notes[STRAYS] += int(strays.sum())
    return NamedMask(LABELS.ids_from_colors(colors), mask.names, mask.notes)


def _known(colors: np.ndarray) -> np.ndarray:
    """Mask of the pixels that have the color of a class, (H, W) bool."""
    return np.isin(pack_colors(colors), list(LABELS.color_ids))


def _found(marks: Marks) -> bool:
    """Whether its colors are listed, or all masks have its ending."""
    all_named = all(PurePosixPath(name).stem.endswith(SUFFIX) for name in marks.masks)
    return bool(marks.masks) and (marks.has_file("label_colors.txt") or all_named)


CAMVID32 = LabelFormat(open_camvid32, _found)
