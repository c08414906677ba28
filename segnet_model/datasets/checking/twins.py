"""Images that two splits share, so that what is measured on one was taught by the other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from segnet_model.datasets.checking import problems as kinds
from segnet_model.datasets.checking.inspect import Inspection
from segnet_model.datasets.checking.problems import Problem

# Root mean square difference of two looks, 0 to 1. In CamVid two frames 1/15 s apart differ by
# 0.009 to 0.031, frames 1 s apart by 0.08 and more, and different streets by 0.08 to 0.2.
ALIKE = 0.03
STEPS = 10  # of a numbering, within which a number counts as between its neighbours
PAIRS_AT_ONCE = 1 << 22


def find_twins(splits: dict[str, list[Inspection]]) -> list[Problem]:
    """Problems of every two splits, and of each by itself; needs only what opened."""
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
    """Images of the second split whose like is in the first; each is held against its nearest."""
    if not (first and second):
        return
    same = {one.digest: one for one in first}
    nearest, distances = _nearest(_looks(second), _looks(first))
    for one, index, distance in zip(second, nearest, distances, strict=True):
        if one.digest in same:
            yield Problem(kinds.SAME_ACROSS, split, tuple(_files([one, same[one.digest]])))
        elif distance < ALIKE:
            detail = f"they differ by {100 * distance:.1f} % from afar"
            yield Problem(kinds.ALIKE_ACROSS, split, tuple(_files([one, first[index]])), detail)


def _looks(seen: list[Inspection]) -> np.ndarray:
    return np.array([one.look for one in seen])


def _nearest(looks: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of looks (N, D) the nearest of others (M, D): indices (N,) and RMS distances (N,).

    |a - b|^2 = |a|^2 + |b|^2 - 2ab lets one matrix product do it; 0.5 is taken away before, so that
    little of a float32 is lost to what cancels.
    """
    others = others.astype(np.float32) - 0.5
    lengths = (others**2).sum(1)
    nearest, squares = [], []
    step = max(1, PAIRS_AT_ONCE // len(others))
    for start in range(0, len(looks), step):
        some = looks[start : start + step].astype(np.float32) - 0.5
        distances = (some**2).sum(1)[:, None] + lengths - 2 * some @ others.T
        nearest.append(distances.argmin(1))
        squares.append(distances.min(1).clip(0))
    return np.concatenate(nearest), np.sqrt(np.concatenate(squares) / looks.shape[1])


def _between(
    first: str, second: str, taught: Sequence[Path], measured: Sequence[Path]
) -> Iterator[Problem]:
    """Images of the second split whose numbers lie between near ones of the first.

    A number stands at the end of a name, after what tells its recording. Names that both splits
    have are numbered anew in each, which says nothing.
    """
    ours, theirs = _by_recording(measured), _by_recording(taught)
    for recording in sorted(ours.keys() & theirs.keys()):
        numbers = np.array(sorted(theirs[recording]), object)
        if ours[recording].keys() & theirs[recording].keys() or len(numbers) < 3:
            continue
        reach = STEPS * float(np.median(np.diff(numbers).astype(float)))
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


def _by_recording(paths: Sequence[Path]) -> dict[str, dict[int, Path]]:
    numbered: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in paths:
        match = re.fullmatch(r"(.*?)([0-9]+)", path.stem, re.DOTALL)
        if match:
            numbered[match[1]][int(match[2])] = path
    return numbered
