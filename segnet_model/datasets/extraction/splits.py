"""Which images are for training and which for validation: by stretches of time, never one by one.

Neighbours in time look alike, so that a split image by image would measure what was learned by
heart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import floor

from segnet_model.base.errors import SettingsError

SPLITS = ("train", "val")
Rule = Callable[[int], str | None]  # nanoseconds of a reception to a split; None: left out


def by_time(start_ns: int, end_ns: int, val: float, gap_ns: int = 0) -> Rule:
    """The last part of a recording is for validation.

    Args:
        start_ns: when the recording begins.
        end_ns: when it ends.
        val: share of the time that is for validation, 0 to 1.
        gap_ns: length of what is left out between the two parts.
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


def usual_gap(start_ns: int, end_ns: int, val: float, most_ns: int) -> int:
    """Nanoseconds to leave out between the two parts of `by_time`.

    At most as many as the shorter part has, which then keeps half of its own.
    """
    return min(most_ns, round((end_ns - start_ns) * min(val, 1 - val)))


def by_blocks(start_ns: int, block_ns: int, val: float, gap_ns: int = 0) -> Rule:
    """Blocks of time that are spread evenly over a recording are for validation.

    Where a block ends does not depend on the recording's end, so that it may grow.

    Args:
        start_ns: when the recording, and with it the first block, begins.
        block_ns: length of a block.
        val: share of the blocks that are for validation, 0 to 1.
        gap_ns: length of what is left out where two blocks of different splits meet.
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


def all_to(split: str) -> Rule:
    """A whole recording is for one split."""
    return lambda _: split


def split_recordings(
    lengths: Sequence[float], val: float, known: Mapping[int, str] | None = None
) -> list[str]:
    """Choose the recordings for validation whose length is nearest to the share that is asked for.

    Each split gets a recording at least, unless its share is zero.

    Args:
        lengths: of the recordings, in any unit.
        val: share of the whole length that is for validation, 0 to 1.
        known: splits of those recordings, by their index, that have one already.

    Returns:
        "train" or "val" for each recording.

    Raises:
        SettingsError: there are fewer than two recordings, or the known ones leave no choice.
    """
    known = known or {}
    if len(lengths) < 2:
        raise SettingsError("split bag puts whole bags to val; give 2 or more, or split by time")
    # In thousandths, so that many recordings are chosen from in no time.
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


class Neighbours:
    """The times of a recording's images that are in the data set already.

    They keep images of a later run, with other settings or of a bag that has grown since, from
    coming into the other split beside them.
    """

    def __init__(self, times: Iterable[tuple[int, str]], apart_ns: int) -> None:
        """Remember when which split has an image; `apart_ns` is how near is too near."""
        self._apart = apart_ns
        self._times: dict[str, list[int]] = {split: [] for split in SPLITS}
        for time, split in sorted(times):
            self._times[split].append(time)

    @property
    def splits(self) -> list[str]:
        """The splits that have an image."""
        return [split for split in SPLITS if self._times[split]]

    def keep_apart(self, rule: Rule) -> Rule:
        """The rule, less what would come too near to an image of the other split.

        Where the rule agrees with all that is there, as on resuming, it needs no such care.
        """
        if all(rule(time) == split for split in SPLITS for time in self._times[split]):
            return rule

        def stricter(time_ns: int) -> str | None:
            split = rule(time_ns)
            return None if split is None or self.are_beside(time_ns, split) else split

        return stricter

    def are_beside(self, time_ns: int, split: str) -> bool:
        """Whether an image of this time and split would come too near to one of the other split."""
        times = self._times["train" if split == "val" else "val"]
        index = bisect_left(times, time_ns)
        near = times[max(0, index - 1) : index + 1]
        return any(abs(time_ns - each) < self._apart for each in near)
