"""Health of a camera and its answers: silence, delay, and images of which something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segnet_model.inference.answer import Summary

UNIFORM_SHARE = 0.995  # share of the pixels in one class, from which an image is uniform
UNSURE_SHARE = 0.5  # share of unsure pixels, from which an image is unsure
MIN_DURATION = 5.0  # seconds; a robot may stand before a wall for a moment


@dataclass(frozen=True)
class Health:
    """The health of a camera at one moment.

    Attributes:
        silence: seconds since the last image came, or since the start.
        wait: seconds from an image to its answer, of the last answer or the pending one, whichever
            is longer; 0 while no output has a subscriber.
        warnings: sentences about faults that have lasted.
    """

    silence: float = 0.0
    wait: float = 0.0
    warnings: tuple[str, ...] = ()


class HealthMonitor:
    """Times of a camera's images and answers; images come in one thread, answers in another."""

    def __init__(self, time: float) -> None:
        """Begin at a time, seconds of a clock that never goes back."""
        self._last_image = self._last_answer = time
        self.idle()

    def idle(self) -> None:
        """Forget the answers, since no output has a subscriber."""
        self._took = 0.0  # seconds for the last answer
        self._waiting_since: float | None = None
        self._uniform: tuple[str, float] | None = None  # the class, and since when
        self._unsure: float | None = None  # since when

    def received(self, time: float) -> None:
        """Note an image."""
        self._last_image = time

    def submitted(self, time: float) -> None:
        """Note an image that goes to the network."""
        self._waiting_since = time if self._waiting_since is None else self._waiting_since

    def failed(self) -> None:
        """Note an image that was rejected or failed, so that no answer will come."""
        self._took, self._waiting_since = 0.0, None

    def answered(self, summary: Summary, time: float) -> None:
        """Note a published answer."""
        since, self._waiting_since = self._waiting_since, None
        self._last_answer, self._took = time, 0.0 if since is None else time - since
        if summary.share < UNIFORM_SHARE:
            self._uniform = None
        elif self._uniform is None or self._uniform[0] != summary.largest:
            self._uniform = summary.largest, time
        if not summary.unsure >= UNSURE_SHARE:  # NaN where the network never says
            self._unsure = None
        elif self._unsure is None:
            self._unsure = time

    def health(self, time: float) -> Health:
        """The health at a time."""
        since = self._waiting_since
        wait = max(self._took, 0.0 if since is None else time - since)
        return Health(time - self._last_image, wait, tuple(self._warnings()))

    def _warnings(self) -> Iterator[str]:
        uniform, unsure = self._uniform, self._unsure
        if uniform is not None and (lasts := self._last_answer - uniform[1]) > MIN_DURATION:
            yield (
                f"the whole image has been {uniform[0]} for {lasts:.0f} s; check that the lens is "
                "not covered, and that the network was trained for this place"
            )
        if unsure is not None and (lasts := self._last_answer - unsure) > MIN_DURATION:
            yield (
                f"the network has been unsure of most of the image for {lasts:.0f} s; check the "
                "lens and the light, and that the network was trained for this place"
            )
