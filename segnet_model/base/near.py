"""The nearest of known names, for errors."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near(name: str, names: Iterable[str]) -> str:
    """Text that asks for the nearest of the names, " (do you mean 'Road'?)"; "" without one."""
    others = {each.lower(): each for each in names}
    found = get_close_matches(name.lower(), others, 1, 0.6)
    return f" (do you mean {others[found[0]]!r}?)" if found else ""
