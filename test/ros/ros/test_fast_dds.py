"""The profiles for large images: what Fast DDS makes of them, and who chooses."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
from ament_index_python import PackageNotFoundError, get_package_share_directory

from segnet_ros.ros import fast_dds

pytestmark = pytest.mark.ros
CONFIG = Path(__file__).parents[3] / "config"
MIB = 2**20
# Prints what a process with a node has mapped.
PROGRAM = """
import rclpy
rclpy.init()
node = rclpy.create_node("profiled")
print(open("/proc/self/maps").read())
"""


@pytest.mark.parametrize(("name", "segment"), [(fast_dds.LARGE, 64), (fast_dds.SMALL, 16)])
def test_fast_dds_shares_as_much_as_the_profile_says(name, segment, monkeypatch):
    if shutil.disk_usage("/dev/shm").free < 80 * MIB:
        pytest.skip("/dev/shm has no room")
    for key, value in fast_dds.environment(CONFIG / name, {}).items():
        monkeypatch.setenv(key, value)
    command = [sys.executable, "-c", PROGRAM]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    if "fastrtps" not in said and "fastdds" not in said:
        pytest.skip("another middleware than Fast DDS")
    assert "Error" not in said
    pattern = r"^([0-9a-f]+)-([0-9a-f]+) .*/dev/shm/fast\w+_[0-9a-f]{16}$"
    sizes = [int(b, 16) - int(a, 16) for a, b in re.findall(pattern, said, re.MULTILINE)]
    # Among those of others that are met on the way.
    assert any(segment * MIB <= size < 1.1 * segment * MIB for size in sizes), sizes


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("free", "name"), [(1024 * MIB, fast_dds.LARGE), (64 * MIB, fast_dds.SMALL)]
)
def test_a_small_shared_memory_gets_the_small_profile(free, name, monkeypatch):
    try:
        installed = Path(get_package_share_directory("segnet_ros"), "config")
    except PackageNotFoundError:
        pytest.skip("not installed")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free, 0, free))
    assert fast_dds.default_profile() == installed / name


def test_no_shared_memory_gets_the_small_profile(monkeypatch, tmp_path):
    monkeypatch.setattr(fast_dds, "get_package_share_directory", lambda name: "share")
    monkeypatch.setattr(fast_dds, "SHARED_MEMORY", tmp_path / "nowhere")
    assert fast_dds.default_profile().name == fast_dds.SMALL


@pytest.mark.parametrize("own", fast_dds.OWN_CHOICES)
def test_a_users_choice_stays(own):
    assert fast_dds.environment("ours.xml", {"HOME": "/", own: "theirs"}) == {}


def test_both_versions_of_fast_dds_get_the_profile():
    assert fast_dds.environment("ours.xml", {"HOME": "/"}) == {
        "FASTRTPS_DEFAULT_PROFILES_FILE": "ours.xml",
        "FASTDDS_DEFAULT_PROFILES_FILE": "ours.xml",
    }
