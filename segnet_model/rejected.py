"""Bad frames, counted by what is wrong with them."""

from __future__ import annotations

import re
from collections import Counter

# What differs between two bad frames of the same kind: quoted text and numbers.
DETAIL = re.compile(r"""b?'(\\.|[^'\\])*'|b?"(\\.|[^"\\])*"|\d+""")


def reason(error: Exception) -> str:
    """The kind of an error, the same for all frames that fail alike.

    "step 100 is shorter than a row of 300 bytes; set step to 300" becomes
    "step # is shorter than a row of # bytes".
    """
    return DETAIL.sub("#", str(error)).partition(";")[0] or type(error).__name__


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

    def add(self, error: Exception) -> None:
        """Count one."""
        self.reasons[reason(error)] += 1
        self._first.setdefault(reason(error), str(error))

    def __str__(self) -> str:
        """A line for each reason, the most frequent first, in the words of its first error."""
        return "\n".join(f"  {n} x {self._first[why]}" for why, n in self.reasons.most_common())
