"""What a camera's messages do not say of its samples: how many of 16 bits it uses, their order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FEWER = (10, 12)  # bits of sensors whose samples are sent as 16
HOLES = 0.01  # of a depth image: the share of pixels without a depth, which are 0
NEAR = 100  # millimeters: the least depth that cameras measure
ENOUGH = 100  # samples, of which a few that are 0 tell something
FINE = 16  # samples of a camera with 12 bits, scaled to 16, are multiples of it
DEPTH = (
    "samples of 16 bits are 0 or {} and more, as in depth images, and are read as a picture: where "
    "they are depths, choose a color topic"
)


class SampleBits:
    """The bits of a camera's 16-bit samples: 10, 12, or 16, by the largest sample so far.

    Sensors of 10 and 12 bits often send them as they are, and their upper 8 of 16 would be nearly
    black. So samples below 1024 are read as 10 bits, and below 4096 as 12. From the first larger
    one on, the camera has more, so that its brightness changes twice at most.

    Attributes:
        bits: of a sample; 0 before the first image.
    """

    def __init__(self, report: Callable[[str], None] | None = None) -> None:
        """Begin before the first image.

        Args:
            report: called with a sentence where samples are read as fewer bits than 16, or no
                longer are, and once for each other assumption.
        """
        self.bits = 0
        self._report = report or (lambda text: None)
        self._assumed: set[str] = set()

    def assume(self, text: str) -> None:
        """Report how samples are read, unless that is empty or was reported before."""
        if text and text not in self._assumed:
            self._assumed.add(text)
            self._report(text)

    def doubt_gray(self, samples: np.ndarray) -> None:
        """Report where the first gray samples (H, W) uint16 seem to be depths."""
        if not self.bits and _seem_depths(samples):
            self.assume(DEPTH.format(NEAR))

    def reduce(self, samples: np.ndarray) -> np.ndarray:
        """The upper 8 of the bits in use of samples (H, W, ...) uint16, as uint8."""
        self._see(samples)
        return (samples >> (self.bits - 8)).astype(np.uint8)

    def _see(self, samples: np.ndarray) -> None:
        """Take an image's largest sample into account."""
        if self.bits == 16:
            return
        largest = samples.max()
        bits = next((each for each in FEWER if largest < 1 << each), 16)
        if bits <= self.bits:
            return
        if bits < 16:
            self._report(
                f"all 16-bit samples are below {1 << bits}: they are read as {bits} bits, until a "
                "larger one comes"
            )
        elif self.bits:
            self._report(f"a sample of 16 bits came: {self.bits} bits are no longer assumed")
        self.bits = bits


def _seem_depths(samples: np.ndarray) -> bool:
    """Whether samples are depths in millimeters: holes of 0, nothing near, and fine steps."""
    some = samples[:: max(1, len(samples) // 200)]
    there = some[some > 0]
    holes = 1 - there.size / some.size
    told = some.size >= ENOUGH and there.size and holes > HOLES
    return bool(told and there.min() >= NEAR and (there % FINE).any())
