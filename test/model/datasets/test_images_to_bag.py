"""A folder of images as a recording."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from small_bag import CAMERA, TRUTH, ids, picture

from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.datasets.images_to_bag import FOLDER_START_NS, images_to_bag
from segnet_model.datasets.sources import BagSource
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (2, 10, 1):
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "labels").mkdir(exist_ok=True)
        write_png(tmp_path / "images" / f"{number:02d}.png", picture(number))
        write_png(tmp_path / "labels" / f"{number:02d}.png", CAMVID.colorize(ids(number)))
    return tmp_path / "images"


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("compressed", [False, True])
def test_folder_to_bag_and_back(folder: Path, storage: str, compressed: bool) -> None:
    bag = folder.parent / "bag"
    labels = folder.parent / "labels"
    count = images_to_bag(
        folder, bag, CAMERA, fps=4, compressed=compressed, labels_folder=labels, storage=storage
    )
    assert count == 3
    with BagSource(bag, CAMERA) as source:
        images, truth = list(source.frames_of(CAMERA)), list(source.labels_of(TRUTH))
    stamps = [FOLDER_START_NS + i * 250_000_000 for i in range(3)]
    assert [i.stamp_ns for i in images] == [i.stamp_ns for i in truth] == stamps
    for number, image, label in zip((1, 2, 10), images, truth, strict=True):
        np.testing.assert_array_equal(image.image(), picture(number))
        np.testing.assert_array_equal(label.ids(), ids(number))


def test_compressed_keeps_a_jpeg_as_it_is(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), picture(0))
    images_to_bag(tmp_path, tmp_path / "bag", f"{CAMERA}/compressed", compressed=True)
    with BagReader(tmp_path / "bag") as reader:
        (raw,) = reader.messages()
    assert (tmp_path / "a.jpg").read_bytes() in bytes(raw.data)


def test_folder_to_bag_refuses(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no folder"):
        images_to_bag(tmp_path / "missing", tmp_path / "bag")
    with pytest.raises(DatasetError, match="no images"):
        images_to_bag(tmp_path, tmp_path / "bag")
    with pytest.raises(SettingsError, match="fps is 0; give more than 0"):
        images_to_bag(folder, tmp_path / "bag", fps=0)
    (folder / "11.png").write_bytes(b"no image")
    with pytest.raises(DatasetError, match=r"11\.png"):
        images_to_bag(folder, tmp_path / "bag", compressed=True)
    with pytest.raises(DatasetError, match=r"11\.png"):
        images_to_bag(folder, tmp_path / "bag", labels_folder=tmp_path / "labels")
    assert not (tmp_path / "bag").exists()


def test_labels_of_another_size_are_refused(folder: Path, tmp_path: Path) -> None:
    write_png(tmp_path / "labels" / "02.png", ids(2)[:-1])
    height, width = ids(2).shape
    why = f"02.png are {width}x{height - 1} but their image is {width}x{height}; export the labels"
    with pytest.raises(DatasetError, match=why):
        images_to_bag(folder, tmp_path / "bag", labels_folder=tmp_path / "labels")
    assert not (tmp_path / "bag").exists()
