"""Recordings to data sets: what comes out, where it goes, and what happens when run again."""

from __future__ import annotations

import csv
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from small_bag import CAMERA, TRUTH, ids, picture

from segnet_model import cli
from segnet_model.bags.messages import IMAGE, image_message, make_header, standard_types
from segnet_model.bags.reader import BagWriter
from segnet_model.base.errors import BagError, DatasetError, SettingsError
from segnet_model.datasets.extraction import dataset_writer
from segnet_model.datasets.extraction.extract import Extracted, extract
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.folder import open_split
from segnet_model.datasets.sources import BagFrame
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet

LEFT, RIGHT = "/camera/left/image_raw", "/camera/right/image_raw"
START = 1_700_000_000_000_000_000
STEP = 100_000_000  # 10 frames a second
CAMVID = LabelSet.load("camvid")
Rows = list[dict[str, str]]


def write_bag(
    path: Path, count: int = 20, labeled: tuple[int, ...] = (), storage: str = "mcap",
    first: int = 0, seed: int = 0,
) -> Path:  # fmt: skip
    with BagWriter(path, storage) as bag:
        for i in range(first, first + count):
            bag.write_image(CAMERA, START + i * STEP, "camera", picture(seed + i))
            if i in labeled:
                bag.write_labels(TRUTH, START + i * STEP, "camera", ids(i))
    return path


def take(bags: Path | list[Path], out: Path, *topics: str, **settings: Any) -> Extracted:
    """Extract, all images unless told otherwise; gap=None leaves out what is usual."""
    values: dict[str, Any] = {"every": 0, "topics": topics, **settings}
    if values.get("split", "time") == "time":
        values.setdefault("gap", 0)
    return extract(bags, out, ExtractSettings(**values))


