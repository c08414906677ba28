"""Labels that an import replaces and segnet did not write: they may be hours of work."""

from __future__ import annotations

from collections import Counter
from itertools import count
from pathlib import Path

from segnet_model.base.marks import is_marked

FOLDER = ".replaced"  # in the data set


class Replaced:
    """Keeper of replaced labels.

    Attributes:
        notes: how many were kept, for people.
    """

    def __init__(self, dataset: Path) -> None:
        """Keep the labels in a hidden folder of a data set."""
        self._folder = dataset / FOLDER
        self.notes: Counter[str] = Counter()

    def keep(self, path: Path) -> None:
        """Move a label file to the folder, unless segnet wrote it and nobody has changed it."""
        if is_marked(path):
            return
        folder = self._folder / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        names = (f"{path.stem}{'' if n == 1 else f'_{n}'}{path.suffix}" for n in count(1))
        path.replace(next(folder / name for name in names if not (folder / name).exists()))
        self.notes[f"replaced labels that segnet did not write are kept in {self._folder}"] += 1
