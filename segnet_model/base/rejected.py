"""Bad frames, counted by what is wrong with them."""

from __future__ import annotations

from collections import Counter

from segnet_model.base.errors import reason


class Rejected:
    """Counts bad frames.

    Attributes:
        reasons: how many there were of each kind.
    """

    def __init__(self) -> None:
        """None yet."""
        self.reasons: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def __len__(self) -> int:
        return sum(self.reasons.values())

    def add(self, error: Exception) -> bool:
        """Count one; whether it is the first of its kind."""
        why = reason(error)
        self.reasons[why] += 1
        self._first.setdefault(why, str(error))
        return self.reasons[why] == 1

    def __str__(self) -> str:
        """A line for each reason, the most frequent first, in the words of its first error."""
        return "\n".join(f"  {n} x {self._first[why]}" for why, n in self.reasons.most_common())
