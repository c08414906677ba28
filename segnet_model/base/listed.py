"""The first of many names, in a line for people."""

from __future__ import annotations

from collections.abc import Iterable

MAX_NAMED = 5  # ids, colors or files in one line


def join_first(names: Iterable[str], most: int = MAX_NAMED) -> str:
    """Join the first names, and the number of further ones."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
