"""Images that two splits share, which make validation look better than it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, takewhile
from pathlib import Path

import numpy as np

from segnet_model.datasets.checking import problems as kinds
from segnet_model.datasets.checking.inspect import Inspection
from segnet_model.datasets.checking.problems import Problem

# Root mean square difference of two thumbnails, 0 to 1. In CamVid two frames 1/15 s apart differ by
# 0.009 to 0.031, frames 1 s apart by 0.08 and more, and different streets by 0.08 to 0.2.
ALIKE = 0.03
MAX_STEPS = 10  # of a numbering, up to a number's neighbors
BLOCK_PAIRS = 1 << 22  # compared at once


def find_duplicates(splits: dict[str, list[Inspection]]) -> list[Problem]:
    """Find duplicates between every two splits, and within each."""
    opened = {name: [one for one in seen if one.size] for name, seen in splits.items()}
    found = [problem for name, seen in opened.items() for problem in _within(name, seen)]
    for first, second in combinations(opened, 2):
        found += _across(second, opened[first], opened[second])
        found += _between(first, second, *(_files(splits[name]) for name in (first, second)))
    return found


def _files(seen: list[Inspection]) -> list[Path]:
    return [one.pair.image for one in seen if one.pair.image]


def _within(split: str, seen: list[Inspection]) -> Iterator[Problem]:
    by_pixels: dict[bytes, list[Path]] = defaultdict(list)
    for one in seen:
        by_pixels[one.digest] += _files([one])
    for same in by_pixels.values():
        if len(same) > 1:
            yield Problem(kinds.SAME_WITHIN, split, tuple(same))


def _across(split: str, first: list[Inspection], second: list[Inspection]) -> Iterator[Problem]:
    """Images of the second split that are equal or similar to the nearest one of the first."""
    if not (first and second):
        return
    same = {one.digest: one for one in first}
    nearest, distances = _nearest(_thumbnails(second), _thumbnails(first))
    for one, index, distance in zip(second, nearest, distances, strict=True):
        if one.digest in same:
            yield Problem(kinds.SAME_ACROSS, split, tuple(_files([one, same[one.digest]])))
        elif distance < ALIKE:
            detail = f"they differ by {100 * distance:.1f} % from afar"
            yield Problem(kinds.ALIKE_ACROSS, split, tuple(_files([one, first[index]])), detail)


def _thumbnails(seen: list[Inspection]) -> np.ndarray:
    return np.array([one.thumbnail for one in seen])


def _nearest(thumbnails: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest of others (M, D) for each thumbnail (N, D): indices (N,) and RMS distances (N,).

    |a - b|^2 = |a|^2 + |b|^2 - 2ab needs one matrix product; 0.5 is subtracted first, so that
    little of a float32 is lost to cancellation.
    """
    others = others.astype(np.float32) - 0.5
    lengths = (others**2).sum(1)
    nearest, squares = [], []
    step = max(1, BLOCK_PAIRS // len(others))
    for start in range(0, len(thumbnails), step):
        some = thumbnails[start : start + step].astype(np.float32) - 0.5
        distances = (some**2).sum(1)[:, None] + lengths - 2 * some @ others.T
        nearest.append(distances.argmin(1))
        squares.append(distances.min(1).clip(0))
    return np.concatenate(nearest), np.sqrt(np.concatenate(squares) / thumbnails.shape[1])


def _between(
    first: str, second: str, trained: Sequence[Path], validated: Sequence[Path]
) -> Iterator[Problem]:
    """Images of the second split whose numbers lie between near ones of the first.

    A file's name is its recording, then its number. Where both splits have the same name, each
    has a numbering of its own, and nothing is compared.
    """
    ours, theirs = _by_recording(validated, second), _by_recording(trained, first)
    for recording in sorted(ours.keys() & theirs.keys()):
        numbers = np.array(sorted(theirs[recording]), object)
        if ours[recording].keys() & theirs[recording].keys() or len(numbers) < 3:
            continue
        reach = MAX_STEPS * float(np.median(np.diff(numbers).astype(float)))
        near = [
            path
            for number, path in sorted(ours[recording].items())
            if numbers[0] < number < numbers[-1] and _is_near(number, numbers, reach)
        ]
        if near:
            detail = f"{len(near)} of {second} lie between images of {first} by their numbers"
            yield Problem(kinds.BETWEEN, second, tuple(near), detail)


def _is_near(number: int, numbers: np.ndarray, reach: float) -> bool:
    after = int(np.searchsorted(numbers, number))
    return bool(numbers[after] - number <= reach and number - numbers[after - 1] <= reach)


def _by_recording(paths: Sequence[Path], split: str) -> dict[str, dict[int, Path]]:
    numbered: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in paths:
        match = re.fullmatch(r"(.*?)([0-9]+)", path.stem, re.DOTALL)
        if match:
            folders = takewhile(lambda name: name != split, (each.name for each in path.parents))
            numbered["/".join([*folders, match[1]])][int(match[2])] = path
    return numbered
