"""Paths that are no source: the error says what they are, and what to name instead."""

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import BagError, DatasetError, SegNetError, cause
from segnet_model.datasets.sources import open_source
from segnet_model.images.files import write_png


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("a.mcap", r"is no bag: it has no metadata.yaml; name a file in it, as .*/a.mcap, or run"),
        ("a.db3", r"name a file in it, as .*/a.db3, or run `ros2 bag reindex`"),
        ("a.bag", r"name a file in it, as .*/a.bag"),
        ("a.MP4", r"holds videos; name them, as .*/a.MP4"),
        ("a.heic", r"images of a kind that is not read, as .*/a.heic; save them as PNG or JPEG"),
        ("a.HEIC", r"images of a kind that is not read, as .*/a.HEIC"),
        ("cam/a.png", r"holds no images but folders of them; name one, as .*/cam$"),
        ("drive/metadata.yaml", r"holds bags; name one or more of them, as .*/drive$"),
    ],
)
def test_a_folder_that_holds_a_source(tmp_path, inside, said):
    file = tmp_path / "folder" / inside
    file.parent.mkdir(parents=True)
    file.touch()
    with pytest.raises(DatasetError, match=said):
        open_source(tmp_path / "folder")


def test_a_data_set_of_a_selection_names_its_folder_of_images(tmp_path):
    (tmp_path / "train").mkdir()
    for name in ("selection.png", "selection.csv", "train/1.png"):
        (tmp_path / name).touch()
    with (
        pytest.raises(DatasetError, match="folders of them; name one, as .*/train$"),
        open_source(tmp_path),
    ):
        pass


def test_the_first_one_by_number_is_named(tmp_path):
    for name in ("f10.mp4", "f2.mp4"):
        (tmp_path / name).touch()
    with pytest.raises(DatasetError, match="as .*/f2.mp4$"):
        open_source(tmp_path)


