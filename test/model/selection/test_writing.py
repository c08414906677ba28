"""Rounds that are finished, interrupted and repeated, and where their files are from."""

from __future__ import annotations

import csv
import signal

import numpy as np
import pytest

from segnet_model.bags.writer import BagWriter
from segnet_model.cli import main
from segnet_model.datasets.extraction import dataset_writer
from segnet_model.datasets.extraction.manifest import read_manifest
from segnet_model.images.files import read_image, write_png

SECOND = 1_000_000_000
LEFT, RIGHT = "/left/image_raw", "/right/image_raw"
PLAN = "selection.unfinished.json"


def picture(seed):
    return np.random.default_rng(seed).integers(0, 256, (64, 96, 3), np.uint8)


@pytest.fixture
def drive(tmp_path):
    """Thirty images, a second apart, of a stereo camera: both have the same stamps."""
    with BagWriter(tmp_path / "drive") as bag:
        for index in range(30):
            for topic, seed in ((LEFT, 0), (RIGHT, 100)):
                bag.write_image(topic, (index + 1) * SECOND, "camera", picture(seed + index))
    return tmp_path / "drive"


@pytest.fixture
def select(drive, bayesian, tmp_path):
    """Selects five frames into tmp_path/NAME and returns the exit code."""

    def run(name="yard", topic=LEFT, count=5, val=2, *more):
        return main(["select", str(drive), str(bayesian), "--samples", "1", "--topic", topic,
                     "--count", str(count), "--val", str(val), "--out", str(tmp_path / name),
                     *more])  # fmt: skip

    return run


def files(out):
    return {path.relative_to(out).as_posix() for path in out.glob("*/*.png")}


def rounds(out):
    with (out / "selection.csv").open(newline="") as file:
        return [(row["round"], row["rank"], row["name"]) for row in csv.DictReader(file)]


def interrupted(monkeypatch, run, after=3):
    """Press Ctrl-C once so many images are written; the exit code."""
    written = []

    def press(path, image):
        write_png(path, image)
        written.append(path)
        if len(written) == after:
            signal.raise_signal(signal.SIGINT)

    # One after the other, so that something is left to do.
    pool = dataset_writer.PngPool
    with monkeypatch.context() as patch:
        patch.setattr(dataset_writer, "PngPool", lambda: pool(threads=1))
        patch.setattr(dataset_writer, "write_png", press)
        return run()


@pytest.mark.parametrize("manifest_is_there", [True, False])
def test_an_interrupted_round_goes_on_to_the_same_frames(
    select, tmp_path, monkeypatch, capsys, manifest_is_there
):
    whole, out = tmp_path / "whole", tmp_path / "yard"
    assert select("whole", count=12) == 0
    assert interrupted(monkeypatch, lambda: select(count=12)) == 130
    assert "stopped; run the same command to go on" in capsys.readouterr().err
    assert 0 < len(files(out)) < 14
    assert {each.file for each in read_manifest(out)} == files(out)
    assert (out / PLAN).is_file()
    assert not (out / "selection.csv").exists()
    if not manifest_is_there:  # as if the process had been killed
        (out / "manifest.csv").unlink()
    assert select(count=12) == 0
    assert files(out) == files(whole)
    assert rounds(out) == rounds(whole)
    assert read_manifest(out) == read_manifest(whole)
    assert not (out / PLAN).exists()
    np.testing.assert_array_equal(
        read_image(out / "selection.png"), read_image(whole / "selection.png")
    )


def test_another_command_leaves_an_unfinished_round_alone(select, tmp_path, monkeypatch, capsys):
    interrupted(monkeypatch, lambda: select(count=12))
    before = files(tmp_path / "yard")
    assert select(count=6) == 2
    assert "unfinished selection with count 12, not 6; run that" in capsys.readouterr().err
    assert files(tmp_path / "yard") == before
    (tmp_path / "yard" / PLAN).unlink()  # what the error offers
    assert select(count=6) == 0
    assert len(read_manifest(tmp_path / "yard")) == len(files(tmp_path / "yard"))


