"""Pool of frames that stay varied: of the two that are most alike, the older one goes."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np

from segnet_model.datasets.buffer.files import Place

FAR = 5.0  # meters; a new view differs by so many percent, and two places by no more than views
UNKNOWN = (nan, nan)


@dataclass(frozen=True, eq=False)
class Kept:
    """A frame of a buffer.

    Attributes:
        path: of its file.
        size: of the file in bytes.
        session: in which it was seen; places of two sessions do not compare.
        place: of the robot; None where no odometry came.
        thumbnail: (12, 16, 3) float32, 0 to 1.
    """

    path: Path
    size: int
    session: str
    place: Place | None
    thumbnail: np.ndarray


class Pool:
    """Frames in the order in which they came, and the distances between them.

    Attributes:
        frames: the frames; read only.
        size: of their files in bytes.
    """

    def __init__(self) -> None:
        """Create an empty one."""
        self.frames: list[Kept] = []
        self.size = 0
        self._distances: np.ndarray = np.zeros((0, 0), np.float32)  # infinite to itself

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frames)

    def distances(self, frame: Kept) -> np.ndarray:
        """From a frame to each: the difference in look in percent plus the meters, at most `FAR`.

        Returns:
            (N,) float32.
        """
        if not self.frames:
            return np.zeros(0, np.float32)
        looks = np.stack([each.thumbnail for each in self.frames])
        look = 100 * np.abs(looks - frame.thumbnail).mean((1, 2, 3))
        result: np.ndarray = look + np.minimum(self._meters(frame), FAR)
        return result.astype(np.float32)

    def _meters(self, frame: Kept) -> np.ndarray:
        """Between the places of a frame and of each; 0 where they do not compare: (N,)."""
        places = [each.place if each.session == frame.session else None for each in self.frames]
        known = np.array([place or UNKNOWN for place in places])
        meters: np.ndarray = np.hypot(*(known - (frame.place or UNKNOWN)).T)
        return np.nan_to_num(meters)

    def add(self, frame: Kept) -> None:
        """Add the newest frame."""
        row = np.append(self.distances(frame), np.float32(np.inf))
        count = len(self.frames)
        grown = np.empty((count + 1, count + 1), np.float32)
        grown[:count, :count] = self._distances
        grown[count], grown[:, count] = row, row
        self._distances = grown
        self.frames.append(frame)
        self.size += frame.size

    def remove(self, frame: Kept) -> None:
        """Remove a frame."""
        index = self.frames.index(frame)
        self._distances = np.delete(np.delete(self._distances, index, 0), index, 1)
        self.size -= self.frames.pop(index).size

    def crowded(self) -> Kept:
        """The older one of the two frames that are most alike; ValueError where there is none."""
        first, second = np.unravel_index(np.argmin(self._distances), self._distances.shape)
        return self.frames[min(int(first), int(second))]
