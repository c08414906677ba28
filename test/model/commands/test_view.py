"""`segnet view`: a recording as a video, or in the Rerun viewer."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.cli import main
from segnet_model.datasets.sources import BagSource
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.pictures.palette import brightened
from segnet_model.recordings.panes import PANES
from segnet_model.recordings.recorded import recorded_labels

av = pytest.importorskip("av")
IMAGE = "/camera/image_raw"
CAMVID = LabelSet.load("camvid")


@pytest.fixture
def labeled(drive, weights, tmp_path):
    out = tmp_path / "labeled"
    arguments = ["--topic", IMAGE, "--topics", "mask", "class_map", "uncertainty", "drivable"]
    assert main(["label", str(drive), str(weights), "--out", str(out), *arguments]) == 0
    return out


def view(*arguments):
    return main(["view", *map(str, arguments)])


def shown(path):
    with av.open(str(path)) as file:
        return [(f.time, f.to_ndarray(format="rgb24").astype(int)) for f in file.decode(video=0)]


def close(a, b):
    """Whether two pictures are alike but for what a video loses of noise."""
    a, b = (
        cv2.resize(each.astype(np.float32), None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
        for each in (a, b)
    )
    return np.abs(a - b).mean() < 6


def test_the_video_shows_what_the_network_says(drive, weights, tmp_path, capsys):
    video = tmp_path / "a.mp4"
    view(drive, weights, "--topic", IMAGE, "--out", video, "--beside", "image", "mask")
    assert "6 frames of /camera/image_raw" in capsys.readouterr().out
    frames = shown(video)
    assert [t for t, _ in frames] == pytest.approx(np.arange(6) / 10, abs=0.01)
    with BagSource(drive, IMAGE) as source:
        image = [image for _, image in source.images()][2]
    height, width = image.shape[:2]
    picture = frames[2][1]
    assert picture.shape == (2 * height, 2 * width, 3)
    labels = Predictor.load(weights, "cpu").predict(image).labels
    lower = slice(height // 2, None)  # below titles and legend
    assert close(picture[:height, width:][lower], image[lower])
    assert close(picture[height:, :width][lower], brightened(CAMVID).colorize(labels)[lower])
    mixed = image[lower] / 2 + brightened(CAMVID).colorize(labels)[lower] / 2
    assert close(picture[:height, :width][lower], mixed)


def test_what_was_recorded_is_shown_without_a_network(labeled, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Predictor, "load", None)
    video = tmp_path / "a.mp4"
    view(labeled, "--topic", IMAGE, "--out", video, "--beside", *PANES)
    assert "6 frames" in capsys.readouterr().out
    assert len(shown(video)) == 6
    with BagReader(labeled) as bag:
        labels = recorded_labels(bag, "/segmentation")
    assert labels.names == CAMVID.names
    np.testing.assert_array_equal(labels.palette[:11], CAMVID.palette[:11])
    np.testing.assert_array_equal(labels.drivable, CAMVID.drivable)


def test_recorded_masks_of_another_size_and_a_drivable_outline(tmp_path):
    bag = tmp_path / "bag"
    image = np.full((96, 128, 3), 90, np.uint8)
    mask = np.full((48, 64), 3, np.uint8)
    allowed = np.zeros((48, 64), np.uint8)
    allowed[24:, 16:48] = 255
    with BagWriter(bag) as writer:
        for stamp in (0, 10**8):
            writer.write_image("/front", stamp, "camera", image)
            writer.write_labels("/segmentation/mask", stamp, "camera", mask)
            writer.write_labels("/segmentation/drivable", stamp, "camera", allowed)
    assert view(bag, "--out", tmp_path / "a.mp4") == 0
    _, picture = shown(tmp_path / "a.mp4")[0]
    assert picture.shape == (96, 128, 3)
    assert np.abs(picture[90, 8] - (45 + np.array([64, 32, 64]))).max() < 12
    green = (picture[..., 1] - picture[..., 0] > 40) & (picture[..., 1] - picture[..., 2] > 40)
    rows, _ = np.nonzero(green)
    assert abs(int(np.median(np.nonzero(green[:, 64])[0][0])) - 48) <= 2
    assert rows.min() > 40


def test_a_part_of_the_recording(drive, weights, tmp_path, capsys):
    video = tmp_path / "a.mp4"
    part = ("--start", 0.2, "--seconds", 0.35, "--every", 0.2)
    assert view(drive, weights, "--topic", IMAGE, "--out", video, *part) == 0
    assert "2 frames" in capsys.readouterr().out  # at 0.2 and 0.4 s
    assert view(drive, weights, "--topic", IMAGE, "--out", video, "--start", 99) == 2
    assert "after the end" in capsys.readouterr().err


def test_bad_images_are_counted(weights, tmp_path, capsys):
    with BagWriter(tmp_path / "bag") as writer:
        writer.write_compressed("/front", 1, "camera", b"no image", "jpeg")
        writer.write_compressed("/front", 2, "camera", b"no image either", "jpeg")
    assert view(tmp_path / "bag", weights, "--out", tmp_path / "a.mp4") == 2
    said = capsys.readouterr().err
    assert "nothing to see" in said
    assert "2 could not be used:\n    2 x data that starts with" in said
    assert [path.name for path in tmp_path.glob("*a.mp4*")] == []


def test_what_it_refuses(drive, weights, tmp_path, capsys):
    for arguments, said in (
        ((drive, weights), "say where to: --out drive.mp4, --rerun or --rrd drive.rrd"),
        ((drive, weights, "--out", tmp_path / "a.avi"), "must end in .mp4"),
        ((drive, weights, "--out", tmp_path / "a.mp4"), "several image topics; name one"),
        ((tmp_path / "none", weights, "--out", tmp_path / "a.mp4"), "there is no bag"),
    ):
        assert view(*arguments) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "option", "extra"),
    [("rerun", "--rrd=a.rrd", "view"), ("av", "--out=a.mp4", "video")],
)
def test_a_missing_extra_is_named(drive, capsys, monkeypatch, module, option, extra):
    monkeypatch.setitem(sys.modules, module, None)
    assert view(drive, option) == 2
    assert f"pip install 'segnet_ros[{extra}]'" in capsys.readouterr().err


def test_rerun_gets_all_of_it(drive, weights, tmp_path):
    pytest.importorskip("rerun")
    file = tmp_path / "a.rrd"
    assert view(drive, weights, "--topic", IMAGE, "--rrd", file) == 0
    assert [path.name for path in tmp_path.glob("*a.rrd*")] == ["a.rrd"]
    rerun = [sys.executable, "-m", "rerun", "rrd"]
    subprocess.run([*rerun, "verify", str(file)], check=True)
    printed = subprocess.run([*rerun, "print", "-vv", str(file)], capture_output=True, check=True)
    said = printed.stdout.decode()
    for entity in ("/camera/image", "/camera/classes", "/camera/edge", "/uncertainty", "/drivable",
                   "/fractions/Road", "/drivable_fraction"):  # fmt: skip
        assert entity in said
    for what in ("AnnotationContext", "SegmentationImage", "Scalars", "SeriesLines"):
        assert what in said
    assert "frame" in said
    assert "stamp" in said
