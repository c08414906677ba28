"""Whether a camera's images are upright, seen by the network's own uncertainty.

Networks learn that the ground is below: shown a street upside down, they call the road at the top
sky and the sky at the bottom ground, and their labels look upright. But they are surer of an
upright image than of the same one turned by half a turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from segnet_model.inference.segmentation import Segmentation

# Rendered drives with drawn cameras, worlds of six kinds: turned images are 1.3 to 9.5 times as
# uncertain as upright ones.
SURER = 0.8  # uncertainty of the turned image over the image's own, below which this is turned
LOOKS = 3  # in a row that have to agree
PERIOD = 10.0  # seconds between two looks while images are upright
AGAIN = 1.0  # while they are not
UPSIDE_DOWN = (
    "the images are upside down: the network is surer of them turned by half a turn, so no label "
    "can be trusted; turn them in the camera's driver, or set place_check to false"
)


class UprightCheck:
    """Now and then compares an image of one camera with its turned copy."""

    def __init__(self) -> None:
        """Begin without looks."""
        self._looks: deque[bool] = deque(maxlen=LOOKS)  # whether the turned image was surer
        self._next = 0.0

    @property
    def upside_down(self) -> bool:
        """Whether all of the last looks say so."""
        return len(self._looks) == LOOKS and all(self._looks)

    def look(
        self,
        image: np.ndarray,
        found: Segmentation,
        segment: Callable[[np.ndarray], Segmentation],
        time: float,
    ) -> bool:
        """Look at an image, if it is time to; returns `upside_down`.

        Args:
            image: (H, W, 3) uint8 RGB.
            found: of the image.
            segment: called with its turned copy at some of the images.
            time: seconds of a clock that never goes back.
        """
        if time >= self._next and not found.ids_alone:
            turned = segment(np.ascontiguousarray(image[::-1, ::-1]))
            surer = turned.uncertainty.mean() < SURER * found.uncertainty.mean()
            self._looks.append(bool(surer))
            self._next = time + self._rest()
        return self.upside_down

    def _rest(self) -> float:
        """Seconds until the next look: none until all agree, unless most say upright."""
        surer = sum(self._looks)
        if len(self._looks) == LOOKS and surer in (0, LOOKS):
            return AGAIN if surer else PERIOD
        # Without a rest, a scene that looks alike both ways would double the cost of each image.
        doubtful = len(self._looks) == LOOKS and not self._looks[-1] and 2 * surer < LOOKS
        return AGAIN if doubtful else 0.0
