"""The selection of frames of many recordings, which are ranked one by one.

Each recording's ranking is kept in a file. The best of all are found in one pass over these files
with a pool of bounded size, by the greedy selection of greedy selections (Mirzasoleiman et al.,
"Distributed Submodular Maximization", NIPS 2013, algorithm 2). Where all candidates fit into the
pool, the result is the selection of all at once.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np

from segnet_model.datasets.folder import spread
from segnet_model.datasets.sources import Key
from segnet_model.selection.ranking import select, select_valued
from segnet_model.selection.round import Pick, pick_of
from segnet_model.selection.selecting import PickCandidate, Ranking

MOST_RANKED = 1000  # candidates that are kept of a recording
POOL = 4000  # candidates in memory; at least four times those to select
LEVELS = 255  # of a thumbnail's pixel, which is made of eight bits


@dataclass(frozen=True, eq=False)
class Ranked:
    """The ranking of one recording.

    Attributes:
        candidates: frames for train, the best `MOST_RANKED`.
        total: number of frames that could be selected.
        val: frames of the recording's part for val.
    """

    candidates: Sequence[PickCandidate]
    total: int
    val: Sequence[Pick]


def ranked_of(ranking: Ranking) -> Ranked:
    """What is kept of a ranking."""
    kept: Sequence[PickCandidate] = ranking.candidates
    if len(kept) > MOST_RANKED:
        kept = select(kept, MOST_RANKED)
    return Ranked(kept, len(ranking.candidates), ranking.val)


def save_ranking(file: Path, ranked: Ranked) -> None:
    """Write a recording's ranking; OSError where that fails."""
    kept = ranked.candidates
    thumbnails = np.array([each.thumbnail for each in kept], np.float32)
    np.savez_compressed(
        file,
        names=np.array([each.name for each in kept], str),
        picks=_rows([each.pick for each in kept]),
        val=_rows(ranked.val),
        thumbnails=(thumbnails * LEVELS).round().astype(np.uint8),
        total=np.array(ranked.total),
    )


def load_ranking(data: bytes, source: str) -> Ranked:
    """Read a recording's ranking.

    Args:
        data: the file.
        source: the recording's address, for its picks.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        picks = [replace(pick_of(*row), source=source) for row in file["picks"]]
        val = [replace(pick_of(*row), source=source) for row in file["val"]]
        thumbnails = np.asarray(file["thumbnails"], np.float32) / LEVELS
        rows = zip(file["names"], picks, thumbnails, strict=True)
        candidates = [
            PickCandidate(str(name), pick.seconds, pick.score, thumbnail, pick)
            for name, pick, thumbnail in rows
        ]
        return Ranked(candidates, int(file["total"]), val)


def select_of_all(
    rankings: Iterable[Ranked],
    count: int,
    existing: Collection[Key] = (),
    known: Sequence[np.ndarray] = (),
) -> list[Pick]:
    """Select frames of all recordings, the best first.

    Args:
        rankings: read one after the other.
        count: number of frames to select.
        existing: frames that are not candidates, since they are in the data set.
        known: thumbnails of its images, (12, 16, 3).
    """
    most, floor = max(POOL, 4 * count), 0.0
    pool: list[PickCandidate] = []
    for ranked in rankings:
        # Below the floor, a candidate's score is less than the value of each that was kept.
        new = (each for each in ranked.candidates if each.score >= floor)
        pool += [each for each in new if each.pick.key not in existing]
        while len(pool) > most:
            valued = select_valued(pool, max(most // 4, 2 * count), known)
            pool, floor = [each for each, _ in valued], valued[-1][1]
    return [each.pick for each in select(pool, count, known)]


def spread_val(
    rankings: Sequence[Callable[[], Ranked]],
    totals: Sequence[int],
    count: int,
    existing: Collection[Key] = (),
) -> list[Pick]:
    """Frames for val, evenly spaced over the parts for val of all recordings.

    Args:
        rankings: read those that have a frame to select.
        totals: number of frames for val of each of them.
        count: number of frames to select.
        existing: frames that are in the data set already, and count.
    """
    wanted, before = spread(count, sum(totals)), 0
    found: list[Pick] = []
    for load, total in zip(rankings, totals, strict=True):
        if places := [index - before for index in wanted if 0 <= index - before < total]:
            val = load().val
            found += [val[place] for place in places]
        before += total
    return [pick for pick in found if pick.key not in existing]


def _rows(picks: Sequence[Pick]) -> np.ndarray:
    """Text (n, 5): topic, stamp, reception, seconds, score."""
    rows = [[str(value) for value in astuple(pick)[:5]] for pick in picks]
    return np.array(rows, str).reshape(len(rows), 5)
