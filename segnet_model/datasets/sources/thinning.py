"""Frames that are too near to the last one taken, in time or in look, are passed over."""

from __future__ import annotations

import numpy as np

from segnet_model.images.thumbnails import look_of


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """How unlike two looks (12, 16, 3) float32 are: the mean absolute difference in percent."""
    return 100 * float(np.abs(one - other).mean())


class Thinning:
    """Says which frames of a topic to take; remembers the last one taken."""

    def __init__(self, every_ns: int, unlike: float = 0.0) -> None:
        """Take frames that are this far apart, in nanoseconds and in percent; 0 for any."""
        self._every = every_ns
        self._unlike = unlike
        self._stamp: int | None = None
        self._look: np.ndarray | None = None

    @property
    def looks(self) -> bool:
        """Whether the look of a frame matters."""
        return self._unlike > 0

    def is_early(self, stamp_ns: int) -> bool:
        """Whether a frame comes too soon after the last one taken."""
        # The distance and not the difference: clocks are set back now and then.
        return self._stamp is not None and abs(stamp_ns - self._stamp) < self._every

    def is_alike(self, image: np.ndarray) -> bool:
        """Whether an image (H, W, 3) uint8 looks like the last one taken."""
        if not self.looks or self._look is None:
            return False
        return difference(look_of(image), self._look) < self._unlike

    def take(self, stamp_ns: int, image: np.ndarray | None = None) -> None:
        """Remember the one that is taken; the image may be None where looks do not matter."""
        self._stamp = stamp_ns
        if self.looks and image is not None:
            self._look = look_of(image)
