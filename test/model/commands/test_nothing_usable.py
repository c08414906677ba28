"""A source of which nothing can be used ends every command with 2, and with the reasons."""

import os
import resource
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import SettingsError
from segnet_model.cli import main
from segnet_model.datasets.images_to_bag import images_to_bag
from segnet_model.engines.export import Export
from segnet_model.evaluation import fitting
from segnet_model.images.files import list_images, write_png

START = 1_700_000_000_000_000_000


def bag(path, kinds):
    """A bag of good and bad images, a second apart."""
    with BagWriter(path) as writer:
        for index, kind in enumerate(kinds):
            picture = np.random.default_rng(index).integers(0, 256, (64, 96, 3), np.uint8)
            data = cv2.imencode(".png", picture)[1].tobytes() if kind == "fine" else b"no image"
            stamp = START + index * 1_000_000_000
            writer.write_compressed("/camera", stamp, "camera", data, "jpeg")
    return path


@pytest.mark.parametrize("command", ["extract", "select", "predict", "view", "label"])
def test_every_image_is_rejected(command, weights, tmp_path, capsys):
    path = bag(tmp_path / "bag", ["bad"] * 3)
    between = {"extract": (path,), "predict": (weights, path)}.get(command, (path, weights))
    out = tmp_path / ("a.mp4" if command == "view" else "far/away")
    more = {"select": ("--uncertainty", "none", "--classes", "a,b"), "extract": ("--classes", "a")}
    arguments = (command, *between, "--out", out, *more.get(command, ()))
    assert main([str(each) for each in arguments]) == 2
    said = capsys.readouterr().err
    assert "\n    3 x data that starts with" in said
    assert str(path) in said
    assert not (tmp_path / "far").exists()
    assert not out.exists()


@pytest.mark.parametrize(
    "line",
    [
        "evaluate yard w.safetensors --split nothing --out far/away",
        "evaluate yard w.safetensors --compare nowhere --out far/away",
        "prelabel yard nowhere.safetensors --out far/away.zip",
        "prelabel yard w.safetensors --map Raod=Road --all --out far/away.zip",
        "export w.safetensors --engine openvino --calibrate nowhere --out far/away.xml",
        "adopt w.safetensors --labels camvid --out far/away.onnx",
        "average w.safetensors nowhere.safetensors --out far/away.safetensors",
        "calibrate yard w.safetensors --split nothing --out far/away.safetensors",
        "train yard --labels nowhere --out far/away",
        "train yard --init nowhere --out far/away",
        "train yard --device cuda:77 --out far/away",
        "bag yard/train --labels yard/val --out far/away",
        "label yard/train w.safetensors --topics drivable_grid --out far/away",
        "predict yard/train nowhere --out far/away",
        "extract yard/train nowhere --out far/away --classes a",
        "select yard/train w.safetensors --out far/away --classes a",  # no dropout
        "render --textures nowhere --dataset far/away",
        "check yard --labels nowhere --json far/away.json",
    ],
)
def test_a_refusal_leaves_nothing(line, dataset, weights, tmp_path, capsys, monkeypatch):
    dataset.rename(tmp_path / "yard")
    weights.rename(tmp_path / "w.safetensors")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert main(line.split()) == 2
    assert capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "line",
    [
        "calibrate yard w.safetensors --out c.onnx",
        "calibrate yard w.safetensors --out far/c.xml",
        "calibrate yard w.onnx --out c.safetensors",
        "calibrate yard w.onnx --out c",
        "average w.safetensors w.safetensors --out far/c.onnx",
    ],
)
def test_weights_keep_the_ending_of_their_format(line, dataset, weights, tmp_path, capsys):
    """Readers tell the format by it."""
    Export.of(weights).to_onnx(tmp_path / "w.onnx")
    weights.rename(tmp_path / "w.safetensors")
    dataset.rename(tmp_path / "yard")
    before = sorted(tmp_path.rglob("*"))
    words = [str(tmp_path / each) if each[0] in "ywcf" else each for each in line.split()[1:]]
    assert main([line.split()[0], *words]) == 2
    said = capsys.readouterr().err
    assert "would be read as another format; give a name as c" in said
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", ["calibrate", "average"])
def test_the_folder_of_weights_is_made_before_the_work(command, dataset, weights, tmp_path, capsys):
    """Without it, all of the work was lost in the end."""
    out = tmp_path / "far" / "away.safetensors"
    given = {"calibrate": (dataset, weights), "average": (weights, weights)}[command]
    assert main([command, *map(str, given), "--out", str(out)]) == 0, capsys.readouterr()
    assert out.is_file()


