"""Files of a frame buffer: BUFFER/SESSION/learned/STAMP.png, and held/ beside it.

All that is known of a frame is in its file and in the file's name, so that nothing beside it can
contradict it: the stamp in nanoseconds and, where odometry came, the place in meters:
00001764382000000000_+1.25_-3.50.png.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segnet_model.base.documents import read_json
from segnet_model.base.errors import DatasetError, SegNetError
from segnet_model.base.marks import MARK
from segnet_model.images.files import new_file, read_bytes

LEARNED, HELD = "learned", "held"  # folders of a session: to learn from, and to measure on
INDEX = "frame_buffer.json"  # marks a buffer, and names the newest session
VERSION = 1
MOST_HELD = 40  # frames of a session to measure on, so that a guard is quick
SESSION = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
_NAME = re.compile(r"(\d{20})(?:_([+-]\d+\.\d\d)_([+-]\d+\.\d\d))?\.png")

Place = tuple[float, float]  # meters, in the frame of odometry


def is_held_out(block: int) -> bool:
    """Whether frames of a block of time are to measure on: of the third of every five."""
    return block % 5 == 2


@dataclass(frozen=True)
class Name:
    """Name of a frame's file."""

    stamp_ns: int
    place: Place | None = None  # None where no odometry came

    def __str__(self) -> str:
        """The file's name."""
        place = "".join(f"_{each:+.2f}" for each in self.place or ())
        return f"{self.stamp_ns:020d}{place}.png"

    @classmethod
    def read(cls, text: str) -> Name | None:
        """The parts of a file's name; None of a file that is no frame of a buffer."""
        found = _NAME.fullmatch(text)
        if not found:
            return None
        place = None if found[2] is None else (float(found[2]), float(found[3]))
        return cls(int(found[1]), place)


@dataclass(frozen=True)
class Buffered:
    """Image files of a buffer.

    Attributes:
        learned: to learn from, of all sessions.
        held: held out of the newest session.
        earlier: held out of the sessions before it.
    """

    learned: tuple[Path, ...]
    held: tuple[Path, ...]
    earlier: tuple[Path, ...]


def is_buffer(folder: Path) -> bool:
    """Whether a folder is a frame buffer."""
    return (folder / INDEX).is_file()


def list_buffered(folder: Path) -> Buffered:
    """The images of a buffer, in the order of sessions and stamps; DatasetError as `read_index`."""
    session = read_index(folder)
    held = list(_frames(folder, HELD))
    return Buffered(
        tuple(path for path in _frames(folder, LEARNED)),
        tuple(path for path in held if path.parent.parent.name == session),
        tuple(path for path in held if path.parent.parent.name != session),
    )


def sessions(folder: Path) -> list[Path]:
    """Folders of the sessions of a buffer."""
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if each.is_dir() and _is_session(each.name))


def _is_session(name: str) -> bool:
    return SESSION.fullmatch(name) is not None


def _frames(folder: Path, split: str) -> Iterator[Path]:
    for session in sessions(folder):
        if (session / split).is_dir():
            yield from sorted(path for path in (session / split).iterdir() if Name.read(path.name))


def read_index(folder: Path) -> str:
    """The newest session of a buffer.

    Raises:
        DatasetError: the folder is no buffer, or one of another version.
    """
    path = folder / INDEX
    try:
        index = read_json(read_bytes(path).decode())
        version, session = index["version"], str(index["session"])
    except (OSError, ValueError, SegNetError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path} cannot be read ({error}); name another folder for the buffer, or delete "
            f"{folder} to begin anew"
        ) from None
    if version != VERSION:
        raise DatasetError(
            f"{folder} is a buffer of version {version}, and this is version {VERSION}; name "
            "another folder for the buffer"
        )
    return session


def write_index(folder: Path, session: str) -> None:
    """Make a folder a buffer with this newest session; DatasetError where that fails."""
    with new_file(folder / INDEX, known=True) as path:
        path.write_text(json.dumps({"version": VERSION, "session": session, "segnet": MARK}))