def names(folder: Path) -> list[int]:
    return sorted((int(path.stem) - START) // STEP for path in folder.iterdir())


def read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image[..., ::-1] if image.ndim == 3 else image


def manifest(out: Path) -> Rows:
    """The lines, once each file has proved to have one and each line its file."""
    with (out / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    files = {
        f"{split}/{path.name}" for split in ("train", "val") for path in (out / split).iterdir()
    }
    assert sorted(row["file"] for row in rows) == sorted(files)
    assert all(row["file"].startswith(f"{row['split']}/") for row in rows)
    assert not [path for path in out.rglob("*") if path.name.endswith(".tmp")]
    return rows


def test_split_by_time(tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = take(write_bag(tmp_path / "bag"), out)
    assert found == Extracted(train=16, val=4)
    assert names(out / "train") == list(range(16))
    assert names(out / "val") == list(range(16, 20))
    assert names(out / "trainannot") == names(out / "valannot") == []
    for i in (0, 15):
        pixels = read(out / "train" / f"{START + i * STEP}.png")
        np.testing.assert_array_equal(pixels, picture(i))
    bag = str((tmp_path / "bag").resolve())
    for row in manifest(out):
        assert (row["bag"], row["topic"], row["labels_stamp_ns"]) == (bag, CAMERA, "")
        assert row["stamp_ns"] == row["receive_ns"] == Path(row["file"]).stem


@pytest.mark.parametrize(("count", "left_out"), [(100, 10), (20, 4)])
def test_neighbors_of_the_two_parts_are_left_out(tmp_path: Path, count: int, left_out: int) -> None:
    """A second of a long bag; of a short one as much as its last fifth, which is halved."""
    found = take(write_bag(tmp_path / "bag", count), tmp_path / "out", gap=None)
    assert found.between == left_out
    assert found.val >= 2
    train, val = (names(tmp_path / "out" / split) for split in ("train", "val"))
    assert min(val) - max(train) == left_out + 1


def test_every_is_in_seconds(tmp_path: Path) -> None:
    take(write_bag(tmp_path / "bag"), tmp_path / "out", every=0.5, val=0)
    assert names(tmp_path / "out" / "train") == [0, 5, 10, 15]


def write_waiting(path: Path) -> Path:
    """A robot that waits for ten frames, goes on for two, and waits again."""
    with BagWriter(path) as bag:
        for i in range(20):
            gray = 40 + 60 * min(max(i - 9, 0), 2) + i % 2  # 60 of 255 are 24 %; noise is 0.4 %
            bag.write_image(CAMERA, START + i * STEP, "camera", np.full((9, 14, 3), gray, np.uint8))
    return path


def test_what_looks_like_the_one_before_is_passed_over(tmp_path: Path) -> None:
    bag = write_waiting(tmp_path / "bag")
    assert take(bag, tmp_path / "out", unlike=5, val=0) == Extracted(train=3, alike=17)
    assert names(tmp_path / "out" / "train") == [0, 10, 11]
    # By time too: frame 11 comes too early after 10, and 14 looks like it.
    assert take(bag, tmp_path / "both", unlike=5, every=0.4, val=0).train == 3
    assert names(tmp_path / "both" / "train") == [0, 10, 14]


def test_unlike_resumes_at_the_same_images(tmp_path: Path) -> None:
    bag, out = write_waiting(tmp_path / "bag"), tmp_path / "out"
    take(bag, out, unlike=5, val=0)
    (out / "train" / f"{START + 10 * STEP}.png").unlink()
    assert take(bag, out, unlike=5, val=0) == Extracted(train=1, kept=2, alike=17)
    assert names(out / "train") == [0, 10, 11]


def test_labels_are_paired_by_stamp(tmp_path: Path) -> None:
    out = tmp_path / "out"
    bag = write_bag(tmp_path / "bag", labeled=(1, 3, 17))
    found = take(bag, out, CAMERA, labels_topics=(TRUTH,))
    assert found == Extracted(train=2, val=1, unlabeled=17)
    for split, numbers in (("train", [1, 3]), ("val", [17])):
        samples = open_split(out, split, CAMVID)
        for sample, number in zip(range(len(samples)), numbers, strict=True):
            image, labels = samples.read(sample)
            np.testing.assert_array_equal(image, picture(number))
            np.testing.assert_array_equal(labels, ids(number))
    # Sparse labels are not lost to the images between them that are taken first.
    sparse = take(bag, tmp_path / "sparse", CAMERA, labels_topics=(TRUTH,), every=0.2)
    assert (sparse.train, sparse.val) == (2, 1)


def test_labels_within_the_tolerance(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        for i in range(6):
            bag.write_image(CAMERA, START + i * STEP, "camera", picture(i))
            bag.write_labels(TRUTH, START + i * STEP + i * 1_000_000, "camera", ids(i))
    labels = {"labels_topics": (TRUTH,), "val": 0}
    assert take(tmp_path / "bag", tmp_path / "a", CAMERA, **labels).train == 2  # 0 and 1 ms
    found = take(tmp_path / "bag", tmp_path / "b", CAMERA, tolerance=0.003, **labels)
    assert found == Extracted(train=4, unlabeled=2)
    rows = manifest(tmp_path / "b")
    assert [int(row["labels_stamp_ns"]) - int(row["stamp_ns"]) for row in rows] == [
        0, 1_000_000, 2_000_000, 3_000_000
    ]  # fmt: skip
    np.testing.assert_array_equal(
        read(tmp_path / "b" / "trainannot" / f"{START + 3 * STEP}.png"), ids(3)
    )


def test_labels_come_to_images_that_are_there(tmp_path: Path) -> None:
    bag, out = write_bag(tmp_path / "bag", count=4, labeled=(0, 1, 2, 3)), tmp_path / "out"
    take(bag, out, CAMERA, val=0)
    write_png(out / "trainannot" / f"{START}.png", ids(99))  # somebody's own
    assert take(bag, out, CAMERA, val=0, labels_topics=(TRUTH,)) == Extracted(kept=4)
    for number, seed in enumerate((99, 1, 2, 3)):
        pixels = read(out / "trainannot" / f"{START + number * STEP}.png")
        np.testing.assert_array_equal(pixels, ids(seed))


def test_repeating_keeps_what_people_did(tmp_path: Path) -> None:
    out = tmp_path / "out"
    bag = write_bag(tmp_path / "bag", count=10, labeled=tuple(range(10)))
    take(bag, out, CAMERA, labels_topics=(TRUTH,))
    corrected = out / "trainannot" / f"{START}.png"
    write_png(corrected, ids(99))
    (out / "train" / f"{START + STEP}.png").unlink()
    moved = f"{START + 5 * STEP}.png"
    (out / "train" / moved).rename(out / "val" / moved)
    (out / "trainannot" / moved).rename(out / "valannot" / moved)
    again = take(bag, out, CAMERA, labels_topics=(TRUTH,), val=0.9)
    assert again == Extracted(train=1, kept=9)  # what was for training once never comes to val
    np.testing.assert_array_equal(read(corrected), ids(99))
    assert names(out / "val") == [5, 8, 9]
    assert names(out / "train") == [0, 1, 2, 3, 4, 6, 7]
    manifest(out)


def test_resuming_decodes_and_encodes_only_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bag, out = write_bag(tmp_path / "bag", count=10), tmp_path / "out"
    take(bag, out)
    (out / "train" / f"{START + 3 * STEP}.png").unlink()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    decoded: list[int] = []
    image = BagFrame.image

    def counted(frame: BagFrame) -> np.ndarray:
        decoded.append((frame.stamp_ns - START) // STEP)
        return image(frame)

    monkeypatch.setattr(BagFrame, "image", counted)
    assert take(bag, out) == Extracted(train=1, kept=9)
    assert decoded == [3]
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


class Interrupted(Exception):  # noqa: N818 - stands for Ctrl-C, which is no error either
    """Leads out of an extraction."""


@pytest.mark.parametrize("way", ["time", "blocks"])
def test_an_interruption_changes_nothing_in_the_end(tmp_path: Path, way: str) -> None:
    settings = {"split": way, "gap": 0.1, **({"block": 0.3} if way == "blocks" else {})}
    bag = write_bag(tmp_path / "bag", count=30)
    whole = take(bag, tmp_path / "whole", **settings)
    assert whole.val > 0
    for stop_at in (0.01, 0.5, 0.79, 0.9):

        def progress(share: float, stop_at: float = stop_at) -> None:
            if share >= stop_at:
                raise Interrupted

        with pytest.raises(Interrupted):
            extract(bag, tmp_path / "out", ExtractSettings(every=0, **settings), progress)
        assert 0 < len(manifest(tmp_path / "out")) <= 30 * stop_at + 2
    (tmp_path / "out" / "manifest.csv").unlink()  # as if the process had been killed
    found = take(bag, tmp_path / "out", **settings)
    assert found.kept > 0
    assert found.train + found.val + found.kept == whole.train + whole.val
    assert manifest(tmp_path / "out") == manifest(tmp_path / "whole")


def test_several_topics(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        for i in range(10):
            for seed, topic in ((0, LEFT), (100, RIGHT)):  # stereo: both have the same stamp
                bag.write_image(topic, START + i * STEP, "camera", picture(seed + i))
            bag.write_labels("/labels/left", START + i * STEP, "camera", ids(i))
            bag.write_labels("/labels/right", START + i * STEP, "camera", ids(100 + i))
    out = tmp_path / "out"
    settings = {"labels_topics": ("/labels/left", "/labels/right")}
    assert take(tmp_path / "bag", out, LEFT, RIGHT, **settings) == Extracted(train=16, val=4)
    for seed, name in ((0, "left"), (100, "right")):
        file = f"{START + 3 * STEP}_camera-{name}-image_raw.png"
        np.testing.assert_array_equal(read(out / "train" / file), picture(seed + 3))
        np.testing.assert_array_equal(read(out / "trainannot" / file), ids(seed + 3))
    assert {row["topic"] for row in manifest(out)} == {LEFT, RIGHT}
    assert take(tmp_path / "bag", out, LEFT, RIGHT, **settings) == Extracted(kept=20)


def test_one_topic_after_the_other(tmp_path: Path) -> None:
    """The second has the first one's stamps, and must be neither lost nor written over it."""
    with BagWriter(tmp_path / "bag") as bag:
        for seed, topic in ((0, LEFT), (100, RIGHT)):
            bag.write_image(topic, START, "camera", picture(seed))
    out = tmp_path / "out"
    for topic in (LEFT, RIGHT):
        assert take(tmp_path / "bag", out, topic, val=0) == Extracted(train=1)
    np.testing.assert_array_equal(read(out / "train" / f"{START}.png"), picture(0))
    other = out / "train" / f"{START}_camera-right-image_raw.png"
    np.testing.assert_array_equal(read(other), picture(100))
    assert take(tmp_path / "bag", out, LEFT, RIGHT, val=0) == Extracted(kept=2)


def test_two_bags_with_the_same_stamps(tmp_path: Path) -> None:
    bags = [write_bag(tmp_path / name, count=5, seed=seed) for name, seed in (("a", 0), ("b", 50))]
    out = tmp_path / "out"
    assert take(bags, out, val=0) == Extracted(train=10)
    np.testing.assert_array_equal(read(out / "train" / f"{START}.png"), picture(0))
    np.testing.assert_array_equal(
        read(out / "train" / f"{START}_camera-image_raw.png"), picture(50)
    )
    third = write_bag(tmp_path / "c d", count=5, seed=70)
    assert take([*bags, third], out, val=0) == Extracted(train=5, kept=10)
    file = out / "train" / f"{START}_camera-image_raw_c%20d.png"
    np.testing.assert_array_equal(read(file), picture(70))
    assert len({row["bag"] for row in manifest(out)}) == 3


def test_a_copy_of_a_bag_gives_nothing_twice(tmp_path: Path) -> None:
    bag, out = write_bag(tmp_path / "bag"), tmp_path / "out"
    take(bag, out)
    rows = manifest(out)
    bag.rename(tmp_path / "elsewhere")
    (file,) = (tmp_path / "elsewhere").glob("*.mcap")
    for same in (tmp_path / "elsewhere", file):
        assert take(same, out, val=0.9) == Extracted(kept=20)
    assert manifest(out) == rows


def test_a_data_set_without_a_manifest_gets_one(tmp_path: Path) -> None:
    """From an older version, or lost."""
    bag, out = write_bag(tmp_path / "bag"), tmp_path / "out"
    take(bag, out)
    rows = manifest(out)
    (out / "manifest.csv").unlink()
    other = write_bag(tmp_path / "other", count=1, seed=50)
    assert take([other, bag], out) == Extracted(train=1, kept=20)
    assert [row for row in manifest(out) if row["bag"] == str(bag)] == rows


def stamped_alike(pixels: np.ndarray) -> bytes:
    return bytes(
        standard_types().serialize_cdr(image_message(make_header(START, ""), pixels, "rgb8"), IMAGE)
    )


def test_two_messages_with_one_stamp(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        for i in range(3):
            message = stamped_alike(picture(min(i, 1)))
            bag.write_raw(CAMERA, IMAGE, message, START + i)
    assert take(tmp_path / "bag", tmp_path / "out", val=0) == Extracted(train=2, kept=1)
    assert len(manifest(tmp_path / "out")) == 2


def test_whole_bags_to_val(tmp_path: Path) -> None:
    counts = {"a": 30, "b": 10, "c": 21}
    bags = [
        write_bag(tmp_path / name, count, first=100 * i)
        for i, (name, count) in enumerate(counts.items())
    ]
    out = tmp_path / "out"
    assert take(bags, out, split="bag", val=0.3) == Extracted(train=40, val=21)
    split = {Path(row["bag"]).name: row["split"] for row in manifest(out)}
    assert split == {"a": "train", "b": "train", "c": "val"}
    # Where a bag is, it stays, whatever share is asked for, and a new one is chosen for.
    more = write_bag(tmp_path / "d", 5, first=900)
    found = take([*bags, more], out, split="bag", val=0.01)
    assert found == Extracted(train=5, kept=61)
    with pytest.raises(SettingsError, match="2 or more"):
        take(bags[0], out, split="bag")
    take(bags[1], tmp_path / "both")
    with pytest.raises(SettingsError, match="both splits"):
        take(bags, tmp_path / "both", split="bag")


def test_other_settings_bring_no_neighbors_into_the_other_split(tmp_path: Path) -> None:
    bag, out = write_bag(tmp_path / "bag", count=100), tmp_path / "out"
    take(bag, out, every=0.4, val=0.2)
    for settings in ({"val": 0.9}, {"split": "blocks", "block": 2}, {"val": 0.0}):
        take(bag, out, gap=None, **settings)
        train, val = np.array(names(out / "train")), np.array(names(out / "val"))
        first = val.min()
        assert set(train[train < first]) | set(train[train > val.max()]) == set(train)
        assert (np.abs(train[:, None] - val) < 4).sum() == 0
    assert len(train) > 70


@pytest.mark.parametrize("way", ["by another path", "no manifest", "removed"])
def test_neighbors_are_known_however_they_came(tmp_path: Path, way: str) -> None:
    """Of twenty images, 0.1 s apart, the last four are val's; the second run wants all in train."""
    bag, out = write_bag(tmp_path / "bag"), tmp_path / "out"
    take(bag, out, every=0.4)
    assert names(out / "val") == [16]
    if way == "by another path":
        bag = shutil.copytree(bag, tmp_path / "copy")
    elif way == "no manifest":
        (out / "manifest.csv").unlink()
    else:
        (out / "val" / f"{START + 16 * STEP}.png").unlink()
    take(bag, out, every=0.1, val=0, gap=None)
    near = [index for index in names(out / "train") if abs(index - 16) < 10]
    assert near == [8, 12]  # of the first run, which split by time


def test_a_bag_of_any_name_in_bytes(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"d\xff")
    folder.mkdir()
    bag = write_bag(folder / os.fsdecode(b"b\xff"))
    for _ in range(2):  # the second time its manifest is read, and all is there
        take(bag, tmp_path / "out", val=0)
    assert len(names(tmp_path / "out" / "train")) == 20


def test_a_grown_bag_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    take(write_bag(tmp_path / "bag", count=100), out)
    for path in (tmp_path / "bag").iterdir():
        path.unlink()
    (tmp_path / "bag").rmdir()
    found = take(write_bag(tmp_path / "bag", count=200), out, gap=None)
    # 0 to 79 and 80 to 99 stay; 100 to 108 are too near to 99, 155 to 164 lie between.
    assert found == Extracted(train=46, val=35, kept=100, between=19)
    assert names(out / "val") == [*range(80, 100), *range(165, 200)]


def test_a_bag_that_grows_while_it_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bag = write_bag(tmp_path / "bag", count=5, storage="sqlite3")
    (file,) = bag.glob("*.db3")

    def grow(_: float) -> None:
        with file.open("ab") as stream:
            stream.write(bytes(4096))

    found = extract(file, tmp_path / "out", ExtractSettings(every=0, gap=0), grow)
    assert found.train + found.val == len(manifest(tmp_path / "out")) == 5
    assert "run the same command again" in caplog.text


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_an_mcap_file_that_is_cut_gives_what_is_whole(
    tmp_path: Path, share: float, caplog: pytest.LogCaptureFixture
) -> None:
    bag, out = tmp_path / "bag", tmp_path / "out"
    large = np.random.default_rng(0).integers(0, 11, (20, 180, 300), np.uint8)  # several chunks
    with BagWriter(bag) as writer:
        for i, labels in enumerate(large):
            writer.write_image(CAMERA, START + i * STEP, "camera", CAMVID.colorize(labels))
            writer.write_labels(TRUTH, START + i * STEP, "camera", labels)
    (file,) = bag.glob("*.mcap")
    whole = file.read_bytes()
    records = whole.rindex(large[-1].tobytes()) + large[-1].size
    file.write_bytes(whole[: int(records * share)])
    if share == 0:
        with pytest.raises(BagError, match=str(file)):
            take(file, out, CAMERA, labels_topics=(TRUTH,))
        return
    found = take(file, out, CAMERA, labels_topics=(TRUTH,), val=0)
    assert 0 < found.train < 20
    assert names(out / "train") == names(out / "trainannot") == list(range(found.train))
    np.testing.assert_array_equal(read(out / "trainannot" / f"{START}.png"), large[0])
    assert f"bag {file} is not whole" in caplog.text
    file.write_bytes(whole)
    assert take(file, out, CAMERA, labels_topics=(TRUTH,), val=0).kept == found.train
    assert len(manifest(out)) == 20


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_damaged_bag_does_not_stop_the_others(tmp_path: Path, storage: str) -> None:
    bags = [write_bag(tmp_path / n, storage=storage, first=100 * i) for i, n in enumerate("abc")]
    metadata = bags[1] / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("message_count: 20", "message_count: 25"))
    with pytest.raises(BagError, match=r"(?s)b announces 25 .* taken: .*48 images to train, 12"):
        take(bags, tmp_path / "out")
    assert len(manifest(tmp_path / "out")) == 60


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bag, out = write_bag(tmp_path / "bag"), tmp_path / "out"
    written: list[Path] = []

    def write_until_full(path: Path, image: np.ndarray) -> None:
        if len(written) >= 7:
            raise DatasetError(f"cannot write {path}: No space left on device")
        written.append(path)
        write_png(path, image)

    monkeypatch.setattr(dataset_writer, "write_png", write_until_full)
    with pytest.raises(DatasetError, match="No space left"):
        take(bag, out)
    assert len(manifest(out)) == 7
    monkeypatch.undo()
    assert take(bag, out) == Extracted(train=9, val=4, kept=7)


def test_a_disk_too_full_for_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bag, out = write_bag(tmp_path / "bag"), tmp_path / "out"

    def full(*_: object) -> None:
        raise DatasetError("cannot write: No space left on device")

    monkeypatch.setattr(dataset_writer, "write_manifest", full)
    with pytest.raises(DatasetError, match="No space left"):
        take(bag, out)
    monkeypatch.undo()
    assert take(bag, out) == Extracted(kept=20)
    manifest(out)


def test_compressed_images(tmp_path: Path) -> None:
    topic = f"{CAMERA}/compressed"
    with BagWriter(tmp_path / "bag") as bag:
        for i, suffix in enumerate((".png", ".jpg")):
            data = bytes(cv2.imencode(suffix, picture(i)[..., ::-1])[1])
            bag.write_compressed(topic, START + i * STEP, "camera", data, suffix[1:])
    assert take(tmp_path / "bag", tmp_path / "out", val=0) == Extracted(train=2)
    files = [tmp_path / "out" / "train" / f"{START + i * STEP}.png" for i in range(2)]
    np.testing.assert_array_equal(read(files[0]), picture(0))
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert expected is not None
    np.testing.assert_array_equal(read(files[1]), expected[..., ::-1])


def test_malformed_images_and_labels_are_counted(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        for i in range(4):
            bag.write_image(CAMERA, START + i * STEP, "camera", picture(i))
            if i == 1:
                bag.write_image(TRUTH, START + i * STEP, "camera", picture(i))  # colors
            else:
                bag.write_labels(TRUTH, START + i * STEP, "camera", ids(i))
        bag.write_raw(CAMERA, IMAGE, b"\0\1\0\0\7", START + 9 * STEP)
    found = take(tmp_path / "bag", tmp_path / "out", CAMERA, labels_topics=(TRUTH,), val=0)
    assert found == Extracted(train=3, malformed=2)
    assert str(found) == "3 images to train, 0 to val, 2 malformed messages skipped"
    manifest(tmp_path / "out")


def test_labels_none_of_which_can_be_read_are_an_error(tmp_path: Path) -> None:
    """Labels as colors, as of some simulators."""
    with BagWriter(tmp_path / "bag") as bag:
        for i in range(3):
            bag.write_image(CAMERA, START + i * STEP, "camera", picture(i))
            bag.write_image(TRUTH, START + i * STEP, "camera", picture(i))
    why = (
        "can be used:\n *3 x labels are rgb8; expected mono8 or 8UC1: publish the class id of each"
    )
    with pytest.raises(BagError, match=why):
        take(tmp_path / "bag", tmp_path / "out", CAMERA, labels_topics=(TRUTH,), val=0)


def test_labels_of_another_size_are_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        bag.write_image(CAMERA, START, "camera", picture(0))
        bag.write_labels(TRUTH, START, "camera", np.zeros((4, 4), np.uint8))
    with pytest.raises(DatasetError, match="differ in size"):
        take(tmp_path / "bag", tmp_path / "out", CAMERA, labels_topics=(TRUTH,))
    assert not (tmp_path / "out" / "manifest.csv").exists()


def test_blocks_longer_than_the_bag_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    take(write_bag(tmp_path / "bag"), tmp_path / "out", split="blocks")
    assert "nothing in val: the bags are too short" in caplog.text


def test_extract_refuses(tmp_path: Path) -> None:
    bag, out = write_bag(tmp_path / "bag", count=1, labeled=(0,)), tmp_path / "out"
    refused: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (BagError, "several image topics", lambda: take(bag, out)),
        (BagError, "no topic /x", lambda: take(bag, out, "/x")),
        (BagError, "no topic /x", lambda: take(bag, out, CAMERA, labels_topics=("/x",))),
        (SettingsError, "no bag", lambda: take([], out)),
        (SettingsError, "named twice", lambda: take([bag, tmp_path / "." / "bag"], out, CAMERA)),
        (SettingsError, "2 or more", lambda: take(bag, out, CAMERA, split="bag")),
    ]
    for error, message, call in refused:
        with pytest.raises(error, match=message):
            call()
    assert not out.exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="file is no folder; choose another name"):
        take(bag, tmp_path / "file", CAMERA)
    out.mkdir()
    (out / "manifest.csv").write_text("my own list\n")
    with pytest.raises(DatasetError, match="no column file"):
        take(bag, out, CAMERA)
    assert (out / "manifest.csv").read_text() == "my own list\n"


def test_the_commands_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drive, data, copy = (str(tmp_path / name) for name in ("drive", "data", "copy"))
    assert cli.main(["render", "--seed", "7", "--seconds", "1", "--out", drive]) == 0
    topics = ["--topic", CAMERA, "--labels-topic", TRUTH]
    assert cli.main(["extract", drive, *topics, "--every", "0.2", "--out", data]) == 0
    assert "4 images to train, 1 to val" in capsys.readouterr().out
    train = [f"{data}/train", "--labels", f"{data}/trainannot"]
    assert cli.main(["bag", *train, "--storage", "sqlite3", "--out", copy]) == 0
    assert "4 images on /camera/image_raw" in capsys.readouterr().out
    both = ["extract", drive, copy, *topics, "--every", "0", "--split", "bag", "--out", f"{data}2"]
    assert cli.main([*both, "--val", "0.4"]) == 0
    assert "10 images to train, 4 to val" in capsys.readouterr().out


def test_the_commands_say_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["extract", str(tmp_path / "x"), "--out", str(tmp_path / "y")]) == 2
    assert "there is no bag" in capsys.readouterr().err
    assert cli.main(["extract", "x", "--out", str(tmp_path / "y"), "--block", "3"]) == 2
    assert "block 3.0 needs split blocks" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["render", "--seed", "-1", "--out", str(tmp_path / "x")])
    assert "argument --seed: -1 is out of range; give at least 0" in capsys.readouterr().err


def test_ctrl_c_ends_in_good_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bag, out = str(write_bag(tmp_path / "bag", count=50)), tmp_path / "out"
    presses = iter([signal.SIGINT])

    def press(path: Path, image: np.ndarray) -> None:
        for number in presses:  # once: a second Ctrl-C ends it at once
            signal.raise_signal(number)
        write_png(path, image)

    monkeypatch.setattr(dataset_writer, "write_png", press)
    arguments = ["extract", bag, "--every", "0", "--gap", "0", "--out", str(out)]
    assert cli.main(arguments) == 130
    assert "stopped; run the same command to go on" in capsys.readouterr().err
    assert 0 < len(manifest(out)) < 50
    monkeypatch.undo()
    assert cli.main(arguments) == 0
    assert len(manifest(out)) == 50
