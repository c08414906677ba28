"""Maps of procedural drives against the exact plan of their ground, things that move included."""

import pytest

from benchmarks.mapping import DRIFT, Way, measure


@pytest.mark.parametrize(
    ("world", "seed", "frames"),
    [
        ("street", 3, 8),
        pytest.param("street", 7, 40, marks=pytest.mark.slow),
        pytest.param("park", 5, 40, marks=pytest.mark.slow),
    ],
)
def test_free_cells_are_free_and_the_map_knows_more_than_a_frame(world, seed, frames):
    exact, drift = Way(), Way(drift=DRIFT)
    measure(world, seed, (exact, drift), frames, frames // 2)
    assert exact.free > 500 * exact.frames
    assert exact.right >= 99.9
    assert drift.right >= 99.5
    assert exact.known >= 1.2  # more on a longer drive, as the benchmark says
