"""docs/security.md says where each bound is, and how large."""

import re
from pathlib import Path

import pytest

from segnet_model.bags import mcap_file, unpacking
from segnet_model.base import documents
from segnet_model.base import limits as image_size
from segnet_model.datasets.annotations import archives, labelme, parsed, shapes
from segnet_model.images import files
from segnet_model.images.jpeg import MAX_SCANS
from segnet_model.labels import MAX_NAME, label_set
from segnet_model.scenes.materials import photographs
from segnet_model.weights import model_info
from segnet_model.weights import tensors as tensor_file

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "security.md").read_text()
ROWS = [line for line in DOC.splitlines() if line.startswith("|")]


@pytest.mark.parametrize(
    ("start", "says", "is_"),
    [
        ("an image", f"{image_size.MAX_SIDE} a side", True),
        ("an image", "2<sup>25</sup> pixels", image_size.MAX_PIXELS == 1 << 25),
        ("an image", f"{MAX_SCANS} scans", True),
        ("an image", "256 MiB", files.MAX_FILE == 256 << 20),
        ("a photograph", f"{photographs.MAX_TEXELS} texels", True),
        ("a photograph", f"the last {photographs.KEPT}", True),
        ("header", "8 MiB", tensor_file.MAX_HEADER == 8 << 20),
        ("header", "1 MiB", documents.MAX_JSON == 1 << 20),
        ("the size", "2<sup>23</sup>", model_info.MAX_INPUT == 1 << 23),
        ("a label set", "64 KiB", documents.MAX_YAML == 64 << 10),
        ("a label set", f"{documents.MAX_DEPTH} lists", True),
        ("a label set", f"{label_set.MAX_CLASSES} classes", True),
        ("a label set", f"{MAX_NAME} letters", True),
        ("`metadata.yaml`", "1 MiB", unpacking.MAX_METADATA == 1 << 20),
        ("a chunk", "512 MiB", unpacking.MAX_CHUNK == 512 << 20),
        ("a chunk", "1 GiB", mcap_file.MAX_AT_ONCE == 1 << 30),
        ("a message", "256 MiB", unpacking.MAX_MESSAGE >> 20 == 256),
        ("a bag compressed", f"{unpacking.MAX_GROWTH} times", True),
        ("a bag compressed", "1 GiB", unpacking.SPARE == 1 << 30),
        ("a zip", "100,000 files", archives.MAX_MEMBERS == 100_000),
        ("a zip", f"{archives.MAX_GROWTH} times", True),
        ("a zip", "128 MiB", archives.MAX_MEMBER_BYTES == 128 << 20),
        ("labelme", "4 MiB", labelme.MAX_BYTES == 4 << 20),
        ("labelme", "10,000 shapes", labelme.MAX_SHAPES == 10_000),
        ("JSON and XML", "64 MiB", parsed.MAX_BYTES == 64 << 20),
        ("JSON and XML", "2 million lists", parsed.MAX_PARTS == 2 << 20),
        ("JSON and XML", "half a million elements", parsed.MAX_ELEMENTS == 1 << 19),
        ("JSON and XML", "2<sup>31</sup>", shapes.MAX_PAINTED == 1 << 31),
    ],
)
def test_it_says_what_the_code_does(start, says, is_):
    (row,) = (row for row in ROWS if row.startswith(f"| {start}"))
    assert says in row
    assert is_


def test_it_says_the_limits_of_the_live_page():
    pytest.importorskip("rclpy")
    pytest.importorskip("aiohttp")
    from segnet_ros.live import server, views

    assert f"serves {server.MAX_BROWSERS} browsers, takes {server.MAX_REQUEST} bytes" in DOC
    assert f"beyond {views.MAX_BYTES >> 20} MiB" in DOC


def test_the_files_that_it_names_are_there():
    names = re.findall(r"`([\w/]+\.(?:py|xml))`", DOC)
    assert len(names) > 10
    for name in names:
        assert (ROOT / name).exists() or (ROOT / "segnet_model" / name).exists(), name
