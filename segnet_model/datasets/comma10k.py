"""comma10k as it is published, read in place: no copy of its 10,000 images is needed.

FOLDER/imgs/0000_NAME.png    FOLDER/masks/0000_NAME.png, in the colors of its five classes

Its makers validate on the images whose names end with "9.png" (github.com/commaai/comma10k).
"""

from __future__ import annotations

from pathlib import Path

from segnet_model.images.files import list_images

NAME = "comma10k"  # of the label set
IMAGES, MASKS = "imgs", "masks"
SPLITS = ("train", "val")
VAL = "9"  # last letter of the names in val


def is_comma10k(dataset: Path) -> bool:
    """Whether a folder has comma10k's form."""
    return (dataset / IMAGES).is_dir() and (dataset / MASKS).is_dir()


def split_files(dataset: Path, split: str, folder: str = IMAGES) -> list[Path]:
    """The images of train or val, or with `MASKS` their masks, sorted by name."""
    if split not in SPLITS:
        return []
    files = list_images(dataset / folder)
    return [each for each in files if each.stem.endswith(VAL) == (split == "val")]


def mask_path(image: Path) -> Path:
    """Mask of an image."""
    return image.parent.with_name(MASKS) / f"{image.stem}.png"
