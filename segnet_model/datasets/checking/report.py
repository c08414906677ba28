"""Result of a check, for people and for scripts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.datasets.checking.inspect import Inspection
from segnet_model.datasets.checking.problems import SEVERITIES, Problem, Severity
from segnet_model.labels import LabelSet


@dataclass(eq=False)
class SplitFacts:
    """Counts of a split; an image is labeled if it opens and its labels can be read.

    Attributes:
        images: files, whether or not they open.
        labeled: labeled ones of them.
        sizes: images by (height, width).
        examples: an image of each size.
        pixels: pixels of each id, (256,) int64.
        seen_in: images with each id, (256,) int64.
    """

    images: int = 0
    labeled: int = 0
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    examples: dict[tuple[int, int], Path] = field(default_factory=dict)
    pixels: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    seen_in: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))
    beside_ignored: np.ndarray = field(default_factory=lambda: np.zeros(256, np.int64))

    def add(self, seen: Inspection, ignored: int) -> None:
        """Count a pair; ignored is the ignored id."""
        self.images += seen.pair.image is not None
        if seen.size and seen.pair.image:
            self.sizes[seen.size] += 1
            self.examples.setdefault(seen.size, seen.pair.image)
        if seen.counts is not None:
            self.labeled += 1
            self.pixels += seen.counts
            self.seen_in += seen.counts > 0
            self.beside_ignored += (seen.counts > 0) & (seen.counts[ignored] > 0)

    def shares(self, label_set: LabelSet) -> np.ndarray:
        """Share of each class in the labeled pixels, (C,) float64; zeros without labels."""
        pixels = self.pixels[: label_set.num_classes]
        shares: np.ndarray = pixels / max(1, pixels.sum())
        return shares

    def ignored(self, label_set: LabelSet) -> float:
        """Share of ignored pixels."""
        return float(self.pixels[label_set.ignore_id] / max(1, self.pixels.sum()))

    def to_dict(self, label_set: LabelSet) -> dict[str, Any]:
        """Plain values for JSON."""
        names = label_set.names
        return {
            "images": self.images,
            "labelled": self.labeled,  # codespell:ignore labeled
            "sizes": {f"{w}x{h}": count for (h, w), count in self.sizes.items()},
            "pixels": dict(zip(names, self.pixels.tolist(), strict=False)),
            "share": dict(zip(names, self.shares(label_set).tolist(), strict=True)),
            "images_with": dict(zip(names, self.seen_in.tolist(), strict=False)),
            "ignored_pixels": int(self.pixels[label_set.ignore_id]),
        }


@dataclass(frozen=True, eq=False)
class DatasetReport:
    """Result of a check.

    Attributes:
        dataset: the folder.
        label_set: label set of the check.
        splits: by name.
        problems: sorted by severity, then kind, split and file.
    """

    dataset: Path
    label_set: LabelSet
    splits: dict[str, SplitFacts]
    problems: list[Problem]

    def count(self, severity: Severity) -> int:
        """Number of problems of a severity."""
        return sum(each.kind.severity == severity for each in self.problems)

    def name(self, path: Path) -> str:
        """A file's path within the data set."""
        return path.relative_to(self.dataset).as_posix()

    def to_dict(self) -> dict[str, Any]:
        """All values for JSON."""
        return {
            "dataset": str(self.dataset),
            "label_set": self.label_set.to_dict(),
            "splits": {name: each.to_dict(self.label_set) for name, each in self.splits.items()},
            "problems": [self._problem(each) for each in self.problems],
            **{f"{severity}s": self.count(severity) for severity in SEVERITIES},
        }

    def _problem(self, problem: Problem) -> dict[str, Any]:
        return {
            "severity": problem.kind.severity,
            "kind": problem.kind.name,
            "split": problem.split,
            "files": [self.name(path) for path in problem.files],
            "detail": problem.detail,
            "mend": problem.kind.mend,
        }
