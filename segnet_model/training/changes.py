"""Changes of settings between a saved run and the one that goes on from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def changes(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Each value that differs, as "epochs 60 -> 30"; those of a table one by one."""
    found = []
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if isinstance(old, dict) or isinstance(new, dict):
            inner = "" if name == "augment" else f"{name} "  # its values are options themselves
            found += changes(old or {}, new or {}, inner)
        elif old != new:
            found.append(f"{prefix}{name} {_shown(old)} -> {_shown(new)}")
    return found


def _shown(value: Any) -> str:
    """A value as it is given on the command line."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "none" if value is None else str(value)
