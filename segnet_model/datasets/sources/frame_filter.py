"""Filter for frames that are too near to the last accepted one, in time or in look."""

from __future__ import annotations

import numpy as np

from segnet_model.images.thumbnails import thumbnail


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in percent of two thumbnails (12, 16, 3) float32."""
    return 100 * float(np.abs(one - other).mean())


class FrameFilter:
    """Minimum distance between accepted frames of one source."""

    def __init__(self, every_ns: int, min_difference: float = 0.0) -> None:
        """Set the distances in nanoseconds and in percent of `difference`; 0 accepts all."""
        self._every = every_ns
        self._min_difference = min_difference
        self._stamp: int | None = None
        self._thumbnail: np.ndarray | None = None

    @property
    def compares_images(self) -> bool:
        """Whether the difference of two images matters."""
        return self._min_difference > 0

    def is_early(self, stamp_ns: int) -> bool:
        """Whether a frame is too near in time to the last accepted one."""
        # The absolute distance, because clocks are set back now and then.
        return self._stamp is not None and abs(stamp_ns - self._stamp) < self._every

    def is_similar(self, image: np.ndarray) -> bool:
        """Whether an image (H, W, 3) uint8 looks like the last accepted one."""
        if not self.compares_images or self._thumbnail is None:
            return False
        return difference(thumbnail(image), self._thumbnail) < self._min_difference

    def accept(self, stamp_ns: int, image: np.ndarray | None = None) -> None:
        """Remember an accepted frame; image may be None where images are not compared."""
        self._stamp = stamp_ns
        if self.compares_images and image is not None:
            self._thumbnail = thumbnail(image)
