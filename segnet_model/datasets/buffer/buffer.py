"""Frame buffer on disk: bounded in images and bytes, whole at any moment, kept by one process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.leftovers import sweep
from segnet_model.base.lock import locked
from segnet_model.base.marks import is_marked
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.buffer.files import (
    HELD,
    INDEX,
    LEARNED,
    MOST_HELD,
    SESSION,
    Name,
    Place,
    is_held_out,
    read_index,
    sessions,
    write_index,
)
from segnet_model.datasets.buffer.pool import Kept, Pool
from segnet_model.images.files import encode_png, new_file, read_image
from segnet_model.images.thumbnails import thumbnail
from segnet_model.images.usable import fault

logger = logging.getLogger(__name__)
HELD_SHARE = 5  # at most one image of so many is held out of the newest session, or of earlier ones
BLOCK = 20.0  # seconds
ALIKE = 0.5  # of `Pool.distances`; less is the same view again
FARTHEST = 1e7  # meters
LOCK_WORK = "trainer"


class FrameBuffer:
    """Frames of this session and of earlier ones, in a folder that only this process changes.

    Whole blocks of time are held out, so that no frame to measure on is beside one to learn from.
    Where the buffer is full, of the two frames that are most alike in look and place the older one
    goes: what is rare stays, also of earlier sessions.

    Attributes:
        folder: of the buffer.
        damaged: number of files that could not be read when it was opened; they were removed.
    """

    def __init__(
        self, folder: Path, session: str, most_images: int, most_bytes: int, block: float = BLOCK
    ) -> None:
        """Set the bounds; `opened` reads the folder.

        Args:
            folder: of the buffer.
            session: name of this drive; held-out frames of others are those of earlier.
            most_images: that are kept.
            most_bytes: of all images.
            block: length of a block in seconds.

        Raises:
            SettingsError: the session's name cannot be that of a folder.
        """
        if not SESSION.fullmatch(session):
            raise SettingsError(
                f"session {session!r} cannot be the name of a folder; use letters, digits, - and _"
            )
        self.folder, self._session, self.damaged = folder, session, 0
        self._most_bytes, self._block = most_bytes, round(block * NANOSECONDS)
        held = min(MOST_HELD, most_images // HELD_SHARE)
        self._learned, self._held, self._earlier = Pool(), Pool(), Pool()
        self._most = ((self._learned, most_images - 2 * held), (self._held, held),
                      (self._earlier, held))  # fmt: skip

    @contextmanager
    def opened(self) -> Iterator[FrameBuffer]:
        """Lock and read the folder; both last as long as the context.

        Raises:
            SettingsError: another process has it, or it cannot be made.
            DatasetError: it holds something else.
        """
        with locked(self.folder, LOCK_WORK), ExitStack() as made:
            self._check()
            write_index(self.folder, self._session)
            self._read()
            made.callback(self._leave)
            yield self

    @property
    def learned(self) -> int:
        """Number of frames to learn from."""
        return len(self._learned)

    @property
    def held(self) -> int:
        """Number of held-out frames of this session."""
        return len(self._held)

    @property
    def earlier(self) -> int:
        """Number of held-out frames of earlier sessions."""
        return len(self._earlier)

    @property
    def bytes(self) -> int:
        """Size of all images."""
        return sum(pool.size for pool, _ in self._most)

    def add(self, image: np.ndarray, stamp_ns: int, place: Place | None = None) -> str:
        """Keep a frame, if it is of use.

        Args:
            image: (H, W, 3) uint8 RGB.
            stamp_ns: its time in nanoseconds, not negative.
            place: of the robot, where it is known.

        Returns:
            Why the frame was not kept, to be said of frames; empty where it was.

        Raises:
            DatasetError: it cannot be written; all others stay.
        """
        if reason := fault(image):
            return reason
        split = HELD if self._is_held(stamp_ns) else LEARNED
        place = _usable(place)
        data = encode_png(image)
        path = self.folder / self._session / split / str(Name(stamp_ns, place))
        frame = Kept(path, len(data), self._session, place, thumbnail(image))
        pool = self._held if split == HELD else self._learned
        if path.exists() or min(pool.distances(frame), default=np.inf) < ALIKE:
            return "look like one that is there"
        pool.add(frame)
        try:
            self._make_room(2)  # so never the new one
            path.parent.mkdir(parents=True, exist_ok=True)
            # No wait for the disk: what a power cut damages is removed when the buffer is opened.
            with new_file(path, flush=False) as temporary:
                temporary.write_bytes(data)
        except (OSError, DatasetError) as error:
            pool.remove(frame)
            raise DatasetError(f"{error}; the buffer stays as it is") from None
        return ""

    def _is_held(self, stamp_ns: int) -> bool:
        return is_held_out(stamp_ns // self._block)

    def _make_room(self, least: int = 1) -> None:
        """Remove frames until all are within the bounds, or a pool has only the least."""
        for pool, most in self._most:
            while len(pool) > most:
                self._drop(pool)
        while self.bytes > self._most_bytes:
            pool = max((each for each, _ in self._most), key=len)
            if len(pool) < least:
                raise DatasetError(
                    f"an image of {pool.size} bytes does not fit into {self._most_bytes}; give "
                    "the buffer more"
                )
            self._drop(pool)

    def _drop(self, pool: Pool) -> None:
        frame = pool.crowded()
        frame.path.unlink(missing_ok=True)
        pool.remove(frame)

    def _check(self) -> None:
        """Raise DatasetError where the folder holds something else than a buffer."""
        if (self.folder / INDEX).exists():
            read_index(self.folder)
        elif strange := next(
            (e for e in self.folder.iterdir() if not e.name.startswith(".")), None
        ):
            raise DatasetError(
                f"{self.folder} holds {strange.name} and is no frame buffer; name another folder"
            )

    def _read(self) -> None:
        """Read what earlier runs kept, the oldest first."""
        found: list[tuple[int, Path, Name]] = []
        for session in sessions(self.folder):
            for split in (LEARNED, HELD):
                sweep(session / split)
                for path in (session / split).glob("*.png"):
                    if name := Name.read(path.name):
                        found.append((path.stat().st_mtime_ns, path, name))
        for _, path, name in sorted(found, key=lambda each: each[:2]):
            self._take(path, name)
        self._make_room()
        if self.damaged:
            logger.warning(
                "removed %d images of %s that could not be read", self.damaged, self.folder
            )

    def _take(self, path: Path, name: Name) -> None:
        """Take a file of an earlier run; a damaged one is removed."""
        session = path.parent.parent.name
        try:
            small = thumbnail(read_image(path)) if is_marked(path) else None
        except (DatasetError, OSError):
            small = None
        if small is None:
            with suppress(OSError):
                path.unlink()
            self.damaged += 1
            return
        frame = Kept(path, path.stat().st_size, session, name.place, small)
        held = self._held if session == self._session else self._earlier
        (held if path.parent.name == HELD else self._learned).add(frame)

    def _leave(self) -> None:
        """Remove folders that stayed empty."""
        for session in sessions(self.folder):
            for split in (LEARNED, HELD):
                with suppress(OSError):
                    (session / split).rmdir()
            with suppress(OSError):
                session.rmdir()


def _usable(place: Place | None) -> Place | None:
    """A place as a file's name has it; None for one that odometry cannot mean."""
    if place is None or not all(abs(each) < FARTHEST for each in place):  # NaN is not less
        return None
    return round(place[0], 2), round(place[1], 2)
