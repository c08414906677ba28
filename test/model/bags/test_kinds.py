"""Files that are taken for recordings: each says what it is, and what to type."""

import pytest
from mcap_files import START, TOPIC, image_data

from segnet_model.bags.messages import IMAGE
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import BagError
from segnet_model.datasets.sources import open_source

KINDS = {
    "drive.bag": (b"#ROSBAG V2.0\n", "a ROS 1 bag; .*rosbags-convert --src {0} --dst {1}$"),
    "drive.bag.active": (b"#ROSBAG V2.0\n", "a ROS 1 bag; type rosbag reindex {0} where ROS 1 is"),
    "drive.db3.zstd": (b"\x28\xb5\x2f\xfd", "compressed with zstd; type zstd -d {0}$"),
    "drive.mcap.lz4": (b"\x04\x22\x4d\x18", "compressed with lz4; type lz4 -d {0}$"),
    "drive.tar.gz": (b"\x1f\x8b\x08", "gzip; type tar xf {0}, or gunzip {0}$"),
    "drive.zip": (b"PK\x03\x04", "a ZIP archive; type unzip {0}$"),
    "drive.tar": (bytes(257) + b"ustar", "a TAR archive; type tar xf {0}$"),
    "drive.mcap": (b"version https://git-lfs.github.com", "Git LFS left; type git lfs pull$"),
    "drive.db3": (b"#ROSBAG V2.0\n", "a ROS 1 bag; .*rosbags-convert --src {0} --dst {1}$"),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_line_to_type(tmp_path, name):
    start, said = KINDS[name]
    path = tmp_path / name
    path.write_bytes(start + bytes(300))
    match = said.format(path, path.with_suffix(""))
    for work in (lambda: BagReader(path).__enter__(), lambda: open_source(path).__enter__()):
        with pytest.raises(BagError, match=match) as caught:
            work()
        assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("name", ["drive.mcap", "drive.db3"])
def test_an_empty_file_is_called_empty(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(BagError, match="is empty: its recorder ended before it wrote"):
        BagReader(tmp_path / name).__enter__()


@pytest.mark.parametrize("name", ["drive.mp4", "drive.mjpeg", "drive.bag", "drive"])
def test_an_empty_file_of_another_kind(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(BagError, match=f"{name} is empty; record it again, or copy it again"):
        open_source(tmp_path / name).__enter__()


@pytest.mark.parametrize("name", ["._drive.mcap", "._drive.mp4"])
def test_what_macos_keeps_beside_a_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"\0\5\x16\7" + bytes(60))
    with pytest.raises(BagError, match=f"ls -l {tmp_path}/{name[2:]}, which is the file"):
        open_source(tmp_path / name).__enter__()


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("name", ["drive", "drive.mcap.part", "drive.db3", "drive.mcap"])
def test_recordings_are_known_by_their_first_bytes(tmp_path, storage, name):
    with BagWriter(tmp_path / "bag", storage) as writer:
        writer.write_raw(TOPIC, IMAGE, image_data(3), START)
    suffix = {"mcap": ".mcap", "sqlite3": ".db3"}[storage]
    path = (tmp_path / "bag" / f"bag{suffix}").rename(tmp_path / name)
    with open_source(path) as source:
        assert [int(image[0, 0, 0]) for _, image in source.images()] == [3]
