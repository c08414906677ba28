"""Where a data set keeps its images and labels: as the SegNet authors' CamVid, or as comma10k.

DATASET/train/0001.png         DATASET/trainannot/0001.png
DATASET/val/cam1/0002.jpg      DATASET/valannot/cam1/0002.png

comma10k is read as it is published, without a copy of its 10,000 images:

FOLDER/imgs/0000_NAME.png      FOLDER/masks/0000_NAME.png, in the colors of its five classes
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from segnet_model.base.errors import DatasetError
from segnet_model.images.files import IMAGE_SUFFIXES, list_files_below

USUAL_SPLITS = ("train", "val", "test")
# Other tools' names of the splits.
OTHER_PLACES = {"train": ("train", "training"), "val": ("val", "valid", "validation")}
LABELS = "annot"  # after the split's name


class Layout(Protocol):
    """Places of a data set's files.

    Attributes:
        label_set: name of the label set where no `labels.yaml` says another.
    """

    label_set: str

    def splits(self) -> list[str]:
        """The splits, train and val first; DatasetError where the folder cannot be listed."""

    def folders(self, split: str) -> tuple[Path, Path]:
        """The folders of a split's images and labels; DatasetError where there is no such split."""

    def images(self, split: str) -> list[Path]:
        """Image files of a split, in natural order; none where there is no such split."""

    def label_files(self, split: str) -> list[Path]:
        """Files that are meant as labels of a split, PNG or not, in natural order."""

    def label_path(self, image: Path) -> Path:
        """Label file of an image, which need not exist."""

    def name(self, file: Path) -> str:
        """An image's or label's path within its split, without ending: "cam1/0001"."""

    def split_of(self, image: Path) -> str:
        """The split of an image."""

    def other_places(self) -> str:
        """Folders that may be meant as splits, as the end of a refusal; empty without any."""


def layout_of(dataset: Path) -> Layout:
    """The layout of a data set."""
    comma10k = all((dataset / each).is_dir() for each in Comma10kLayout.FOLDERS)
    return Comma10kLayout(dataset) if comma10k else CamVidLayout(dataset)


def check_whole(dataset: Path) -> None:
    """Raise DatasetError for train/ or trainannot/ in the place of the data set around it."""
    whole, split = dataset.resolve().parent, dataset.resolve().name.removesuffix(LABELS)
    around = all((whole / each).is_dir() for each in (split, f"{split}{LABELS}"))
    if split in USUAL_SPLITS and around and not layout_of(dataset).splits():
        raise DatasetError(f"{dataset} is a part of the data set {whole}; give that")


class CamVidLayout:
    """A folder for the images of each split, and one for their labels; both may have folders."""

    label_set = "camvid"

    def __init__(self, dataset: Path) -> None:
        """Take a folder, which need not exist."""
        self._dataset = dataset

    def splits(self) -> list[str]:
        """Train, val and test if they exist, and others with labels."""
        try:
            folders = {path.name for path in self._dataset.iterdir() if path.is_dir()}
        except OSError as error:
            raise DatasetError(
                f"cannot list {self._dataset}: {error}; give a data set's folder"
            ) from None
        labeled = {name.removesuffix(LABELS) for name in folders if name.endswith(LABELS)} - {""}
        usual = [name for name in USUAL_SPLITS if name in folders | labeled]
        return usual + sorted(labeled - set(USUAL_SPLITS))

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `Layout`."""
        return self._dataset / split, self._dataset / f"{split}{LABELS}"

    def images(self, split: str) -> list[Path]:
        """See `Layout`."""
        return list_files_below(self._dataset / split, IMAGE_SUFFIXES)

    def label_files(self, split: str) -> list[Path]:
        """See `Layout`."""
        return list_files_below(self._dataset / f"{split}{LABELS}", IMAGE_SUFFIXES)

    def label_path(self, image: Path) -> Path:
        """See `Layout`."""
        return self._dataset / f"{self.split_of(image)}{LABELS}" / f"{self.name(image)}.png"

    def name(self, file: Path) -> str:
        """See `Layout`."""
        _, *folders, name = file.relative_to(self._dataset).parts
        return "/".join([*folders, Path(name).stem])

    def split_of(self, image: Path) -> str:
        """See `Layout`."""
        return image.relative_to(self._dataset).parts[0]

    def other_places(self) -> str:
        """Train, images/train of YOLO, valid of Roboflow, and such."""
        for split, names in OTHER_PLACES.items():
            inside = sorted(path for each in ("*", "images/*") for path in self._dataset.glob(each))
            for path in (path for path in inside if path.is_dir()):
                own = path.relative_to(self._dataset).as_posix()
                if own not in USUAL_SPLITS and path.name.lower() in names:
                    return f"; is {own}/ meant as {split}/? Move it there"
        return ""


class Comma10kLayout:
    """All images in one folder and all masks in another.

    Its makers validate on the images whose names end with "9.png" (github.com/commaai/comma10k).
    """

    FOLDERS = ("imgs", "masks")
    VAL = "9"  # last letter of the names in val
    label_set = "comma10k"

    def __init__(self, dataset: Path) -> None:
        """Take a folder of this form."""
        self._images, self._masks = (dataset / each for each in self.FOLDERS)

    def splits(self) -> list[str]:
        """Train and val."""
        return ["train", "val"]

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `Layout`."""
        if split not in self.splits():
            raise DatasetError(f"{self._images.parent} is comma10k, whose splits are train and val")
        return self._images, self._masks

    def images(self, split: str) -> list[Path]:
        """See `Layout`."""
        return self._files(self._images, split)

    def label_files(self, split: str) -> list[Path]:
        """See `Layout`."""
        return self._files(self._masks, split)

    def label_path(self, image: Path) -> Path:
        """See `Layout`."""
        return self._masks / f"{image.stem}.png"

    def name(self, file: Path) -> str:
        """See `Layout`."""
        return file.stem

    def other_places(self) -> str:
        """None: its folders are known."""
        return ""

    def split_of(self, image: Path) -> str:
        """See `Layout`."""
        return "val" if image.stem.endswith(self.VAL) else "train"

    def _files(self, folder: Path, split: str) -> list[Path]:
        files = list_files_below(folder, IMAGE_SUFFIXES)
        return [each for each in files if self.split_of(each) == split]
