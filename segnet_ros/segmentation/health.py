"""Signs of a bad camera or network while images come and are answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segnet_model.inference.answer import Summary

ONE_CLASS = 0.995  # share of the pixels that makes an image one of a single class
MOST = 0.5  # share of the pixels
LONG = 5.0  # seconds; a robot may stand before a wall for a moment


@dataclass(frozen=True)
class Signs:
    """The health of a camera at one moment.

    Attributes:
        silence: seconds since the last image came, or since the start.
        wait: seconds that the last answer took, or the next one takes already, from when the first
            image came that could have had it; 0 while no output has a subscriber.
        warnings: what has been wrong for long.
    """

    silence: float = 0.0
    wait: float = 0.0
    warnings: tuple[str, ...] = ()


class Health:
    """Times of a camera's images and answers; images come in one thread, answers in another."""

    def __init__(self, time: float) -> None:
        """Begin at a time, seconds of a clock that never goes back."""
        self._last_image = self._last_answer = time
        self.idle()

    def idle(self) -> None:
        """No output has a subscriber: forget the answers."""
        self._took = 0.0  # seconds for the last answer
        self._waiting_since: float | None = None
        self._uniform: tuple[str, float] | None = None  # the class, and since when
        self._unsure: float | None = None  # since when

    def received(self, time: float) -> None:
        """An image came."""
        self._last_image = time

    def submitted(self, time: float) -> None:
        """An image goes to the network."""
        self._waiting_since = time if self._waiting_since is None else self._waiting_since

    def failed(self) -> None:
        """An image was rejected, or the network failed: no answer will come."""
        self._took, self._waiting_since = 0.0, None

    def answered(self, summary: Summary, time: float) -> None:
        """An answer went out."""
        since, self._waiting_since = self._waiting_since, None
        self._last_answer, self._took = time, 0.0 if since is None else time - since
        if summary.share < ONE_CLASS:
            self._uniform = None
        elif self._uniform is None or self._uniform[0] != summary.largest:
            self._uniform = summary.largest, time
        if summary.unsure < MOST:
            self._unsure = None
        elif self._unsure is None:
            self._unsure = time

    def signs(self, time: float) -> Signs:
        """The signs at a time."""
        since = self._waiting_since
        wait = max(self._took, 0.0 if since is None else time - since)
        return Signs(time - self._last_image, wait, tuple(self._warnings()))

    def _warnings(self) -> Iterator[str]:
        uniform, unsure = self._uniform, self._unsure
        if uniform is not None and (lasts := self._last_answer - uniform[1]) > LONG:
            yield (
                f"all of the image has been {uniform[0]} for {lasts:.0f} s; is the lens covered, "
                "or was the network never taught this place?"
            )
        if unsure is not None and (lasts := self._last_answer - unsure) > LONG:
            yield (
                f"the network has been unsure of most of the image for {lasts:.0f} s; is the lens "
                "dirty, is it too dark, or was it never taught this place?"
            )
