"""Schedules of the learning rate."""

import pytest

from segnet_model.training.optimization import SCHEDULES, share_of_highest


def test_schedules_rise_and_fall_as_published():
    for name in ("cosine", "poly", "one_cycle"):
        rates = [share_of_highest(name, 0.1, step, 1000) for step in range(1000)]
        assert max(rates) <= 1
        assert rates[-1] < 0.01
    assert share_of_highest("cosine", 0.0, 501, 1001) == pytest.approx(0.5)
    assert share_of_highest("poly", 0.0, 501, 1001) == pytest.approx(0.5**0.9)
    assert share_of_highest("constant", 0.2, 100, 1000) == pytest.approx(101 / 200)
    assert share_of_highest("constant", 0.2, 999, 1000) == 1
    cycle = [SCHEDULES["one_cycle"](done) for done in (0, 0.3, 1)]
    assert cycle == pytest.approx([0.04, 1, 0])
