"""Read labels from CVAT, COCO, YOLO, labelme and other tools into a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.choices import LABEL_FORMATS
from segnet_model.base.class_maps import read_map
from segnet_model.base.errors import SettingsError
from segnet_model.base.listed import join_first
from segnet_model.commands import arguments

if TYPE_CHECKING:
    from segnet_model.datasets.annotations.importing import Imported
    from segnet_model.labels import LabelSet

EPILOG = """\
SOURCE is a folder, a zip, which is read without being unpacked, or a file of JSON, XML or
CSV. Labels go to the image of the same name: those of DATASET/train/0001.jpg become
DATASET/trainannot/0001.png.

  cvat-camvid   CVAT's export CamVid 1.0
  cvat-mask     CVAT's export Segmentation mask 1.1
  camvid32      CamVid's original 32 colors, merged to the eleven classes:
                Road        Road LaneMkgsDriv LaneMkgsNonDriv
                Pavement    Sidewalk ParkingBlock RoadShoulder(1)
                Building    Building Wall Archway(2) Bridge(2) Tunnel(2)
                Tree        Tree VegetationMisc
                SignSymbol  SignSymbol TrafficLight Misc_Text
                Pole        Column_Pole TrafficCone(2)
                Car         Car SUVPickupTruck Truck_Bus Train(2) OtherMoving(2)
                Pedestrian  Pedestrian Child(2) CartLuggagePram(2) Animal(2)
                Bicyclist   Bicyclist MotorcycleScooter
                Sky, Fence  themselves; Void counts nowhere
                Sources differ: some take (1) as Road and leave (2) out; --map follows them.
  color-table   PNG of colors beside class_dict.csv, or any CSV with the titles name,r,g,b
  ids           PNG whose gray values, or palette indices, are class ids: the place in the label
                set, or as published for the shipped ones
  colors        PNG in the label set's colors
  labelme       JSON: polygons, AI masks, rectangles, circles
  coco          COCO's JSON: polygons, run lengths, crowds. Several polygons of an object are united
  cvat-xml      CVAT for images 1.1, CVAT for video 1.1; a higher z-order lies on top
  yolo          YOLO segmentation: labels/NAME.txt, and data.yaml or classes.txt with the names
  label-studio  JSON or JSON-MIN: polygons, brushes, rectangles, ellipses
  supervisely   ann/NAME.png.json: polygons, bitmaps, rectangles
  via           JSON or CSV of the VGG Image Annotator 1 and 2
  numbered-masks  PNG of numbers, with their names: class_names.txt of labelme2voc, label_names.txt
                of labelme_export_json, obj_class_to_machine_color.json of Supervisely
  roboflow-masks  Semantic Segmentation Masks: NAME_mask.png and _classes.csv

Of shapes, later ones lie on top. A box is painted whole, and counted; what has no area is left
out, and counted; what reaches beyond the image is cut off, and counted; what reaches beyond by
half the image is refused, as drawn on images of another size. An export of boxes alone, as for
detection, is refused. Only the end of an image's path or address counts: .../a/0001.jpg is for
train/0001.png. Of a name in two subsets, that of the image's own split is taken (valid is val).
Roboflow's 0001_jpg.rf.12ab.jpg and Label Studio's 12ab34cd-0001.jpg are for 0001, too.

All labels that have names count by them. One that is no class of the data set is refused
until --map says what it is. Pixels that nobody labeled are ignored. Everything is checked before
anything is written; labels that are there already are replaced, as corrected ones come back often,
but not by those without a single labeled pixel, whose image nobody has come to yet.

  segnet import-labels task_export.zip yard --labels outdoor
  segnet import-labels labelme_folder yard --map lawn=Grass --map dog=ignore

Ids and colors are mapped like names, one by one or in a YAML file:

  segnet import-labels masks yard --map 0=ignore --map 255=Grass
  segnet import-labels masks yard --map '#ff0000=Grass' --map-file table.yaml

Labels of a public data set keep its classes, or are mapped by the table that ships for both sets:

  segnet import-labels RUGD_annotations/creek creek --from rugd --labels outdoor

