"""Whether a camera's images are upright, seen by the network's own uncertainty.

Networks learn that the ground is below: shown a street upside down, they call the road at the top
sky and the sky at the bottom ground, and their labels look upright. But they are surer of an
upright image than of the same one turned by half a turn, or by a quarter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import cv2
import numpy as np

from segnet_model.inference.segmentation import Segmentation

# Rendered drives with drawn cameras, worlds of six kinds: images turned by half a turn are 1.3 to
# 9.5 times as uncertain as upright ones, and those turned by a quarter 0.88 to 14 times.
SURER = 0.8  # uncertainty of the turned image over the image's own, the mean of the looks
LEAST = 0.01  # of a ratio, so that a certain image has a logarithm
LOOKS = 3  # in a row, in each of which the turned image has to be the surer one
PERIOD = 10.0  # seconds between two looks while images are upright
AGAIN = 1.0  # while they are not
# Quarter turns to the left that are tried, in this order.
TURNS = {
    2: cv2.ROTATE_180,
    1: cv2.ROTATE_90_COUNTERCLOCKWISE,
    3: cv2.ROTATE_90_CLOCKWISE,
}
_FOUND = {
    0: "",
    1: "the camera lies on its side: the network is surer of its images turned by a quarter to "
    "the left",
    2: "the images are upside down: the network is surer of them turned by half a turn",
    3: "the camera lies on its side: the network is surer of its images turned by a quarter to "
    "the right",
}
MEND = "turn them in the camera's driver, or set place_check to false"


def not_upright(turn: int, mend: str = MEND) -> str:
    """Why images are not trusted that a turn sets upright, with the mend; empty without a turn.

    Args:
        turn: quarter turns to the left, 0 to 3, as of `UprightCheck`.
        mend: what to do.
    """
    found = _FOUND[turn]
    return found and f"{found}, so no label can be trusted; {mend}"


class UprightCheck:
    """Now and then compares an image of one camera with its turned copies."""

    def __init__(self) -> None:
        """Begin without looks."""
        self._looks = {turn: _Looks() for turn in TURNS}

    @property
    def turn(self) -> int:
        """Quarter turns to the left that set the images upright, by the last looks; or 0."""
        surer = [turn for turn, looks in self._looks.items() if looks.agree]
        return min(surer, key=lambda turn: self._looks[turn].ratio, default=0)

    def look(
        self,
        image: np.ndarray,
        found: Segmentation | None,
        segment: Callable[[np.ndarray], Segmentation],
        time: float,
    ) -> int:
        """Look at an image, if it is time to; returns `turn`.

        Args:
            image: (H, W, 3) uint8 RGB.
            found: of the image; None to segment it as its copies are, where `found` would be an
                average over earlier images, which is less sure than one alone.
            segment: called with a turned copy of some of the images, of the same size.
            time: seconds of a clock that never goes back.
        """
        due = [turn for turn, looks in self._looks.items() if time >= looks.next]
        if due and not (found and found.ids_alone):
            turn = min(due, key=lambda turn: self._looks[turn].rank)  # or the first
            turned = segment(_turned(image, turn))
            own = float((found or segment(image)).uncertainty.mean())
            self._looks[turn].add(float(turned.uncertainty.mean()), own, time)
        return self.turn


def _turned(image: np.ndarray, turn: int) -> np.ndarray:
    """A turned image, squeezed into the same size, for which engines are ready."""
    turned = cv2.rotate(image, TURNS[turn])
    height, width = image.shape[:2]
    return np.asarray(turned if turn == 2 else cv2.resize(turned, (width, height)))


class _Looks:
    """The last looks at images that were turned alike."""

    def __init__(self) -> None:
        """Begin without looks."""
        self._ratios: deque[float] = deque(maxlen=LOOKS)
        self.next = 0.0  # seconds, when to look

    @property
    def agree(self) -> bool:
        """Whether the turned images are surer: each a bit, and all together clearly."""
        full = len(self._ratios) == LOOKS
        return full and max(self._ratios) < 1 and self.ratio < SURER

    @property
    def ratio(self) -> float:
        """Uncertainty of the turned images over that of the images, geometric mean of the looks."""
        return float(np.exp(np.mean(np.log(self._ratios))))

    @property
    def rank(self) -> float:
        """The lower, the sooner: the first looks at a turn, then those that may end an alarm."""
        if len(self._ratios) < LOOKS:
            return -1.0
        return 0.0 if self.agree else self.next

    def add(self, turned: float, own: float, time: float) -> None:
        """Take the mean uncertainty of a turned image and of the image itself."""
        self._ratios.append(max(turned / own, LEAST) if own > 0 else 1.0)
        self.next = time + self._rest()

    def _rest(self) -> float:
        """Seconds until the next look: none until all agree, unless most say upright."""
        if self.agree:
            return AGAIN
        full, surer = len(self._ratios) == LOOKS, sum(each < SURER for each in self._ratios)
        if full and not surer:
            return PERIOD
        # Without a rest, a scene that looks alike both ways would double the cost of each image.
        doubtful = full and not self._ratios[-1] < SURER and 2 * surer < LOOKS
        return AGAIN * len(TURNS) if doubtful else 0.0
