"""Calibrations in the YAML of ROS's camera_calibration, and files that are taken for one."""

from __future__ import annotations

import gzip

import cv2
import numpy as np
import pytest
from small_bag import messages_on

from segnet_model.bags.images import parse
from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import SettingsError
from segnet_model.cli import main
from segnet_model.datasets.camera_file import read_camera

# As camera_calibration of ROS 2 Jazzy wrote it, rounded.
YAML = """\
image_width: 64
image_height: 48
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [ 61.5,   0. , 30.5,
           0. , 60.25, 23.5,
           0. ,   0. ,  1. ]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.25, 0.05, 1e-3, -0.002, 0.0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1., 0., 0.,
         0., 1., 0.,
         0., 0., 1.]
projection_matrix:
  rows: 3
  cols: 4
  data: [ 55.25,   0. , 30.5,  0. ,
           0. , 57.5, 23.5,  0. ,
           0. ,   0. ,  1. ,  0. ]
"""
K = [61.5, 0, 30.5, 0, 60.25, 23.5, 0, 0, 1]
P = [55.25, 0, 30.5, 0, 0, 57.5, 23.5, 0, 0, 0, 1, 0]


@pytest.fixture
def camera(tmp_path):
    def write(text=YAML, name="ost.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def images(tmp_path):
    """f2 and f10, whose order people and programs see differently."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in (10, 2):
        cv2.imwrite(str(folder / f"f{number}.png"), np.full((48, 64, 3), number, np.uint8))
    return folder


def infos(bag):
    return messages_on(bag, "/camera/camera_info")


def test_each_image_has_the_calibration_with_its_header(images, camera, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["bag", str(images), "--camera-info", str(camera()), "--out", str(out)]) == 0
    assert "2 images on /camera/image_raw, their calibration on /camera/camera_info" in (
        capsys.readouterr().out
    )
    with BagReader(out) as bag:
        pictures = [parse(raw) for raw in bag.messages("/camera/image_raw")]
    assert [int(each.data[0]) for each in pictures] == [2, 10]
    for picture, info in zip(pictures, infos(out), strict=True):
        assert info.header == picture.header
        assert (info.width, info.height, info.distortion_model) == (64, 48, "plumb_bob")
        assert (info.k.tolist(), info.p.tolist()) == (K, P)
        assert info.d.tolist() == [-0.25, 0.05, 0.001, -0.002, 0.0]
        assert info.r.tolist() == np.eye(3).ravel().tolist()


def test_a_video_has_it_too(write_video, camera, tmp_path):
    still = np.full((48, 64, 3), 90, np.uint8)
    video = write_video(tmp_path / "drive.mp4", (0.0, 0.1, 0.3), [still] * 3)
    out, topic = tmp_path / "out", "/camera/image_raw/compressed"
    words = ["bag", str(video), "--compressed", "--topic", topic, "--out", str(out)]
    assert main([*words, "--camera-info", str(camera())]) == 0
    with BagReader(out) as bag:
        stamps = [parse(raw).header.stamp for raw in bag.messages(topic)]
    assert [each.header.stamp for each in infos(out)] == stamps
    assert len(stamps) == 3


def test_labels_get_a_grid_of_it(images, camera, weights, tmp_path):
    """All the way from images and a calibration to the ground, without ROS."""
    bag, out = tmp_path / "bag", tmp_path / "out"
    assert main(["bag", str(images), "--camera-info", str(camera()), "--out", str(bag)]) == 0
    words = ["label", str(bag), str(weights), "--out", str(out), "--camera-height", "1"]
    assert main([*words, "--device", "cpu"]) == 0
    with BagReader(out) as labeled:
        assert labeled.topics["/segmentation/drivable_grid"].count == 2


def test_images_of_half_the_size_have_half_the_numbers(camera, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((24, 32, 3), np.uint8))
    out = tmp_path / "out"
    words = ["bag", str(tmp_path / "a.png"), "--camera-info", str(camera()), "--out", str(out)]
    assert main(words) == 0
    (info,) = infos(out)
    assert (info.width, info.height) == (32, 24)
    assert (info.k[0], info.k[4]) == (61.5 / 2, 60.25 / 2)
    assert info.k[2] == (30.5 + 0.5) / 2 - 0.5  # pixels' centers are at whole numbers


def test_images_of_another_shape_are_refused_by_name(camera, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "tall.png"), np.zeros((64, 48, 3), np.uint8))
    words = ["bag", str(tmp_path / "tall.png"), "--camera-info", str(camera())]
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "tall.png: camera_info is for 64x48 pixels, the image has 48x64" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("image_width: 64", "image_width: 0"), "image_width is '0', no number of pixels"),
        (("image_width: 64\n", ""), "the file has no image_width"),
        (("camera_matrix", "matrix"), "the file has no camera_matrix"),
        (("61.5", ".nan"), "the data of camera_matrix holds what is no finite number"),
        (("61.5", "yes"), "the data of camera_matrix holds what is no finite number"),
        (("61.5", "1e999"), "the data of camera_matrix holds what is no finite number"),
        ((" 61.5,", ""), "the data of camera_matrix is not a list of 9 numbers"),
        (("61.5,   0.", "61.5,   2."), "skewed pixels are not known"),
        (("61.5", "0.0"), "the camera is uncalibrated"),
        (("61.5", "0.0615"), "which is not 20 to 175: the camera is uncalibrated"),
        (("30.5,\n", "99.5,\n"), "is outside the image of 64x48 pixels"),
        (("plumb_bob", "fisheye"), "distortion_model is 'fisheye', none of"),
        (("plumb_bob", "equidistant"), "has 5 coefficients instead of 4"),
        (("image_width: 64", "image_width: [64"), "while parsing"),
        (("camera_matrix:", "camera_matrix: &a\n  x: *b"), "an alias"),
    ],
)
def test_what_is_no_calibration_says_why(camera, change, why):
    assert change[0] in YAML
    with pytest.raises(SettingsError, match=r"camera info .*ost\.yaml: ") as caught:
        read_camera(camera(YAML.replace(*change)))
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "mend"),
    [
        ("ost.txt", "# oST version 5.0 parameters\n\n[image]\n\nwidth\n64\n", "name the ost.yaml"),
        ("camera.yml", "%YAML:1.0\n---\nimage_width: 64\n", "OpenCV wrote it; copy its numbers"),
        ("ost.ini", "[image]\n\nwidth\n64\n", "name the ost.yaml beside it"),
        (
            "calibration.tar.gz",
            gzip.compress(b"x", mtime=0),
            "is compressed with gzip; type tar xf",
        ),
        ("cv.yml", "%YAML:1.0\n---\nK: !!opencv-matrix\n   rows: 3\n", "OpenCV wrote it; copy"),
        ("camchain.yaml", "cam0:\n  camera_model: pinhole\n", "Kalibr wrote it; copy its numbers"),
        ("echo.yaml", "height: 48\nk:\n- 1.0\n---\n", "it is a printed CameraInfo; copy"),
        ("list.yaml", "- 1\n- 2\n", "the file is a list and has no image_width"),
        ("empty.yaml", "", "has no image_width"),
        ("latin.yaml", "camera_name: K\xfcche\n".encode("latin-1"), "save it as UTF-8"),
        ("picture.yaml", b"\x89PNG\r\n\x1a\n", "is a PNG image"),
    ],
)
def test_other_forms_have_a_mend(camera, name, content, mend):
    with pytest.raises(SettingsError) as caught:
        read_camera(camera(content, name))
    assert mend in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path, images, camera, capsys):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(SettingsError, match="cannot read"):
            read_camera(path)
    words = ["bag", str(images), "--camera-info", str(camera()), "--out", str(tmp_path / "out")]
    assert main([*words, "--topic", "/camera/camera_info"]) == 2
    assert "/camera/camera_info is the topic of camera_info" in capsys.readouterr().err


def test_a_file_without_model_and_projection_is_taken_as_ros_takes_it(camera):
    text = YAML.replace("distortion_model: plumb_bob\n", "").partition("projection_matrix")[0]
    info = read_camera(camera(text))
    assert (info.distortion_model, info.p[0], info.p[5]) == ("plumb_bob", 61.5, 60.25)


def test_options_that_would_do_nothing_are_refused(write_video, images, tmp_path, capsys):
    still = np.full((48, 64, 3), 90, np.uint8)
    video = write_video(tmp_path / "drive.mp4", (0.0, 0.1), [still] * 2)
    out = tmp_path / "out"
    assert main(["bag", str(video), "--fps", "5", "--out", str(out)]) == 2
    assert "is a video and keeps its times; leave out fps" in capsys.readouterr().err
    for option in (("--labels-topic", "/labels"), ("--label-set", "outdoor")):
        assert main(["bag", str(images), *option, "--out", str(out)]) == 2
        assert "are of --labels; give that too" in capsys.readouterr().err
    assert not out.exists()


def test_a_grid_that_has_no_calibration_is_missed_aloud(images, weights, tmp_path, caplog):
    bag = tmp_path / "bag"
    assert main(["bag", str(images), "--out", str(bag)]) == 0
    for source, why in (
        (images, "is no bag and has no calibration; make a bag of it with `segnet bag --camera-"),
        (bag, "has no CameraInfo on /camera/camera_info; name its topic, --camera-info"),
    ):
        words = ["label", str(source), str(weights), "--out", str(tmp_path / f"of_{source.name}")]
        assert main([*words, "--camera-height", "1", "--device", "cpu"]) == 0
        assert why in caplog.text
