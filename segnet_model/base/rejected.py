"""Rejected frames, counted by reason."""

from __future__ import annotations

from collections import Counter

from segnet_model.base.errors import reason


class Rejected:
    """Counts of rejected frames.

    Attributes:
        reasons: number of frames by reason.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self.reasons: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def __len__(self) -> int:
        return sum(self.reasons.values())

    def add(self, error: Exception) -> bool:
        """Count a frame; returns whether it is the first one with this reason."""
        why = reason(error)
        self.reasons[why] += 1
        self._first.setdefault(why, str(error))
        return self.reasons[why] == 1

    def __str__(self) -> str:
        """A line for each reason, the most frequent first, with the message of its first error."""
        return "\n".join(f"  {n} x {self._first[why]}" for why, n in self.reasons.most_common())
