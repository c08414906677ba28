"""Letting through so many a second."""

from __future__ import annotations

EARLY = 0.25  # of a period; cameras are not punctual


class Throttle:
    """Decides about one thing after the other whether it comes too early."""

    def __init__(self) -> None:
        """Begin with letting one through."""
        self._due = float("-inf")

    def passes(self, time: float, rate: float) -> bool:
        """Whether a thing may pass.

        Args:
            time: of now, in seconds of a clock that never goes back.
            rate: things a second that may pass; 0 lets all.
        """
        if not rate:
            return True
        period = 1 / rate
        if time < self._due - EARLY * period:
            return False
        # From when it was due, so that the mean rate is right, unless nothing came for long.
        late = time - self._due > period
        self._due = (time if late else self._due) + period
        return True
