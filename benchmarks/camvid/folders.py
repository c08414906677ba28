"""Data sets made of links to CamVid's images, so that a whole sequence can be held out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.folder import Sample, load_label_set, open_split

CAMVID = Path(os.environ.get("CAMVID", Path(__file__).parents[3] / "shared" / "camvid"))
CACHE = Path(__file__).parents[1] / "cache" / "camvid"
HELD_OUT = "0006R0"  # no training image is of the same drive, unlike those around val's


def training_images(wanted: Callable[[str], bool] = lambda name: True) -> list[Sample]:
    """CamVid's training images whose name is wanted.

    Raises:
        DatasetError: CamVid is not at hand.
    """
    if not CAMVID.is_dir():
        raise DatasetError(f"no CamVid in {CAMVID}; CAMVID=FOLDER names it")
    samples = open_split(CAMVID, "train", load_label_set(CAMVID)).samples
    return [sample for sample in samples if wanted(sample.image.name)]


def is_held_out(name: str) -> bool:
    """Whether an image is of the sequence on which recipes are chosen."""
    return name.startswith(HELD_OUT)


def link(folder: Path, **splits: Iterable[Sample]) -> Path:
    """Make a data set of links; what was in its splits before is gone."""
    for split, samples in splits.items():
        for name in (split, f"{split}annot"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            for old in (folder / name).iterdir():
                old.unlink()
        for sample in samples:
            (folder / split / sample.image.name).symlink_to(sample.image.resolve())
            (folder / f"{split}annot" / sample.labels.name).symlink_to(sample.labels.resolve())
    return folder


def held_out_folder() -> Path:
    """Train on two sequences; val is the third."""
    train = training_images(lambda name: not is_held_out(name))
    return link(CACHE / "held_out", train=train, val=training_images(is_held_out))


def whole_folder() -> Path:
    """Train on all 367 images, with nothing to choose on."""
    return link(CACHE / "whole", train=training_images())