def test_a_folder_that_may_not_be_written_to(dataset, weights, tmp_path, capsys, monkeypatch):
    """It is known before the work; root may write anywhere, so that the system's answer is set."""
    (tmp_path / "theirs").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path / "theirs")
    monkeypatch.setattr(fitting, "calibrate", None)
    out = tmp_path / "theirs" / "c.safetensors"
    assert main(["calibrate", str(dataset), str(weights), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "may not be written to; allow it with chmod +wx, or give another --out" in said


@pytest.mark.parametrize(
    "line",
    [
        "extract yard/train --every 0 --classes a,b --out far/away",
        "bag yard/train --out far/away",
        "bag yard/train --storage sqlite3 --out far/away",
        "label yard/train w.safetensors --out far/away",
        "predict yard/train w.safetensors --out far/away",
        "render --dataset far/away --drives 1 --frames 1 --workers 1",
        "view yard/train w.safetensors --out away.mp4",
    ],
)
def test_a_full_disk_leaves_nothing(line, dataset, weights, tmp_path, capsys, monkeypatch):
    dataset.rename(tmp_path / "yard")
    weights.rename(tmp_path / "w.safetensors")
    monkeypatch.chdir(tmp_path)
    # Python would leave a cut .pyc of each module that it first imports here.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # of workers
    before, limits = sorted(tmp_path.rglob("*")), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # bytes of a file
    try:
        assert main(line.split()) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "away" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_what_was_there_stays_after_a_refusal(tmp_path, capsys):
    out = tmp_path / "yard"
    (out / "train").mkdir(parents=True)
    (out / "notes.txt").write_text("mine")
    bad = bag(tmp_path / "bad", ["bad"])
    assert main(["extract", str(bad), "--classes", "a,b", "--out", str(out)]) == 2
    assert sorted(each.name for each in out.iterdir()) == ["notes.txt", "train"]
    good = bag(tmp_path / "good", ["fine"])
    assert main(["extract", str(good), str(bad), "--classes", "a,b", "--out", str(out)]) == 2
    assert "What could be read was taken" in capsys.readouterr().err
    assert (out / "labels.yaml").is_file()


def test_what_can_be_read_of_other_bags_is_taken(tmp_path, capsys):
    bad, good = bag(tmp_path / "bad", ["bad"]), bag(tmp_path / "good", ["fine", "bad", "fine"])
    out = tmp_path / "yard"
    assert main(["extract", str(bad), str(good), "--val", "0", "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert f"no image on /camera in {bad} can be used:\n    1 x " in said
    assert f"What could be read was taken: {out}: 2 images to train" in said
    assert len(list_images(out / "train")) == 2


def test_a_few_bad_images_do_not_fail(tmp_path, capsys):
    path, out = bag(tmp_path / "bag", ["bad", "fine", "bad"]), tmp_path / "yard"
    for _ in range(2):  # a second time, all that can be used is there already
        assert main(["extract", str(path), "--val", "0", "--out", str(out)]) == 0
        assert "2 malformed messages skipped" in capsys.readouterr().out


def test_the_sheet_of_a_selection_is_no_frame(tmp_path, weights, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    for index in range(6):
        picture = np.random.default_rng(index).integers(0, 256, (64, 96, 3), np.uint8)
        write_png(photos / f"f{index}.png", picture)
    ask = ["select", str(photos), str(weights), "--uncertainty", "none", "--count", "2"]
    for _ in range(2):
        assert main([*ask, "--val", "0", "--out", str(photos)]) == 0
    assert (photos / "selection.png").is_file()
    assert main(["extract", str(photos), "--every", "0", "--out", str(tmp_path / "yard")]) == 0
    taken = {p.stem for split in ("train", "val") for p in list_images(tmp_path / "yard" / split)}
    assert taken == {f"f{index}" for index in range(6)}
    assert {path.stem for path in list_images(photos / "train")} <= taken


def test_a_picture_called_selection_is_one_where_nothing_was_selected(tmp_path):
    write_png(tmp_path / "selection.png", np.zeros((64, 96, 3), np.uint8))
    out = tmp_path / "yard"
    assert main(["extract", str(tmp_path), "--val", "0", "--out", str(out)]) == 0
    assert [path.name for path in list_images(out / "train")] == ["selection.png"]


@pytest.mark.parametrize("fps", ["inf", "nan", "0", "-1", "1e300"])
def test_bag_refuses_rates_that_cannot_be(tmp_path, capsys, fps):
    write_png(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(SystemExit) as caught:
        main(["bag", str(tmp_path), f"--fps={fps}", "--out", str(tmp_path / "bag")])
    assert caught.value.code == 2
    assert "out of range; give 0.001 to 1000" in capsys.readouterr().err
    with pytest.raises(SettingsError, match=r"give more than 0 and at most 1e\+06"):
        images_to_bag(tmp_path, tmp_path / "bag", fps=float(fps))
    assert not (tmp_path / "bag").exists()


def test_bag_refuses_one_topic_for_two_things(tmp_path, capsys):
    write_png(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    same = ["--topic", "/a", "--labels-topic", "/a", "--labels", str(tmp_path)]
    assert main(["bag", str(tmp_path), *same, "--out", str(tmp_path / "bag")]) == 2
    assert "both on /a; give another --labels-topic" in capsys.readouterr().err


def test_images_are_listed_by_number(tmp_path):
    for name in ("f10", "f2", "f1", "g1", "f2a"):
        write_png(tmp_path / f"{name}.png", np.zeros((8, 8, 3), np.uint8))
    assert [path.stem for path in list_images(tmp_path)] == ["f1", "f2", "f2a", "f10", "g1"]


def test_two_images_with_the_same_labels(tmp_path, capsys):
    for name in ("a.png", "a.bmp"):
        cv2.imwrite(str(tmp_path / name), np.zeros((8, 8, 3), np.uint8))
    arguments = ["bag", str(tmp_path), "--labels", str(tmp_path), "--out", str(tmp_path / "bag")]
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert f"a.bmp and a.png in {tmp_path} would both have the labels a.png; rename one" in said
    assert not (tmp_path / "bag").exists()


def test_labels_of_other_stamps(tmp_path, capsys):
    picture = np.zeros((8, 8, 3), np.uint8)
    with BagWriter(tmp_path / "bag") as writer:
        for index in range(3):
            writer.write_image("/camera", START + index, "camera", picture)
            writer.write_labels("/labels", START + index + 10**8, "camera", picture[..., 0])
    out = ["--out", str(tmp_path / "yard"), "--every", "0", "--val", "0"]
    topics = ["--topic", "/camera", "--labels-topic", "/labels"]
    assert main(["extract", str(tmp_path / "bag"), *topics, *out]) == 2
    said = capsys.readouterr().err
    assert "none of 3 images on /camera in" in said
    assert "labels need their image's stamp: name another labels topic" in said
    assert "give a larger --tolerance to segnet extract" in said
    assert main(["extract", str(tmp_path / "bag"), *topics, *out, "--tolerance", "0.2"]) == 0