Of a data set without any labels, --labels becomes its label set, in labels.yaml; so do the
--classes of segnet select and extract.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("source", type=Path, help="labels: a folder, a zip file, JSON, XML or CSV")
    parser.add_argument("dataset", type=Path, help="data set: folder with train/ and val/")
    parser.add_argument("--split", help="split to import labels for (default: all)")
    parser.add_argument(
        "--format", choices=("auto", *LABEL_FORMATS), default="auto",
        help="format of the labels; auto detects it by its marks (default: auto)",
    )  # fmt: skip
    arguments.add_map(parser, "class for a label of another name; CLASS may be ignore")
    arguments.add_labels(parser)
    parser.add_argument(
        "--from", dest="original", metavar="LABELS",
        help="label set of the labels to read, as --labels (default: the data set's)",
    )  # fmt: skip
    parser.add_argument("--keep", action="store_true", help="keep existing labels")


def run(args: argparse.Namespace) -> None:
    """Import the labels, and print how many."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.annotations.importing import import_labels
    from segnet_model.labels import LabelSet

    _check_order(args.source, args.dataset)
    labels = _label_set(args.dataset, args.labels)
    original = LabelSet.load(args.original) if args.original else None
    with progress_bar("reading") as progress:
        done = import_labels(
            args.source, args.dataset, labels, split=args.split, format_name=args.format,
            renamed=read_map(args.map), optional=arguments.file_map(args), original=original,
            keep=args.keep, progress=progress,
        )  # fmt: skip
    _print(args.dataset, done)


def _check_order(source: Path, dataset: Path) -> None:
    """Raise SettingsError where the data set seems to come first."""
    from segnet_model.datasets.folder import split_images
    from segnet_model.datasets.layout import USUAL_SPLITS

    def has_images(path: Path) -> bool:
        return path.is_dir() and any(split_images(path, each) for each in USUAL_SPLITS)

    if source.is_dir() and (
        dataset.is_file() or (dataset.is_dir() and has_images(source) and not has_images(dataset))
    ):
        raise SettingsError(
            f"{dataset} holds no images in train/ or val/; give the labels first, and then the "
            f"data set: segnet import-labels {dataset} {source}"
        )


def _label_set(dataset: Path, named: str | None) -> LabelSet:
    """The named label set, else that of the data set's labels."""
    from segnet_model.datasets.folder import label_set_of_labels
    from segnet_model.labels import LabelSet

    if not dataset.is_dir():
        raise SettingsError(f"there is no folder {dataset}; give the data set with the images")
    labels = LabelSet.load(named) if named else label_set_of_labels(dataset)
    if labels is None:
        raise SettingsError(
            f"{dataset} has no labels.yaml, so nothing says what its classes are; give --labels "
            "outdoor, or camvid, or a file with your own, and they are kept as its labels.yaml"
        )
    return labels


def _print(dataset: Path, done: Imported) -> None:
    counts = ", ".join(f"{done.counts[kind]} {kind}" for kind in ("new", "changed", "same"))
    kept = f", {done.counts['kept']} kept" if done.counts["kept"] else ""
    print(f"{dataset}: labels of {done.counts.total()} images: {counts}{kept} ({done.format})")
    print(f"pixels: {_shares(done)}")
    if done.empty:
        print(f"{len(done.empty)} labels are empty and were left out: {join_first(done.empty)}")
    for note, count in done.notes.items():
        print(f"{count} {note}")
    if done.turned:
        print(
            f"{len(done.turned)} images are stored turned (EXIF orientation), and are read upright "
            f"as labeling tools show them: {join_first(done.turned)}; if a program made the labels "
            "on the pixels as stored, remove the tag with exiftool -Orientation= FILE"
        )
    if done.imageless:
        print(f"{len(done.imageless)} labels have no image here: {join_first(done.imageless)}")
    if done.unlabeled:
        print(f"{len(done.unlabeled)} images have no labels yet: {join_first(done.unlabeled)}")


def _shares(done: Imported) -> str:
    """The names that were found, their classes and shares."""
    named = [
        f"{name if name == done.meanings[name] else f'{name} as {done.meanings[name]}'} {share:.1%}"
        for name, share in done.shares.items()
    ]
    rest = round(1 - sum(done.shares.values()), 6)
    return join_first([*named, *([f"without a class {rest:.1%}"] if rest > 0 else [])], 15)
