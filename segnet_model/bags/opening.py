"""Opens a recording as the kind that its first bytes say."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from segnet_model.bags.folder import FolderBag
from segnet_model.bags.kinds import MCAP, check_kind, is_bag_folder
from segnet_model.bags.mcap_file import McapFile
from segnet_model.bags.sqlite_file import SqliteFile
from segnet_model.bags.storage import Storage

logger = logging.getLogger(__name__)


def open_storage(path: Path, *, cut_ok: bool = False) -> Storage:
    """Open a rosbag2 folder or a file; a cut MCAP file up to its last whole record if allowed.

    Raises:
        BagError: it is of another kind, or not safe to read.
        OSError: it cannot be read.
        Exception: it is damaged, in any way that parsers and SQLite report.
    """
    if path.is_dir():
        return FolderBag(path, _open_file)
    _tell_of_others(path)
    return _open_file(path, cut_ok=cut_ok)


def _tell_of_others(path: Path) -> None:
    """Say that a file is one of several of a bag."""
    folder = path.absolute().parent
    with suppress(OSError):
        files = [each for each in folder.iterdir() if each.suffix == path.suffix]
        if len(files) > 1 and is_bag_folder(folder):
            logger.info("%s is one of %d files of a bag; %s is all", path, len(files), folder)


def _open_file(path: Path, *, cut_ok: bool = False) -> Storage:
    if check_kind(path) == MCAP:
        return McapFile(path, cut_ok=cut_ok)
    return SqliteFile(path)
