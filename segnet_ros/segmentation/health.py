"""Signs that a camera or the network is not well, although images come and are answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segnet_model.inference.answer import Summary

ONE_CLASS = 0.995  # share of the pixels that makes an image one of a single class
MOST = 0.5  # share of the pixels
LONG = 5.0  # seconds; a robot may stand before a wall for a moment


@dataclass(frozen=True)
class Signs:
    """What is seen of a camera at one moment.

    Attributes:
        silence: seconds since the last image came, or since the start.
        wait: seconds that the last answer took, or the next one takes already, from when the first
            image came that could have had it; 0 where nobody asks.
        warnings: what has been wrong for long.
    """

    silence: float = 0.0
    wait: float = 0.0
    warnings: tuple[str, ...] = ()


class Health:
    """Remembers since when something has been so; one thread hears and asks, another answers."""

    def __init__(self, time: float) -> None:
        """Begin at a time, seconds of a clock that never goes back."""
        self._heard = self._answered = time
        self.rest()

    def rest(self) -> None:
        """Nobody wants answers, so that nothing is known of them any more."""
        self._took = 0.0  # seconds for the last answer
        self._waits: float | None = None  # since when
        self._uniform: tuple[str, float] | None = None  # the class, and since when
        self._unsure: float | None = None  # since when

    def hear(self, time: float) -> None:
        """An image came."""
        self._heard = time

    def ask(self, time: float) -> None:
        """An image is to be answered."""
        self._waits = time if self._waits is None else self._waits

    def fail(self) -> None:
        """An image was no image, or the network failed: there is nothing to wait for."""
        self._took, self._waits = 0.0, None

    def see(self, summary: Summary, time: float) -> None:
        """An answer went out."""
        waits, self._waits = self._waits, None
        self._answered, self._took = time, 0.0 if waits is None else time - waits
        if summary.share < ONE_CLASS:
            self._uniform = None
        elif self._uniform is None or self._uniform[0] != summary.largest:
            self._uniform = summary.largest, time
        if summary.unsure < MOST:
            self._unsure = None
        elif self._unsure is None:
            self._unsure = time

    def signs(self, time: float) -> Signs:
        """What is seen at a time."""
        waits = self._waits
        wait = max(self._took, 0.0 if waits is None else time - waits)
        return Signs(time - self._heard, wait, tuple(self._warnings()))

    def _warnings(self) -> Iterator[str]:
        uniform, unsure = self._uniform, self._unsure
        if uniform is not None and (lasts := self._answered - uniform[1]) > LONG:
            yield (
                f"all of the image has been {uniform[0]} for {lasts:.0f} s; is the lens covered, "
                "or was the network never taught this place?"
            )
        if unsure is not None and (lasts := self._answered - unsure) > LONG:
            yield (
                f"the network has been unsure of most of the image for {lasts:.0f} s; is the lens "
                "dirty, is it too dark, or was it never taught this place?"
            )
