"""Write the network's masks for CVAT, so that a person corrects them instead of drawing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from segnet_model.base.atomic import check_output
from segnet_model.base.choices import CVAT_FORMATS
from segnet_model.base.class_maps import IGNORE
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.marks import is_marked
from segnet_model.commands import arguments, outputs
from segnet_model.commands.unused import Unused

if TYPE_CHECKING:
    import numpy as np

    from segnet_model.inference.predictor import Predictor
    from segnet_model.labels import LabelSet

EPILOG = """\
Takes the images of DATASET/train and val that have no labels in trainannot and valannot yet, or
those of a plain folder. Writes OUT.zip, and the classes as OUT.labels.json.

  segnet prelabel yard runs/yard/weights.safetensors --out to_correct.zip

In CVAT:

  1. Create a task. Under Labels choose Raw, and paste the content of to_correct.labels.json.
     Add the images, with the names that they have. Submit.
  2. In the task's menu choose Upload annotations, the format CamVid 1.0 (with --format mask:
     Segmentation mask 1.1), and to_correct.zip. Switch "Convert masks to polygons" off: polygons
     lose the masks' edges.
  3. Open the job and correct the masks with the brush.
  4. Export the task's annotations, in one of the same two formats, and import them:

  segnet import-labels task_export.zip yard --labels camvid

--labels is needed where the data set has no labels.yaml yet: give the label set of the weights.
With --unsure 0.4, say, pixels of which the network is less sure stay empty for a person to fill.

Where the data set has classes of its own, in labels.yaml, say what the network's are there; those
of the same name need no word, nor do label sets between which a map ships, and what is mapped to
ignore stays empty:

  segnet prelabel yard segnet_basic_camvid --map Road=Path --map Sky=ignore ... --out task.zip
"""
UNUSED = (
    *arguments.PASSES,
    Unused(
        ("uncertainty",), lambda args: args.uncertainty == "features" and args.unsure is None,
        "features changes no mask; give --unsure too",
    ),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("source", type=Path, help="data set, or folder of images")
    arguments.add_network(parser, ("none", "features", "mc"))
    parser.add_argument("--out", type=Path, required=True, help="zip file to write")
    parser.add_argument("--split", help="split of the data set (default: train and val)")
    parser.add_argument(
        "--format", choices=CVAT_FORMATS, default="camvid",
        help="CVAT format: camvid is CamVid 1.0, mask is Segmentation mask 1.1 (default: camvid)",
    )  # fmt: skip
    parser.add_argument(
        "--all", action="store_true", help="include images that have labels already"
    )
    arguments.add_map(
        parser, "class of the data set for a class of the network; CLASS may be ignore"
    )
    parser.add_argument(
        "--unsure", type=arguments.number(0, 1), metavar="U",
        help="highest uncertainty of a labeled pixel, 0 to 1; other pixels stay empty (default: 1)",
    )  # fmt: skip
    arguments.add_overwrite(parser)


def run(args: argparse.Namespace) -> None:
    """Predict the images one after the other into the zip."""
    from segnet_model.base.progress import progress_bar
    from segnet_model.datasets.annotations.cvat_zip import check_names, cvat_zip, labels_json
    from segnet_model.datasets.folder import own_label_set
    from segnet_model.images.files import new_file

    if args.out.suffix != ".zip":
        raise SettingsError(f"--out {args.out} must end in .zip; CVAT takes nothing else")
    images = images_to_label(args.source, args.split, args.all)
    predictor = arguments.load_predictor(args)
    labels = own_label_set(args.source) or predictor.info.labels
    if args.unsure is not None:
        _check_unsure(args.weights, predictor, labels)
    table = _classes(predictor.info.labels, labels, arguments.class_map(args))
    check_names(args.format, labels)
    constructor = _prepare(args.out)
    with (
        progress_bar("predicting") as progress,
        cvat_zip(args.out, args.format, labels) as add,
    ):
        for done, path in enumerate(images, 1):
            add(path.name, _predict(predictor, path, table, args.unsure))
            progress(done / len(images))
    with new_file(constructor, known=True) as temporary:
        temporary.write_text(labels_json(labels), encoding="utf-8")
    print(
        f"{args.out}: {len(images)} masks, to be uploaded to CVAT as "
        f"{CVAT_FORMATS[args.format]!r}; labels for its raw constructor in "
        f"{constructor}; segnet prelabel --help says how"
    )


def _check_unsure(weights: str, predictor: Predictor, labels: LabelSet) -> None:
    """Raise SettingsError where no pixel can stay empty."""
    if predictor.info.answers_ids:
        raise SettingsError(f"{weights} answers ids alone and is never unsure; leave --unsure away")
    if "background" in labels.names:
        raise SettingsError(
            "CVAT takes empty pixels for the class 'background'; leave --unsure away"
        )


def _classes(known: LabelSet, labels: LabelSet, given: dict[str, str]) -> np.ndarray:
    """The class of the data set, or its ignored id, for each class of the network (256,) uint8."""
    from segnet_model.datasets.annotations.class_mapping import UNLABELED_NAMES
    from segnet_model.labels import LabelMap

    unlabeled = set(UNLABELED_NAMES) & set(known.names) - set(labels.names)
    meanings = {**dict.fromkeys(unlabeled, IGNORE), **given}
    return LabelMap.between(known, labels, meanings).lookup


def _prepare(out: Path) -> Path:
    """Check that the zip and the file of its classes can be written; the path of that file."""
    outputs.make_folder(out.parent)
    constructor = out.with_suffix(".labels.json")
    again = out.is_file() and is_marked(out)  # CVAT's list has no room for a mark
    for path in (out, *([] if again else [constructor])):
        check_output(path)
    return constructor


def images_to_label(source: Path, split: str | None = None, again: bool = False) -> list[Path]:
    """Images of a data set that have no labels, or all images of a plain folder.

    Args:
        source: data set, or folder with images.
        split: the only split to use; None for train and val.
        again: include images that have labels.

    Raises:
        DatasetError: there are none, or two of one name.
    """
    from segnet_model.datasets.annotations.export import by_stem
    from segnet_model.datasets.extraction.splits import SPLITS
    from segnet_model.datasets.layout import layout_of
    from segnet_model.images.files import list_images

    layout, splits = layout_of(source), (split,) if split else SPLITS
    images = [path for each in splits for path in layout.images(each)]
    plain = not any((source / each).is_dir() for each in splits) and not images
    if not source.is_dir():
        raise DatasetError(f"there is no folder {source}; give a data set or a folder of images")
    if plain:
        images = list_images(source)
    if plain and images and split:
        raise DatasetError(f"{source} has no {split}/; leave --split away for a folder of images")
    if not images:
        raise DatasetError(
            f"{source} holds no images; expected {split or 'train'}/ in it, or images"
        )
    if not again and not plain:
        images = [path for path in images if not layout.label_path(path).is_file()]
    if not images:
        raise DatasetError(f"all images of {source} have labels; --all redoes them")
    try:
        by_stem(path.relative_to(source).as_posix() for path in images)
    except DatasetError as error:
        raise DatasetError(
            f"{source}: {error}, rename one or give --split; CVAT knows images by their names"
        ) from None
    return images


def _predict(
    predictor: Predictor, path: Path, table: np.ndarray, unsure: float | None
) -> np.ndarray:
    """Labels (H, W) uint8 with the ids of the table; uncertain pixels get the ignored id."""
    from segnet_model.images.files import read_image

    found = predictor.predict(read_image(path))
    labels: np.ndarray = table[found.labels]
    if unsure is not None:
        labels[found.uncertainty > unsure] = table[-1]
    return labels