@contextmanager
def nobody():
    """Be a user who may not read what root may."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder that everybody can enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def said_of(path):
    with nobody(), pytest.raises(SegNetError) as caught, open_source(path) as source:
        list(source.images())
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.mcap", "a.db3", "a.mp4", "a.png", "a.bag", "a"])
def test_a_file_that_may_not_be_read_is_not_called_damaged(open_folder, name):
    pytest.importorskip("av")
    (open_folder / name).write_bytes(b"any")
    (open_folder / name).chmod(0)
    said = said_of(open_folder / name)
    assert "Permission denied" in said
    assert name in said
    assert "damaged" not in said
    assert "copy it again" not in said


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_file_of_a_bag_that_may_not_be_read(open_folder, storage):
    with BagWriter(open_folder / "bag", storage) as writer:
        writer.write_image("/camera", 5, "camera", np.zeros((3, 4, 3), np.uint8))
    for file in (open_folder / "bag").iterdir():
        file.chmod(0)
        said = said_of(open_folder / "bag")
        file.chmod(0o644)
        assert f"cannot read {file}: Permission denied; allow it with chmod" in said


def test_a_folder_that_may_not_be_read(open_folder):
    (open_folder / "photos").mkdir()
    write_png(open_folder / "photos" / "a.png", np.zeros((3, 4, 3), np.uint8))
    for mode in (0, 0o100, 0o400):
        (open_folder / "photos").chmod(mode)
        said = said_of(open_folder / "photos")
        assert "photos" in said
        assert "Permission denied" in said


def test_the_cause_of_a_failing_disk():
    error = OSError(errno.EIO, "Input/output error")
    assert (
        cause("a", error)
        == "cannot read a: Input/output error; its disk is failing: copy what is left"
    )
    assert cause("a", OSError(errno.ENODEV, "No such device")) == "cannot read a: No such device"


def test_links_that_lead_to_each_other(tmp_path):
    (tmp_path / "a.mcap").symlink_to(tmp_path / "b.mcap")
    (tmp_path / "b.mcap").symlink_to(tmp_path / "a.mcap")
    with pytest.raises(DatasetError, match=r"there is no bag or file .*a.mcap|lead to each other"):
        open_source(tmp_path / "a.mcap")


def test_only_packets_of_theora(tmp_path):
    kind = "theora_image_transport/msg/Packet"
    with BagWriter(tmp_path / "bag") as writer:
        writer.define({kind: "std_msgs/Header header\nuint8[] data\n"})
        writer.write_raw("/cam/theora", kind, b"\0\1\0\0", 5)
    for topic in (None, "/cam/theora"):
        with pytest.raises(BagError) as caught:
            open_source(tmp_path / "bag", topic).__enter__()
        said = str(caught.value)
        assert "/cam/theora in bag" in said
        assert "packets of Theora video, which are not read" in said
        assert "ros2 run image_transport republish" in said
        assert "-r in/theora:=/cam/theora" in said


@pytest.mark.parametrize("address", ["rtsp://camera/stream", "http://camera/video.mp4"])
def test_addresses_are_not_read(address):
    with pytest.raises(
        DatasetError, match="addresses are not read: save a part of it first, ffmpeg"
    ):
        open_source(address)


STILLS = ["IMG_1.HEIC", "a.avif", "a.dng", "a.tga", "a.npy"]


@pytest.mark.parametrize("name", STILLS)
def test_an_image_of_a_kind_that_is_not_read(tmp_path, name):
    """FFmpeg would open a HEIC file of a phone as videos, each of them a tile of the image."""
    (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(DatasetError, match=f"{name} is an image of a kind that is not read; save"):
        open_source(tmp_path / name)


def test_what_macos_keeps_beside_a_file_is_not_named(tmp_path):
    for name in ("._a.mcap", "a.mcap"):
        (tmp_path / name).touch()
    with pytest.raises(DatasetError, match="name a file in it, as .*/a.mcap"):
        open_source(tmp_path)


def test_files_beside_images_that_are_not_read_are_named(tmp_path, caplog):
    write_png(tmp_path / "IMG_1.png", np.zeros((3, 4, 3), np.uint8))
    for name in ("IMG_1.NEF", "IMG_1.MOV", "._IMG_2.HEIC", "notes.txt"):
        (tmp_path / name).touch()
    with open_source(tmp_path) as source:
        assert len(list(source.frames())) == 1
    assert not caplog.records  # the raw photo and the live photo of the same image
    for name in ("IMG_2.HEIC", "IMG_3.HEIC"):
        (tmp_path / name).touch()
    with open_source(tmp_path) as source:
        assert len(list(source.frames())) == 1
    assert "IMG_2.HEIC and 1 more are of another kind and not read; of images, save" in caplog.text


@pytest.mark.parametrize("name", ["a.jpe", "a.JFIF"])
def test_other_names_of_jpeg(tmp_path, name):
    (tmp_path / name).write_bytes(cv2.imencode(".jpg", np.full((8, 8, 3), 90, np.uint8))[1])
    for path in (tmp_path, tmp_path / name):
        with open_source(path) as source:
            [(_, image)] = source.images()
        assert image.mean() == pytest.approx(90, abs=2)


def test_gray_of_16_bits_may_be_depth(tmp_path, caplog):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 8), 900, np.uint16))
    for path in (tmp_path, tmp_path / "a.png"):
        with open_source(path) as source:
            assert len(list(source.images())) == 1
        assert "where they are depths, give the color images" in caplog.text
        caplog.clear()


def test_a_link_to_nothing(tmp_path):
    (tmp_path / "drive").symlink_to("/media/usb/drive")
    with pytest.raises(DatasetError, match="a link to /media/usb/drive, which is not there: is"):
        open_source(tmp_path / "drive")


def test_the_address_of_a_file():
    with pytest.raises(DatasetError, match="give its path alone, /tmp/my drive.mcap$"):
        open_source("file:///tmp/my%20drive.mcap")
