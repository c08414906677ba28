"""Rejected frames, counted by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from segnet_model.base.errors import reason

OTHER = "for other reasons"


class Rejected:
    """Counts of rejected frames.

    Attributes:
        reasons: number of frames by reason.
    """

    MOST = 20  # reasons that are told apart

    def __init__(self) -> None:
        """Start at zero."""
        self.reasons: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def __len__(self) -> int:
        return sum(self.reasons.values())

    def add(self, error: Exception) -> bool:
        """Count a frame; returns whether it is the first one with this reason.

        Damaged files have as many reasons as frames: beyond `MOST` they count together.
        """
        why = reason(error)
        if why not in self.reasons and len(self.reasons) >= self.MOST:
            why = OTHER
        self.reasons[why] += 1
        self._first.setdefault(why, str(error) if why != OTHER else OTHER)
        return self.reasons[why] == 1

    def update(self, other: Rejected) -> None:
        """Add the counts of others."""
        self.reasons.update(other.reasons)
        self._first = {**other._first, **self._first}

    def saved(self) -> dict[str, tuple[int, str]]:
        """The count and the first message of each reason, as JSON knows it."""
        return {why: (n, self._first[why]) for why, n in self.reasons.items()}

    @classmethod
    def read(cls, saved: Mapping[str, tuple[int, str]]) -> Rejected:
        """The inverse of `saved`."""
        found = cls()
        found.reasons = Counter({why: n for why, (n, _) in saved.items()})
        found._first = {why: first for why, (_, first) in saved.items()}
        return found

    def __str__(self) -> str:
        """A line for each reason, the most frequent first, with the message of its first error."""
        return "\n".join(f"  {n} x {self._first[why]}" for why, n in self.reasons.most_common())
