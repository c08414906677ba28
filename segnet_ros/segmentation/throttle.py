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
            rate: things a second that may pass; 0 lets all. It may change at any time.
        """
        if not rate:
            return True
        period = 1 / rate
        # None is due later than that, unless the rate was lower before.
        due = self._due if self._due < time + 2 * period else time
        if time < due - EARLY * period:
            return False
        # From when it was due, so that the mean rate is right, unless nothing came for long.
        late = time - due > period
        self._due = (time if late else due) + period
        return True
