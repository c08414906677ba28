"""What launch files ask of a bag, as they ask it: in a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segnet_model.bags.messages import FFMPEG_PACKET, FFMPEG_PACKET_FIELDS
from segnet_model.bags.reader import BagWriter

ROOT = Path(__file__).parents[3]


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    with BagWriter(tmp_path / "drive") as bag:
        bag.write_image("/raw", 10**18, "camera", np.zeros((8, 8, 3), np.uint8))
        bag.write_compressed("/small", 10**18, "camera", b"\xff\xd8", "jpeg")
        bag.define({FFMPEG_PACKET: FFMPEG_PACKET_FIELDS})
        bag.write_raw("/front/ffmpeg", FFMPEG_PACKET, b"\0\1\0\0", 10**18)
    return tmp_path / "drive"


def run(*arguments: object, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-m", "segnet_ros.bags.summary", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("topic", "transport"), [("/raw", "raw"), ("/small", "compressed"), ("/front/ffmpeg", "ffmpeg")]
)
def test_transport(drive: Path, topic: str, transport: str) -> None:
    assert json.loads(run(drive, topic).stdout) == {"image": topic, "transport": transport}


def test_the_only_topic_needs_no_name(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "drive") as bag:
        bag.write_image("/front", 10**18, "camera", np.zeros((8, 8, 3), np.uint8))
    assert json.loads(run(tmp_path / "drive", "").stdout)["image"] == "/front"


def test_outputs_of_the_node_are_ignored(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "drive") as bag:
        bag.write_image("/front", 10**18, "camera", np.zeros((8, 8, 3), np.uint8))
        bag.write_labels("/robot/segmentation/mask", 10**18, "camera", np.zeros((8, 8), np.uint8))
    found = json.loads(run(tmp_path / "drive", "", "/robot/segmentation").stdout)
    assert found["image"] == "/front"
    assert run(tmp_path / "drive", "", "/other/segmentation").returncode == 1


def test_errors_are_printed(drive: Path) -> None:
    several = (
        "has several image topics; choose image:=/front/ffmpeg or image:=/raw or image:=/small\n"
    )
    for arguments, text in (((drive, ""), several), (("gone",), "no bag gone")):
        result = run(*arguments)
        assert result.returncode == 1
        assert text in result.stderr
        assert "Traceback" not in result.stderr


def test_missing_requirements_are_an_error(drive: Path) -> None:
    result = run(drive, options=("-S",))  # no installed packages
    assert result.returncode == 1
    assert "activate the environment" in result.stderr
    assert len(result.stderr.splitlines()) == 1
