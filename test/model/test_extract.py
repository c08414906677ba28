"""Recordings to data sets and back, drives as both, and the commands around them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from segnet_model import cli
from segnet_model.data.bags import BagReader, BagWriter
from segnet_model.data.camvid import open_split
from segnet_model.data.drives import write_dataset, write_drive
from segnet_model.data.extract import FOLDER_START_NS, Extracted, extract, folder_to_bag
from segnet_model.data.files import write_png
from segnet_model.data.scenes import Drive
from segnet_model.errors import BagError, DatasetError, SettingsError
from segnet_model.labels import LabelSet

CAMERA, TRUTH = "/camera/image_raw", "/truth/labels"
START = 1_700_000_000_000_000_000
STEP = 100_000_000  # 10 frames a second
CAMVID = LabelSet.load("camvid")


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (9, 14, 3), np.uint8)


def ids(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 11, (9, 14), np.uint8)


def write_bag(path: Path, count: int = 20, labelled: tuple[int, ...] = ()) -> Path:
    with BagWriter(path) as bag:
        for i in range(count):
            bag.write_image(CAMERA, START + i * STEP, "camera", picture(i))
            if i in labelled:
                bag.write_labels(TRUTH, START + i * STEP, "camera", ids(i))
    return path


def names(folder: Path) -> list[int]:
    return sorted((int(path.stem) - START) // STEP for path in folder.iterdir())


def read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image


def test_split_by_time(tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = extract(write_bag(tmp_path / "bag"), out, every=0)
    assert found == Extracted(train=16, val=4)
    assert names(out / "train") == list(range(16))
    assert names(out / "val") == list(range(16, 20))
    assert names(out / "trainannot") == names(out / "valannot") == []
    for i in (0, 15):
        pixels = read(out / "train" / f"{START + i * STEP}.png")
        np.testing.assert_array_equal(pixels[..., ::-1], picture(i))


def test_every_is_in_seconds(tmp_path: Path) -> None:
    extract(write_bag(tmp_path / "bag"), tmp_path / "out", every=0.5, val=0)
    assert names(tmp_path / "out" / "train") == [0, 5, 10, 15]


def test_labels_are_paired_by_stamp(tmp_path: Path) -> None:
    out = tmp_path / "out"
    bag = write_bag(tmp_path / "bag", labelled=(1, 3, 17))
    found = extract(bag, out, CAMERA, every=0, labels_topic=TRUTH)
    assert found == Extracted(train=2, val=1, unlabelled=17)
    for split, numbers in (("train", [1, 3]), ("val", [17])):
        samples = open_split(out, split, CAMVID)
        for sample, number in zip(range(len(samples)), numbers, strict=True):
            image, labels = samples.read(sample)
            np.testing.assert_array_equal(image, picture(number))
            np.testing.assert_array_equal(labels, ids(number))


def test_repeating_keeps_what_people_did(tmp_path: Path) -> None:
    out = tmp_path / "out"
    bag = write_bag(tmp_path / "bag", count=10, labelled=tuple(range(10)))
    extract(bag, out, CAMERA, every=0, labels_topic=TRUTH)
    corrected = out / "trainannot" / f"{START}.png"
    write_png(corrected, ids(99))
    (out / "train" / f"{START + STEP}.png").unlink()  # as if interrupted
    again = extract(bag, out, CAMERA, every=0, labels_topic=TRUTH, val=0.9)
    assert again == Extracted(train=0, val=1, kept=9)
    np.testing.assert_array_equal(read(corrected), ids(99))
    assert not set(names(out / "train")) & set(names(out / "val"))


def test_labels_of_another_size_are_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        bag.write_image(CAMERA, START, "camera", picture(0))
        bag.write_labels(TRUTH, START, "camera", np.zeros((4, 4), np.uint8))
    with pytest.raises(DatasetError, match="differ in size"):
        extract(tmp_path / "bag", tmp_path / "out", CAMERA, labels_topic=TRUTH)


def test_extract_refuses(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", count=1, labelled=(0,))
    with pytest.raises(BagError, match="several image topics"):
        extract(bag, tmp_path / "out")
    with pytest.raises(BagError, match="no topic /x"):
        extract(bag, tmp_path / "out", "/x")
    for settings in ({"every": -1}, {"val": 1.5}):
        with pytest.raises(SettingsError, match="must be 0 or more"):
            extract(bag, tmp_path / "out", **settings)  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot make"):
        extract(bag, tmp_path / "file", CAMERA)


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
    count = folder_to_bag(
        folder, bag, CAMERA, fps=4, compressed=compressed, labels_folder=labels, storage=storage
    )
    assert count == 3
    with BagReader(bag) as reader:
        images, truth = list(reader.images(CAMERA)), list(reader.labels(TRUTH))
    stamps = [FOLDER_START_NS + i * 250_000_000 for i in range(3)]
    assert [i.stamp_ns for i in images] == [i.stamp_ns for i in truth] == stamps
    for number, image, label in zip((1, 2, 10), images, truth, strict=True):
        np.testing.assert_array_equal(image.image, picture(number))
        np.testing.assert_array_equal(label.image, ids(number))


def test_compressed_keeps_a_jpeg_as_it_is(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), picture(0))
    folder_to_bag(tmp_path, tmp_path / "bag", f"{CAMERA}/compressed", compressed=True)
    with BagReader(tmp_path / "bag") as reader:
        (raw,) = reader.messages()
    assert (tmp_path / "a.jpg").read_bytes() in bytes(raw.data)


def test_folder_to_bag_refuses(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no folder"):
        folder_to_bag(tmp_path / "missing", tmp_path / "bag")
    with pytest.raises(DatasetError, match="no images"):
        folder_to_bag(tmp_path, tmp_path / "bag")
    with pytest.raises(SettingsError, match="fps 0"):
        folder_to_bag(folder, tmp_path / "bag", fps=0)
    (folder / "11.png").write_bytes(b"no image")
    with pytest.raises(DatasetError, match=r"11\.png"):
        folder_to_bag(folder, tmp_path / "bag", compressed=True)
    with pytest.raises(DatasetError, match=r"11\.png"):
        folder_to_bag(folder, tmp_path / "bag", labels_folder=tmp_path / "labels")
    assert not (tmp_path / "bag").exists()


def test_a_drive_is_recorded_with_its_truth(tmp_path: Path) -> None:
    assert write_drive(tmp_path / "drive", seed=5, seconds=0.3, depth=True) == 3
    truth = list(Drive(5).frames(3))
    with BagReader(tmp_path / "drive") as reader:
        images, labels = list(reader.images(CAMERA)), list(reader.labels(TRUTH))
        assert {name: info.count for name, info in reader.topics.items()} == {
            CAMERA: 3,
            "/camera/camera_info": 3,
            TRUTH: 3,
            "/truth/depth": 3,
            "/truth/pose": 3,
        }
    for frame, image, label in zip(truth, images, labels, strict=True):
        np.testing.assert_array_equal(image.image, frame.image)
        np.testing.assert_array_equal(label.image, frame.labels)
        assert image.stamp_ns == label.stamp_ns
    assert images[1].stamp_ns - images[0].stamp_ns == STEP


@pytest.mark.parametrize("workers", [1, 2])
def test_drives_as_a_data_set(tmp_path: Path, workers: int) -> None:
    assert write_dataset(tmp_path, range(3, 6), frames=1, val=0.3, workers=workers) == (2, 1)
    val = open_split(tmp_path, "val", CAMVID)
    assert [sample.image.name for sample in val.samples] == ["000005_0000.png"]
    image, labels = val.read(0)
    frame = Drive(5, fps=1.0).frame(0)
    np.testing.assert_array_equal(image, frame.image)
    np.testing.assert_array_equal(labels, frame.labels)
    assert len(open_split(tmp_path, "train", CAMVID)) == 2


def test_drives_refuse(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no frame"):
        write_drive(tmp_path / "drive", seed=0, seconds=0)
    with pytest.raises(SettingsError, match="cannot render"):
        write_dataset(tmp_path / "set", range(0), frames=1)


def test_the_commands_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drive, data, copy = (str(tmp_path / name) for name in ("drive", "data", "copy"))
    assert cli.main(["render", "--seed", "7", "--seconds", "1", "--out", drive]) == 0
    topics = ["--topic", CAMERA, "--labels-topic", TRUTH]
    assert cli.main(["extract", drive, *topics, "--every", "0.2", "--out", data]) == 0
    assert "4 images to train, 1 to val" in capsys.readouterr().out
    train = [f"{data}/train", "--labels", f"{data}/trainannot"]
    assert cli.main(["bag", *train, "--storage", "sqlite3", "--out", copy]) == 0
    assert "4 images on /camera/image_raw" in capsys.readouterr().out


def test_the_commands_say_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["extract", str(tmp_path / "x"), "--out", str(tmp_path / "y")]) == 2
    assert "there is no bag" in capsys.readouterr().err
    assert cli.main(["render", "--seed", "-1", "--out", str(tmp_path / "x")]) == 2
    assert "seed -1 must be 0 or more" in capsys.readouterr().err
