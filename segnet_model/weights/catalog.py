"""Catalog of the shipped weights: their metadata, and their use as the README beside them says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segnet_model.weights.checkpoint import read_info
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import FOLDER, find_weights, shipped_names

README = FOLDER / "README.md"


@dataclass(frozen=True)
class ShippedWeights:
    """One of them."""

    name: str
    path: Path
    info: ModelInfo
    use: str  # one sentence for people; empty where the README has none
    not_for: str


def shipped_weights() -> list[ShippedWeights]:
    """All shipped weights, by name."""
    text = README.read_text(encoding="utf-8") if README.is_file() else ""
    return [_entry(name, text.partition(f"## {name}\n")[2]) for name in shipped_names()]


def _entry(name: str, text: str) -> ShippedWeights:
    path, section = find_weights(name), text.partition("\n## ")[0]
    use, not_for = _row(section, "use"), _row(section, "not for")
    return ShippedWeights(name, path, read_info(path), use, not_for)


def _row(section: str, title: str) -> str:
    """A row of the table in the section of some weights, as plain text."""
    rows = (line.strip("|").split("|") for line in section.splitlines() if line.startswith("|"))
    found = (cells[1].strip() for cells in rows if cells[0].strip() == title and len(cells) == 2)
    return next(found, "").replace("`", "").replace("**", "")
