"""Room for large images between processes: the profile of Fast DDS, and who has set it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ament_index_python import get_package_share_directory

# Fast DDS 2 reads the first and Fast DDS 3 the second.
VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
# With any of these a person has already said how images are to travel.
OWN_CHOICES = (*VARIABLES, "FASTDDS_BUILTIN_TRANSPORTS")
LARGE = "fastdds_large_images.xml"
SMALL = "fastdds_large_images_container.xml"
SHARED_MEMORY = Path("/dev/shm")
# Bytes that LARGE takes in a camera, the node, RViz and one more. Where there is no room, Fast DDS
# turns to UDP, and four of five images of 1920x1080 pixels are lost.
ROOM = 4 * 68 * 2**20


def default_profile() -> Path:
    """The installed profile that this machine's shared memory, or the container's, has room for.

    Raises:
        PackageNotFoundError: the package is not installed with colcon.
    """
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except OSError:
        free = 0
    config = Path(get_package_share_directory("segnet_ros"), "config")
    return config / (LARGE if free >= ROOM else SMALL)


def settings(profile: Path | str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment variables that make Fast DDS read a profile; none where a person has chosen."""
    if any(name in environment for name in OWN_CHOICES):
        return {}
    return dict.fromkeys(VARIABLES, str(profile))
