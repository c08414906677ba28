"""Videos and folders through every command that takes a source."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
from small_bag import messages_on

from segnet_model.bags.images import to_ids, to_rgb
from segnet_model.bags.messages import COMPRESSED_IMAGE, IMAGE
from segnet_model.bags.reader import BagReader
from segnet_model.cli import main
from segnet_model.datasets.extraction.manifest import read_manifest
from segnet_model.datasets.images_to_bag import FOLDER_START_NS
from segnet_model.datasets.sources import BagSource, open_source
from segnet_model.images.files import list_images, read_image, write_png
from segnet_model.inference.predictor import Predictor

TENTH = 100_000_000
COUNT = 20
av = pytest.importorskip("av")


def picture(index):
    """Large squares, which a video keeps."""
    squares = np.random.default_rng(index).integers(0, 256, (4, 6, 3), np.uint8)
    return squares.repeat(16, 0).repeat(16, 1)


def alike(one, other):
    """But for what a video loses: the median, since edges between squares are smeared."""
    return np.median(np.abs(one.astype(int) - other)) < 8


@pytest.fixture
def video(write_video, tmp_path):
    """A frame each tenth of a second."""
    images = [picture(index) for index in range(COUNT)]
    return write_video(tmp_path / "drive.mp4", [i / 10 for i in range(COUNT)], images, crf="4")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos").mkdir()
    for index in range(10):
        write_png(tmp_path / "photos" / f"f{index + 1}.png", picture(index))
    return tmp_path / "photos"


def segnet(*arguments):
    return main([str(argument) for argument in arguments])


def index_of(path):
    """Which frame an image of the video is, by its name."""
    return int(path.stem.split("_")[1]) // TENTH


def test_extract_takes_frames_of_a_video(video, tmp_path, capsys):
    out = tmp_path / "yard"
    assert segnet("extract", video, "--every", 0.2, "--gap", 0, "--out", out) == 0
    train, val = list_images(out / "train"), list_images(out / "val")
    assert [index_of(path) for path in train] == list(range(0, 16, 2))
    assert [index_of(path) for path in val] == [16, 18]
    assert all(alike(read_image(path), picture(index_of(path))) for path in (*train, *val))
    origins = {each.name: each for each in read_manifest(out)}
    third = origins["drive_0000400000000.png"]
    assert (third.bag, third.topic) == (str(video), "drive.mp4")
    assert (third.stamp_ns, third.receive_ns) == (4 * TENTH, 4 * TENTH)
    capsys.readouterr()
    moved = video.rename(tmp_path / "elsewhere.mp4").rename(tmp_path / "drive.mp4")
    assert segnet("extract", moved, "--every", 0.1, "--gap", 0, "--out", out) == 0
    assert "10 were there already" in capsys.readouterr().out
    assert len(list_images(out / "train")) == 16


def test_videos_of_one_name_are_kept_apart(write_video, video, tmp_path):
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "drive.mp4"
    write_video(other, [0, 0.1], [picture(50), picture(51)], crf="4")
    out = tmp_path / "yard"
    assert segnet("extract", video, other, "--every", 0, "--val", 0, "--out", out) == 0
    names = {path.name for path in list_images(out / "train")}
    assert len(names) == COUNT + 2
    assert "drive_0000100000000_other.png" in names
    assert alike(read_image(out / "train" / "drive_0000100000000_other.png"), picture(51))


def test_extract_takes_a_folder_and_select_knows_it(folder, weights, tmp_path, capsys):
    out = tmp_path / "yard"
    assert segnet("extract", folder, "--out", out) == 0
    assert {path.stem for path in list_images(out / "val")} == {"f9", "f10"}
    assert len(list_images(out / "train")) == 8
    origins = {each.name: each for each in read_manifest(out)}
    ninth = origins["f9.png"]
    assert (ninth.bag, ninth.topic) == (str(folder), "f9.png")
    assert (ninth.stamp_ns, ninth.receive_ns) == (0, 0)
    assert segnet("extract", folder, "--out", out) == 0
    assert "10 were there already" in capsys.readouterr().out
    ask = ("--uncertainty", "none", "--out", out)
    assert segnet("select", folder, weights, *ask) == 2
    assert "8 are in the data set already" in capsys.readouterr().err


def test_every_so_many_images_of_a_folder(folder, tmp_path):
    assert segnet("extract", folder, "--every", 3, "--val", 0, "--out", tmp_path / "yard") == 0
    found = {path.stem for path in list_images(tmp_path / "yard" / "train")}
    assert found == {"f1", "f4", "f7", "f10"}


def test_topics_are_of_bags(video, tmp_path, capsys):
    more = ("--labels-topic", "/labels", "--out", tmp_path / "yard")
    assert segnet("extract", video, *more) == 2
    assert "is no bag and holds no labels; take it by itself" in capsys.readouterr().err


def test_select_chooses_frames_of_a_video(video, weights, tmp_path, capsys):
    out = tmp_path / "yard"
    ask = ("--uncertainty", "none", "--every", 0.1, "--count", 3, "--val", 2, "--out", out)
    assert segnet("select", video, weights, *ask) == 0
    assert segnet("select", video, weights, *ask) == 0
    assert "round 2" in capsys.readouterr().out
    with (out / "selection.csv").open() as file:
        rows = list(csv.DictReader(file))
    train = list_images(out / "train")
    assert sorted(row["name"] for row in rows) == [path.stem for path in train]
    assert len(train) == 6
    assert {float(row["seconds"]) for row in rows} == {index_of(path) / 10 for path in train}
    assert all(alike(read_image(path), picture(index_of(path))) for path in train)
    assert min(index_of(path) for path in list_images(out / "val")) >= 16


def test_predict_writes_a_mask_of_each_frame(video, weights, tmp_path, capsys):
    out = tmp_path / "masks"
    assert segnet("predict", weights, video, "--start", 0.5, "--every", 0.2, "--out", out) == 0
    assert "8 masks in" in capsys.readouterr().out
    predictor = Predictor.load(weights)
    with open_source(video) as source:
        for frame, image in source.part(start=0.5, every=0.2).images():
            labels = predictor.predict(image).labels
            written = cv2.imread(str(out / "masks" / f"{frame.name}.png"), cv2.IMREAD_UNCHANGED)
            np.testing.assert_array_equal(written, labels)
    assert len(list_images(out / "overlays")) == 8


@pytest.mark.parametrize("command", ["predict", "view"])
def test_a_part_without_an_image_is_refused(command, folder, weights, tmp_path, capsys):
    """The last image of a folder begins a second before its end."""
    out = tmp_path / "a.mp4"
    assert segnet(command, weights, folder, "--start", 9.5, "--out", out) == 2
    said = capsys.readouterr().err
    assert f"no image of {folder} is in this part; give another --start, or more --seconds" in said
    assert not out.exists()


def test_predict_counts_what_is_damaged(video, weights, tmp_path, capsys):
    data = bytearray(video.read_bytes())
    begin = data.find(b"mdat") + len(data) // 2
    data[begin : begin + 2000] = bytes(2000)
    video.write_bytes(data)
    assert segnet("predict", weights, video, "--out", tmp_path / "masks") == 0
    said = capsys.readouterr().out
    assert "images could not be used:" in said
    assert "damaged packet of a video" in said


def test_view_shows_a_video_at_its_times(video, weights, tmp_path, capsys):
    out = tmp_path / "shown.mp4"
    assert segnet("view", video, weights, "--out", out, "--start", 0.4, "--seconds", 1) == 0
    assert "10 frames of drive.mp4" in capsys.readouterr().out
    with av.open(str(out)) as file:
        times = [frame.time for frame in file.decode(video=0)]
    assert times == pytest.approx([i / 10 for i in range(10)], abs=0.002)


def test_view_shows_a_folder_an_image_a_second(folder, weights, tmp_path, capsys):
    out = tmp_path / "shown.mp4"
    assert segnet("view", folder, weights, "--out", out) == 0
    assert f"10 frames of {folder}" in capsys.readouterr().out
    with open_source(out) as shown:
        assert [frame.stamp_ns for frame in shown.frames()] == [i * 10 * TENTH for i in range(10)]


@pytest.mark.parametrize("topic", [None, "/front/image/compressed"])
def test_label_makes_a_bag_of_a_video(video, weights, tmp_path, topic, capsys):
    out = tmp_path / "labeled"
    more = () if topic is None else ("--topic", topic)
    assert segnet("label", video, weights, "--out", out, "--device", "cpu", *more) == 0
    topic = topic or "/camera/image_raw"
    assert f"{COUNT} images on {topic} labeled" in capsys.readouterr().out
    images, masks = messages_on(out, topic), messages_on(out, "/segmentation/mask")
    assert len(images) == len(masks) == COUNT
    predictor = Predictor.load(weights, "cpu")
    with open_source(video) as source:
        truth = [(frame.stamp_ns, image) for frame, image in source.images()]
    for (stamp, image), message, mask in zip(truth, images, masks, strict=True):
        assert message.header == mask.header
        assert message.header.frame_id == "camera"
        sent = message.header.stamp.sec * 10 * TENTH + message.header.stamp.nanosec
        assert sent == FOLDER_START_NS + stamp
        kind = COMPRESSED_IMAGE if "compressed" in topic else IMAGE
        assert alike(to_rgb(message, kind), image)
        np.testing.assert_array_equal(to_ids(mask), predictor.predict(image).labels)
    with BagReader(out) as bag:
        assert bag.topics["/segmentation/class_map"].latched
        assert bag.start_ns == FOLDER_START_NS


def test_label_makes_a_bag_of_a_folder(folder, weights, tmp_path):
    out = tmp_path / "labeled"
    assert segnet("label", folder, weights, "--out", out, "--topics", "mask") == 0
    images = messages_on(out, "/camera/image_raw")
    assert [m.header.stamp.sec - images[0].header.stamp.sec for m in images] == list(range(10))
    for index, message in enumerate(images):
        np.testing.assert_array_equal(to_rgb(message, IMAGE), picture(index))


def test_label_refuses_what_a_video_cannot_have(video, weights, tmp_path, capsys):
    arguments = ("label", video, weights, "--out", tmp_path / "out", "--topics", "camera_info")
    assert segnet(*arguments) == 2
    assert "no calibration for camera_info; leave that out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("compressed", [False, True])
def test_bag_makes_a_bag_of_a_video(video, tmp_path, compressed):
    more = ("--compressed",) if compressed else ()
    assert segnet("bag", video, "--out", tmp_path / "bag", *more) == 0
    with BagSource(tmp_path / "bag") as source:
        images = list(source.images())
    stamps = [frame.stamp_ns - FOLDER_START_NS for frame, _ in images]
    assert stamps == [i * TENTH for i in range(COUNT)]
    assert all(alike(image, picture(index)) for index, (_, image) in enumerate(images))


def test_bag_refuses_a_bag(video, tmp_path, capsys):
    assert segnet("bag", video, "--out", tmp_path / "bag") == 0
    assert segnet("bag", tmp_path / "bag", "--out", tmp_path / "again") == 2
    assert "is a bag already" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["extract", "select", "predict", "view", "label"])
def test_every_command_refuses_what_is_no_source(command, weights, tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("no video\n")
    between = {"extract": (path,), "predict": (weights, path)}.get(command, (path, weights))
    out = tmp_path / ("a.mp4" if command == "view" else "out")
    more = ("--uncertainty", "none") if command == "select" else ()
    assert segnet(command, *between, "--out", out, *more) == 2
    said = capsys.readouterr().err
    assert "notes.txt is no bag, image or video" in said
    assert "copy it again" in said
    assert not out.exists()


@pytest.mark.parametrize("command", ["extract", "select", "predict", "view", "label"])
def test_the_help_names_the_sources(command, capsys):
    with pytest.raises(SystemExit):
        segnet(command, "--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "a bag, a folder of images, an image or a video" in said
