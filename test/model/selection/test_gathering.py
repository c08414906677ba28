"""The selection of all recordings' frames, with a bounded pool, against the one of all at once."""

from __future__ import annotations

import numpy as np
import pytest

from segnet_model.selection import gathering
from segnet_model.selection.gathering import (
    Ranked,
    load_ranking,
    save_ranking,
    select_of_all,
    spread_val,
)
from segnet_model.selection.ranking import evenly_spaced, select
from segnet_model.selection.round import Pick
from segnet_model.selection.selecting import PickCandidate


def ranked(source, count, seed):
    """Frames with random looks, half a second apart, and a few for val."""
    rng = np.random.default_rng(seed)
    rows = []
    for index in range(count):
        pick = Pick("/camera", index, index, index / 2, float(rng.random() ** 3), source)
        look = (rng.integers(0, 256, (12, 16, 3)) / 255).astype(np.float32)
        rows.append(PickCandidate(str(index), pick.seconds, pick.score, look, pick))
    val = [Pick("/camera", 1000 + i, 1000 + i, 500.0 + i, 0.0, source) for i in range(count // 5)]
    return Ranked(rows, count, val)


@pytest.fixture(scope="module")
def recordings():
    return [ranked(f"/bag{number}", 50 + number, number) for number in range(30)]


def test_what_fits_into_the_pool_is_selected_as_if_at_once(recordings):
    every = [each for recording in recordings for each in recording.candidates]
    expected = [each.pick for each in select(every, 40)]
    assert select_of_all(recordings, 40) == expected
    existing = {pick.key for pick in expected[:10]}
    rest = [each for each in every if each.pick.key not in existing]
    assert select_of_all(recordings, 40, existing) == [each.pick for each in select(rest, 40)]


def test_a_small_pool_selects_nearly_as_well(recordings, monkeypatch):
    pools = []

    def counted(pool, *rest):
        pools.append(len(pool))
        return select(pool, *rest)

    monkeypatch.setattr(gathering, "POOL", 160)
    monkeypatch.setattr(gathering, "select", counted)
    found = select_of_all(recordings, 40)
    assert pools[-1] <= 160
    monkeypatch.undo()
    best = select_of_all(recordings, 40)
    assert len(set(found)) == 40
    assert sum(pick.score for pick in found) > 0.97 * sum(pick.score for pick in best)


def test_times_of_two_recordings_do_not_compare():
    """Two robots that drove at the same time lower each other's value by their looks alone."""
    frames = [ranked(name, 4, seed).candidates for seed, name in enumerate(("/a", "/b"))]
    first, second = frames[0][0], frames[1][0]  # at the same time, and quite unlike
    assert first.time == second.time
    chosen = select([*frames[0], *frames[1]], 8)
    assert {id(each) for each in chosen} == {id(each) for row in frames for each in row}
    pair = sorted((first, second), key=lambda each: -each.score)
    far = [PickCandidate("x", 1e6, 1e-6, pair[0].thumbnail, pair[0].pick)]
    assert select([*pair, *far], 2) == pair


def test_val_is_spread_over_all_recordings(recordings):
    totals = [len(each.val) for each in recordings]
    every = [pick for each in recordings for pick in each.val]
    loaded = []

    def loader(recording):
        def load():
            loaded.append(recording)
            return recording

        return load

    assert spread_val([*map(loader, recordings)], totals, 7) == evenly_spaced(every, 7)
    assert len(loaded) <= 7


def test_a_ranking_is_kept_exactly(tmp_path):
    made = ranked("/there", 30, 5)
    save_ranking(tmp_path / "ranking.npz", made)
    found = load_ranking((tmp_path / "ranking.npz").read_bytes(), "s3://here")
    assert found.total == 30
    for one, two in zip(made.candidates, found.candidates, strict=True):
        assert (one.name, one.time, one.score) == (two.name, two.time, two.score)
        assert np.array_equal(one.thumbnail, two.thumbnail)
        assert two.pick.key == ("s3://here", *one.pick.key[1:])
    assert [pick.key[1:] for pick in found.val] == [pick.key[1:] for pick in made.val]