def test_a_frame_that_is_gone_is_named(select, drive, tmp_path, monkeypatch, capsys):
    interrupted(monkeypatch, lambda: select(count=12))
    plan = tmp_path / "yard" / PLAN
    plan.write_text(plan.read_text().replace(f"{SECOND}, ", f"{SECOND}1, ", 1))
    assert select(count=12) == 2
    assert f"{drive} has lost 1 of the frames" in capsys.readouterr().err


def test_the_same_command_is_the_next_round(select, tmp_path, capsys):
    """Nothing is lost, and where each file is from stays written down."""
    out = tmp_path / "yard"
    assert select() == 0
    first, of_first = files(out), rounds(out)
    assert len(first) == 7
    assert select() == 0
    assert "round 2: 5 of " in capsys.readouterr().out
    assert files(out) > first
    assert len([file for file in files(out) if file.startswith("train")]) == 10
    assert rounds(out)[:5] == of_first
    assert [row[:2] for row in rounds(out)] == [(r, str(n)) for r in "12" for n in range(1, 6)]
    assert {f"train/{name}.png" for *_, name in rounds(out)} < files(out)
    assert {each.file for each in read_manifest(out)} == files(out)
    for each in read_manifest(out):
        assert (each.bag, each.topic) == (str(tmp_path / "drive"), LEFT)
        seen = read_image(out / each.file)
        np.testing.assert_array_equal(seen, picture(each.stamp_ns // SECOND - 1))


def test_the_other_camera_of_a_stereo_pair(select, tmp_path, capsys):
    out = tmp_path / "yard"
    assert select(count=99, val=5) == 0
    left = files(out)
    assert select(topic=RIGHT, count=99, val=5) == 0
    added = {file.replace(".png", "_right-image_raw.png") for file in left}
    assert files(out) == left | added
    of_topics = {each.file: each.topic for each in read_manifest(out)}
    assert of_topics == dict.fromkeys(left, LEFT) | dict.fromkeys(added, RIGHT)
    capsys.readouterr()
    for topic in (LEFT, RIGHT):
        assert select(topic=topic, count=99, val=5) == 2
        error = capsys.readouterr().err
        assert "23 are in the data set already, 1 are neighbors in time" in error
        assert "6 are kept to measure on; give" in error


def test_one_manifest_with_extract(select, drive, tmp_path):
    out = tmp_path / "yard"
    assert select() == 0
    chosen = read_manifest(out)
    extract = ["extract", str(drive), "--every", "0", "--out", str(out)]
    assert main([*extract, "--topic", LEFT]) == 0
    assert set(chosen) < set(read_manifest(out))
    assert {each.file for each in read_manifest(out)} == files(out)
    assert len(files(out)) == len({each.stamp_ns for each in read_manifest(out)})  # none twice


def test_a_gap_between_the_splits(bayesian, tmp_path):
    """Ten images a second for 10 s: the last fifth begins at 8 s, and 1 s is left out around it."""
    with BagWriter(tmp_path / "fast") as bag:
        for index in range(100):
            bag.write_image("/camera", SECOND + index * SECOND // 10, "camera", picture(index))
    out = tmp_path / "yard"
    select = ["select", str(tmp_path / "fast"), str(bayesian), "--samples", "1", "--every", "0.1"]
    assert main([*select, "--count", "99", "--val", "99", "--out", str(out)]) == 0
    times = {
        split: [int(path.stem) / SECOND for path in (out / split).iterdir()]
        for split in ("train", "val")
    }
    gap = min(times["val"]) - max(times["train"])
    assert 1 <= gap <= 1.1
    assert len(times["train"]) + len(times["val"]) == pytest.approx(100 - 10, abs=1)


def test_what_was_removed_comes_back_to_its_split(select, tmp_path):
    out = tmp_path / "yard"
    assert select() == 0
    for path in (out / "val").iterdir():
        path.unlink()
    assert select(val=0, count=99) == 0
    val = {each.file for each in read_manifest(out) if each.split == "val"}
    assert val == set()
    train = {each.stamp_ns // SECOND for each in read_manifest(out)}
    assert not train & {25, 30}  # the first and the last of the part to measure on
