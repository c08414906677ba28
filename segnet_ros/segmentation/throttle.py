"""Rate limit."""

from __future__ import annotations

TOLERANCE = 0.25  # of a period, by which an event may come early; cameras have jitter


class Throttle:
    """Limits the rate of events, whose mean rate is the limit where enough come."""

    def __init__(self) -> None:
        """Let the first event pass."""
        self._due = float("-inf")

    def passes(self, time: float, rate: float) -> bool:
        """Whether an event may pass.

        Args:
            time: present time, in seconds of a clock that never goes back.
            rate: limit in Hz; 0 is unlimited. It may change between calls.
        """
        if not rate:
            return True
        period = 1 / rate
        # A later due time is from a lower rate before.
        due = self._due if self._due < time + 2 * period else time
        if time < due - TOLERANCE * period:
            return False
        # Counted from the due time, for the mean rate, unless nothing came for long.
        late = time - due > period
        self._due = (time if late else due) + period
        return True
