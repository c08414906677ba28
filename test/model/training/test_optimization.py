"""Schedules of the learning rate."""

import pytest

from segnet_model.training.optimization import SCHEDULES, learning_rate_factor


def test_schedules_rise_and_fall_as_published():
    for name in ("cosine", "poly", "one_cycle"):
        rates = [learning_rate_factor(name, 0.1, step, 1000) for step in range(1000)]
        assert max(rates) <= 1
        assert rates[-1] < 0.01
    assert learning_rate_factor("cosine", 0.0, 501, 1001) == pytest.approx(0.5)
    assert learning_rate_factor("poly", 0.0, 501, 1001) == pytest.approx(0.5**0.9)
    assert learning_rate_factor("constant", 0.2, 100, 1000) == pytest.approx(101 / 200)
    assert learning_rate_factor("constant", 0.2, 999, 1000) == 1
    cycle = [SCHEDULES["one_cycle"](done) for done in (0, 0.3, 1)]
    assert cycle == pytest.approx([0.04, 1, 0])
