"""The version of this software; package.xml is the only place that states it."""

from __future__ import annotations

import re
from pathlib import Path

DISTRIBUTION = "segnet_ros"  # as pip and colcon install it


def version() -> str:
    """The version as in package.xml of a checkout, else as pip or colcon installed it.

    Returns "unknown" for a copy of the sources without either.
    """
    package = Path(__file__).parents[2] / "package.xml"
    if package.is_file():
        return _stated(package.read_text(encoding="utf-8"))
    from importlib import metadata  # 15 ms, only when needed

    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def _stated(package: str) -> str:
    match = re.search(r"<version>\s*([^<\s]+)\s*</version>", package)
    return match[1] if match else "unknown"
