"""Images in folders below their split, as from several cameras: train/cam1/0001.png."""

import json

import numpy as np
import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.cli import main
from segnet_model.commands.prelabel import images_to_label
from segnet_model.datasets.annotations.importing import import_labels
from segnet_model.datasets.checking import check_dataset
from segnet_model.datasets.folder import has_split, label_set_of_labels, open_split
from segnet_model.images.files import list_files_below, read_labels, write_png
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")
FILES = ["cam1/0001", "cam1/0002", "cam2/0001", "cam2/night/0003", "0004"]


@pytest.fixture
def nested(tmp_path):
    """Images of noise, with ids that say which file they are of; val has one folder."""
    rng = np.random.default_rng(0)
    root = tmp_path / "nested"
    for split, files in (("train", FILES), ("val", ["cam1/0009", "cam1/0010"])):
        for index, name in enumerate(files):
            for folder in (split, f"{split}annot"):
                (root / folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_png(root / split / f"{name}.png", rng.integers(0, 255, (64, 96, 3), np.uint8))
            write_png(root / f"{split}annot" / f"{name}.png", np.full((64, 96), index, np.uint8))
    return root


def test_images_below_folders_are_paired_with_labels_in_the_same_folders(nested):
    train = open_split(nested, "train", CAMVID)
    names = {each.name: each for each in train.samples}
    assert set(names) == {f"{name}.png" for name in FILES}
    for index, sample in enumerate(train.samples):
        assert sample.labels.relative_to(nested / "trainannot").as_posix() == sample.name
        assert set(np.unique(train.read(index)[1])) == {FILES.index(sample.name[:-4])}
    assert has_split(nested, "val")
    assert label_set_of_labels(nested) == CAMVID


def test_a_check_finds_nothing_wrong_and_names_files_by_their_folders(nested):
    report = check_dataset(nested, CAMVID)
    assert report.splits["train"].labeled == 5
    assert report.splits["val"].labeled == 2
    assert not report.count("error")
    (nested / "trainannot" / "cam2" / "0001.png").unlink()
    (nested / "trainannot" / "cam3").mkdir()
    write_png(nested / "trainannot" / "cam3" / "0001.png", np.zeros((64, 96), np.uint8))
    report = check_dataset(nested, CAMVID)
    found = {each.kind.name: [report.name(file) for file in each.files] for each in report.problems}
    assert found["image without labels"] == ["train/cam2/0001.png"]
    assert found["labels without an image"] == ["trainannot/cam3/0001.png"]
    with pytest.raises(DatasetError, match=r"train/cam2/0001.png has no labels"):
        open_split(nested, "train", CAMVID)


def test_training_and_evaluation_read_them(nested, tmp_path):
    run = tmp_path / "run"
    train = ["train", str(nested), "--out", str(run), "--network", "segnet_basic", "--set",
             "features=4", "--input-size", "32", "48", "--epochs", "1", "--batch-size", "2",
             "--workers", "1", "--device", "cpu"]  # fmt: skip
    assert main(train) == 0
    weights = str(run / "weights.safetensors")
    assert main(["evaluate", str(nested), weights, "--out", str(run), "--device", "cpu"]) == 0
    frames = json.loads((run / "evaluation.json").read_text())["worst_frames"]
    assert {each["name"] for each in frames} == {"cam1/0009.png", "cam1/0010.png"}


def test_labels_come_to_the_image_of_their_folder(nested, tmp_path):
    source = tmp_path / "export"
    for index, name in enumerate(FILES):
        (source / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
        write_png(source / "masks" / f"{name}.png", np.full((64, 96), 10 - index, np.uint8))
    done = import_labels(source, nested, CAMVID)
    assert done.counts == {"changed": 5}
    for index, name in enumerate(FILES):
        found = read_labels(nested / "trainannot" / f"{name}.png", CAMVID)
        assert set(np.unique(found)) == {10 - index}


def test_a_name_alone_is_enough_where_it_is_the_only_one(nested, tmp_path):
    (tmp_path / "export").mkdir()
    for name in ("0003", "0001"):  # 0001 is in two folders
        write_png(tmp_path / "export" / f"{name}.png", np.full((64, 96), 7, np.uint8))
    done = import_labels(tmp_path / "export", nested, CAMVID)
    assert done.counts == {"changed": 1}
    assert done.imageless == ("0001",)
    found = read_labels(nested / "trainannot" / "cam2" / "night" / "0003.png", CAMVID)
    assert set(np.unique(found)) == {7}


def test_images_to_label_are_found_below_folders(nested):
    (nested / "trainannot" / "cam1" / "0002.png").unlink()
    assert images_to_label(nested) == [nested / "train" / "cam1" / "0002.png"]


def test_hidden_folders_are_left_out_and_links_followed_once(tmp_path):
    for name in ("a/1.png", ".hidden/2.png", "elsewhere/3.png"):
        (tmp_path / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "x" / name).write_bytes(b"")
    (tmp_path / "x" / "elsewhere").rename(tmp_path / "elsewhere")
    (tmp_path / "x" / "cam").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "x" / "a" / "loop").symlink_to(tmp_path / "x")
    found = list_files_below(tmp_path / "x", [".png"])
    assert [each.relative_to(tmp_path / "x").as_posix() for each in found] == [
        "a/1.png",
        "cam/3.png",
    ]
    assert list_files_below(tmp_path / "nowhere", [".png"]) == []
