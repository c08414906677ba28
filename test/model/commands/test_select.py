"""`segnet select`: frames of bags and folders that come into a data set."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import SettingsError
from segnet_model.cli import main
from segnet_model.datasets.extraction.manifest import read_manifest
from segnet_model.datasets.sources import open_source
from segnet_model.images.files import list_images, read_image, write_png
from segnet_model.labels import LabelSet
from segnet_model.scenes import Drive
from segnet_model.selection import SelectSettings


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, small_camera):
    rng = np.random.default_rng(0)
    still = Drive(4000, small_camera).frame(0).image
    path = tmp_path_factory.mktemp("recorded") / "bag"
    with BagWriter(path) as writer:
        for index in range(10):
            noise = rng.integers(0, 256, (6, 8, 3), np.uint8).repeat(30, 0).repeat(30, 1)
            image = noise if index % 2 else still
            writer.write_image("/camera", (index + 1) * 500_000_000, "camera", image)
    return path


@pytest.fixture
def bag(recorded, tmp_path):
    """Ten frames, half a second apart: five of noise, that no network knows, and five alike."""
    return Path(shutil.copytree(recorded, tmp_path / "bag"))


def test_the_command_takes_frames_out_of_a_bag(bag, bayesian, tmp_path):
    out = tmp_path / "yard"
    arguments = ["select", str(bag), str(bayesian), "--out", str(out), "--count", "3",
                 "--samples", "2"]  # fmt: skip
    assert main(arguments) == 0
    names = [path.stem for path in list_images(out / "train")]
    with (out / "selection.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["name"] for row in rows) == names
    assert len(names) == 3
    assert [int(row["rank"]) for row in rows] == [1, 2, 3]
    assert read_image(out / "selection.png").shape[2] == 3
    assert read_image(out / "train" / f"{names[0]}.png").shape == (180, 240, 3)


@pytest.mark.parametrize("command", ["select", "extract"])
def test_classes_become_the_label_set(bag, bayesian, tmp_path, command, capsys):
    out = tmp_path / "yard"
    few = [str(bayesian), "--samples", "1", "--count", "2", "--val", "0"]
    few = few if command == "select" else []
    arguments = [command, str(bag), *few, "--out", str(out), "--classes"]
    assert main([*arguments, "path, grass,person"]) == 0
    labels = LabelSet.load(out / "labels.yaml")
    assert (labels.name, labels.names) == ("yard", ("path", "grass", "person"))
    assert labels.drivable[:3].tolist() == [True, False, False]
    assert f"{out}/labels.yaml: path (drivable), grass, person" in capsys.readouterr().out
    text = (out / "labels.yaml").read_text().replace("drivable: true", "drivable: false")
    (out / "labels.yaml").write_text(text)
    assert main([*arguments, "path,grass,person"]) == 0  # the next round
    assert (out / "labels.yaml").read_text() == text
    assert main([*arguments, "path,person"]) == 2
    assert "label set 'yard' with other classes" in capsys.readouterr().err


def test_the_end_of_a_recording_is_kept_to_measure_on(bag, bayesian, tmp_path):
    out = tmp_path / "yard"
    select = ["select", str(bag), str(bayesian), "--count", "99", "--samples", "1", "--out"]
    assert main([*select, str(out), "--val", "1"]) == 0
    stamps = {split: sorted(int(path.stem) // 500_000_000 for path in list_images(out / split))
              for split in ("train", "val")}  # fmt: skip
    assert stamps == {"train": [1, 2, 3, 4, 5, 6, 7], "val": [10]}  # 0.9 s between are left out
    whole = tmp_path / "whole"
    assert main([*select, str(whole), "--val", "0"]) == 0
    assert len(list_images(whole / "train")) == 10


def test_what_lies_in_the_data_set_is_never_written_over(bayesian, tmp_path, capsys):
    """Two folders whose files have the same names, and a copy of one of them."""
    out = tmp_path / "out"
    for folder, brightness in (("a", 0), ("b", 200)):
        (tmp_path / folder).mkdir()
        for index in range(10):
            image = np.full((64, 96, 3), brightness + index, np.uint8)
            write_png(tmp_path / folder / f"{index}.png", image)
        segnet = ["select", str(tmp_path / folder), str(bayesian), "--samples", "1"]
        assert main([*segnet, "--out", str(out), "--val", "2"]) == 0
    shutil.copytree(tmp_path / "b", tmp_path / "copy")
    assert main(["select", str(tmp_path / "copy"), str(bayesian), "--out", str(out)]) == 2
    assert "8 are in the data set already, 2 are kept to measure on" in capsys.readouterr().err
    found = {path.stem: int(read_image(path).max()) for path in out.glob("*/*.png")}
    assert found == {str(i): i for i in range(10)} | {f"{i}_b": 200 + i for i in range(10)}
    origins = {each.file: (each.bag, each.topic) for each in read_manifest(out)}
    assert len(origins) == 20
    assert origins["val/9_b.png"] == (str(tmp_path / "b"), "9.png")


def test_neighbors_of_frames_to_measure_on_are_not_learned_from(bag, bayesian, tmp_path):
    (tmp_path / "yard" / "val").mkdir(parents=True)
    write_png(tmp_path / "yard" / "val" / f"{3 * 500_000_000}.png", np.zeros((8, 8, 3), np.uint8))
    select = ["select", str(bag), str(bayesian), "--samples", "1", "--val", "0", "--count", "99"]
    assert main([*select, "--out", str(tmp_path / "yard")]) == 0
    stamps = sorted(int(path.stem) // 500_000_000 for path in list_images(tmp_path / "yard/train"))
    assert stamps == [1, 5, 6, 7, 8, 9, 10]  # 2 and 4 are half a second away


def test_a_clock_that_is_set_back_mixes_nothing_up(bayesian, tmp_path):
    """Ten stamps, twice."""
    with BagWriter(tmp_path / "bag") as writer:
        for index in range(20):
            image = np.full((64, 96, 3), 10 * index, np.uint8)
            writer.write_image("/camera", (index % 10 + 1) * 2_000_000_000, "camera", image)
    out = tmp_path / "out"
    assert main(["select", str(tmp_path / "bag"), str(bayesian), "--samples", "1", "--count", "99",
                 "--out", str(out)]) == 0  # fmt: skip
    train = [read_image(path) for path in list_images(out / "train")]
    assert len(train) == 7  # one is left out where the splits meet
    assert len(list_images(out / "val")) == 2
    with (out / "selection.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(train)


def test_a_bag_with_a_picture_in_its_folder_is_a_bag(bag):
    write_png(bag / "photo.png", np.zeros((8, 8, 3), np.uint8))
    with open_source(bag) as source:
        assert len(list(source.images())) == 10


def test_a_folder_of_images_will_do(weights, tmp_path):
    (tmp_path / "images").mkdir()
    for index in range(3):
        image = np.full((64, 96, 3), 80 * index, np.uint8)
        write_png(tmp_path / "images" / f"{index}.png", image)
    out = tmp_path / "out"
    arguments = ["select", str(tmp_path / "images"), str(weights), "--out", str(out),
                 "--uncertainty", "none", "--count", "9", "--val", "0"]  # fmt: skip
    assert main(arguments) == 0
    assert len(list_images(out / "train")) == 3


def test_bad_input_names_the_mend(bag, bayesian, weights, tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    assert main(["select", str(bag), str(weights), *out]) == 2
    assert "no dropout" in capsys.readouterr().err
    assert main(["select", str(tmp_path / "nothing"), str(bayesian), *out]) == 2
    assert "give a bag, a folder of images" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [
        ("every", "nan", "0 to 1e+06"),
        ("every", "inf", "0 to 1e+06"),
        ("every", "-1", "0 to 1e+06"),
        ("count", "0", "at least 1"),
        ("val", "-1", "at least 0"),
    ],
)
def test_numbers_out_of_range_are_refused(bag, tmp_path, capsys, name, value, limits):
    given = [str(bag), "bayesian_segnet_basic_drives", f"--{name}={value}"]
    with pytest.raises(SystemExit) as caught:
        main(["select", *given, "--out", str(tmp_path / "out")])
    assert caught.value.code == 2
    expected = f"argument --{name}: {value} is out of range; give {limits}"
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    good = SelectSettings(str(bag), "w", None, every=0.5, count=1, val=0, uncertainty="mc",
                          samples=1, seed=0)  # fmt: skip
    bad = float(value) if name == "every" else int(value)
    with pytest.raises(SettingsError, match=f"--{name} {bad} "):
        replace(good, **{name: bad})


def test_a_file_is_no_data_set(bag, bayesian, tmp_path, capsys):
    (tmp_path / "afile").write_text("mine")
    for out in ("afile", "afile/below"):
        assert main(["select", str(bag), str(bayesian), "--out", str(tmp_path / out)]) == 2
        error = capsys.readouterr().err
        assert f"{tmp_path / 'afile'} is no folder; choose another name" in error
        assert "ranking" not in error  # it is refused before the work
    assert (tmp_path / "afile").read_text() == "mine"


@pytest.mark.parametrize("own", ["camvid", "other", None])
def test_other_classes_are_named_in_one_line(bag, bayesian, tmp_path, caplog, own):
    out = tmp_path / "yard"
    out.mkdir()
    if own:
        labels = LabelSet.load("camvid").to_dict()
        labels["classes"] = labels["classes"][: 11 if own == "camvid" else 4]
        (out / "labels.yaml").write_text(yaml.safe_dump(labels))
    select = ["select", str(bag), str(bayesian), "--samples", "1", "--every", "2"]
    assert main([*select, "--out", str(out)]) == 0
    said = [text for text in caplog.messages if "classes" in text]
    expected = f"the classes of {bayesian} (camvid) are not those of {out / 'labels.yaml'}; frames"
    assert [text.startswith(expected) for text in said] == ([True] if own == "other" else [])


def test_a_damaged_list_is_refused_before_the_work(bag, bayesian, tmp_path, capsys):
    (tmp_path / "selection.csv").write_text("my own list\n")
    assert main(["select", str(bag), str(bayesian), "--out", str(tmp_path)]) == 2
    assert "no list of chosen frames (no column name, rank" in capsys.readouterr().err
    assert not (tmp_path / "train").exists()
