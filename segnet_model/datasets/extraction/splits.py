"""Rules that split images into train and val by time, never image by image.

Neighbors in time look alike: after a random split, validation would measure memorized images.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import floor

from segnet_model.base.errors import SettingsError

SPLITS = ("train", "val")
SplitRule = Callable[[int], str | None]  # time of reception in ns to a split; None skips


def by_time(start_ns: int, end_ns: int, val: float, gap_ns: int = 0) -> SplitRule:
    """Split off the last part of a recording for validation.

    Args:
        start_ns: when the recording begins.
        end_ns: when it ends.
        val: share of the time that is for validation, 0 to 1.
        gap_ns: length of the gap between the two parts.
    """
    span = max(1, end_ns - start_ns)
    both = 0 < val < 1

    def rule(time_ns: int) -> str | None:
        if not both:
            return "val" if val else "train"
        share = (time_ns - start_ns) / span
        if abs(share - (1 - val)) < gap_ns / 2 / span:
            return None
        return "val" if share >= 1 - val else "train"

    return rule


def fitting_gap(start_ns: int, end_ns: int, val: float, most_ns: int) -> int:
    """Length of the gap of `by_time`: most_ns, or less so that the shorter part keeps half."""
    return min(most_ns, round((end_ns - start_ns) * min(val, 1 - val)))


def by_blocks(start_ns: int, block_ns: int, val: float, gap_ns: int = 0) -> SplitRule:
    """Split off evenly spread blocks of time for validation.

    The blocks do not depend on the recording's end, so that it may grow.

    Args:
        start_ns: when the recording, and with it the first block, begins.
        block_ns: length of a block.
        val: share of the blocks that are for validation, 0 to 1.
        gap_ns: length of the gap between two blocks of different splits.
    """

    def split_of(block: int) -> str:
        new = floor((block + 1) * val + 0.5) > floor(block * val + 0.5)
        return "val" if new else "train"

    def rule(time_ns: int) -> str | None:
        block, inside = divmod(time_ns - start_ns, block_ns)
        split = split_of(block)
        if inside < gap_ns / 2 and block > 0 and split_of(block - 1) != split:
            return None
        if block_ns - inside <= gap_ns / 2 and split_of(block + 1) != split:
            return None
        return split

    return rule


def all_to(split: str) -> SplitRule:
    """Assign a whole recording to one split."""
    return lambda _: split


def assign_recordings(
    lengths: Sequence[float], val: float, known: Mapping[int, str] | None = None
) -> list[str]:
    """Assign whole recordings to splits, so that val is as near as possible to its share.

    Each split gets at least one recording, unless its share is zero.

    Args:
        lengths: lengths of the recordings, in any unit.
        val: share of the whole length that is for validation, 0 to 1.
        known: splits that are fixed already, by the recording's index.

    Returns:
        "train" or "val" for each recording.

    Raises:
        SettingsError: there are fewer than two recordings, or the known ones leave no choice.
    """
    known = known or {}
    if len(lengths) < 2:
        raise SettingsError("split bag puts whole bags to val; give 2 or more, or split by time")
    # Rounded to thousandths, which bounds the number of sums.
    parts = [max(1, round(1000 * length / max(sum(lengths), 1e-9))) for length in lengths]
    chosen: dict[tuple[int, int], tuple[int, ...]] = {(0, 0): ()}  # by length and number
    for index, part in enumerate(parts):
        with_it = {(s + part, n + 1): (*c, index) for (s, n), c in chosen.items()}
        split = known.get(index)
        if split == "val":
            chosen = with_it
        elif split is None:
            chosen = {**with_it, **chosen}
    return _nearest(chosen, parts, val)


def _nearest(
    chosen: Mapping[tuple[int, int], tuple[int, ...]], parts: Sequence[int], val: float
) -> list[str]:
    fewest = 0 if val == 0 else 1
    most = len(parts) - (0 if val == 1 else 1)
    possible = [key for key in chosen if fewest <= key[1] <= most]
    if not possible:
        raise SettingsError(
            "all bags are in one split of the data set already; give another bag, or make a new "
            "data set"
        )
    best = min(possible, key=lambda key: abs(key[0] - val * sum(parts)))
    return ["val" if index in chosen[best] else "train" for index in range(len(parts))]


class Neighbors:
    """Times of a recording's images in the data set.

    They keep a later run, with other settings or of a bag that has grown, from putting images next
    to them into the other split.
    """

    def __init__(self, times: Iterable[tuple[int, str]], apart_ns: int) -> None:
        """Set (time, split) pairs, and the minimum distance to the other split."""
        self._apart = apart_ns
        self._times: dict[str, list[int]] = {split: [] for split in SPLITS}
        for time, split in sorted(times):
            self._times[split].append(time)

    @property
    def splits(self) -> list[str]:
        """The splits that have images."""
        return [split for split in SPLITS if self._times[split]]

    def keep_apart(self, rule: SplitRule) -> SplitRule:
        """Make a rule that skips times too near to an image of the other split.

        A rule that agrees with all existing images, as on resuming, is returned unchanged.
        """
        if all(rule(time) == split for split in SPLITS for time in self._times[split]):
            return rule

        def stricter(time_ns: int) -> str | None:
            split = rule(time_ns)
            return None if split is None or self.is_too_near(time_ns, split) else split

        return stricter

    def is_too_near(self, time_ns: int, split: str) -> bool:
        """Whether an image of this time and split is too near to one of the other split."""
        times = self._times["train" if split == "val" else "val"]
        index = bisect_left(times, time_ns)
        near = times[max(0, index - 1) : index + 1]
        return any(abs(time_ns - each) < self._apart for each in near)
