"""Signs that a camera or the network is not well, although images come and are answered."""

from __future__ import annotations

from dataclasses import dataclass

from segnet_ros.segmentation.frame import Summary

ONE_CLASS = 0.995  # share of the pixels that makes an image one of a single class
LONG = 5.0  # seconds; a robot may stand before a wall for a moment


@dataclass(frozen=True)
class Signs:
    """What is seen of a camera at one moment.

    Attributes:
        silence: seconds since the last image came, or since the start.
        wait: seconds that the oldest image has waited after the last answer; 0 where none waits.
        warnings: what has been wrong for long.
    """

    silence: float = 0.0
    wait: float = 0.0
    warnings: tuple[str, ...] = ()


class Health:
    """Remembers since when something has been so."""

    def __init__(self, time: float) -> None:
        """Begin at a time, seconds of a clock that never goes back."""
        self._heard = self._answered = time
        self._waits: float | None = None  # since when
        self._uniform: tuple[str, float] | None = None  # the class, and since when
        self._unsure: float | None = None  # since when

    def hear(self, time: float) -> None:
        """An image came."""
        self._heard = time

    def ask(self, time: float) -> None:
        """An image is to be answered."""
        self._waits = time if self._waits is None else self._waits

    def see(self, summary: Summary, time: float, max_uncertainty: float) -> None:
        """An answer went out."""
        self._answered, self._waits = time, None
        if summary.share < ONE_CLASS:
            self._uniform = None
        elif self._uniform is None or self._uniform[0] != summary.largest:
            self._uniform = summary.largest, time
        if summary.uncertainty <= max_uncertainty:
            self._unsure = None
        elif self._unsure is None:
            self._unsure = time

    def signs(self, time: float) -> Signs:
        """What is seen at a time."""
        warnings = []
        if self._uniform and (lasts := self._answered - self._uniform[1]) > LONG:
            warnings.append(
                f"all of the image has been {self._uniform[0]} for {lasts:.0f} s; is the lens "
                "covered, or was the network never taught this place?"
            )
        if self._unsure is not None and (lasts := self._answered - self._unsure) > LONG:
            warnings.append(
                f"the network has been unsure of most of the image for {lasts:.0f} s; is the lens "
                "dirty, is it too dark, or was it never taught this place?"
            )
        wait = 0.0 if self._waits is None else time - self._waits
        return Signs(time - self._heard, wait, tuple(warnings))
