"""Fast DDS profiles with room for large images between processes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ament_index_python import get_package_share_directory

# Fast DDS 2 reads the first and Fast DDS 3 the second.
VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
# Each of these is a user's own choice of the transport.
OWN_CHOICES = (*VARIABLES, "FASTDDS_BUILTIN_TRANSPORTS")
LARGE = "fastdds_large_images.xml"
SMALL = "fastdds_large_images_container.xml"
SHARED_MEMORY = Path("/dev/shm")
# Bytes that LARGE needs for a camera, the node, RViz and one more. Without room, Fast DDS falls
# back to UDP, and loses four of five images of 1920x1080 pixels.
ROOM = 4 * 68 * 2**20


def default_profile() -> Path:
    """The installed profile that fits into the shared memory of this machine or container.

    Raises:
        PackageNotFoundError: the package is not installed with colcon.
    """
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except OSError:
        free = 0
    config = Path(get_package_share_directory("segnet_ros"), "config")
    return config / (LARGE if free >= ROOM else SMALL)


def environment(profile: Path | str, present: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment variables that select a profile; none where the present ones select one."""
    if any(name in present for name in OWN_CHOICES):
        return {}
    return dict.fromkeys(VARIABLES, str(profile))
