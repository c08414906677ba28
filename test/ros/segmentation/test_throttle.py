import pytest

from segnet_ros.segmentation.throttle import Throttle


def passed(times, rate):
    throttle = Throttle()
    return [time for time in times if throttle.passes(time, rate)]


@pytest.mark.parametrize(("rate", "share"), [(10.0, 1 / 3), (15.0, 1 / 2), (20.0, 2 / 3)])
def test_a_steady_camera_is_thinned_to_the_rate(rate, share):
    times = [n / 30 for n in range(300)]
    assert len(passed(times, rate)) == pytest.approx(300 * share, abs=2)


def test_zero_lets_all_pass_and_so_does_a_rate_above_the_cameras():
    times = [n / 30 for n in range(30)]
    assert passed(times, 0.0) == times
    assert passed(times, 31.0) == times


def test_a_pause_is_not_caught_up():
    assert passed([0, 10, 10.1, 10.2, 10.3, 11], 1.0) == [0, 10, 11]


def test_a_camera_with_jitter_keeps_its_rate():
    times = [n / 10 + (0.02 if n % 2 else 0) for n in range(100)]
    assert len(passed(times, 10.0)) == 100


def test_a_new_rate_applies_at_once():
    throttle = Throttle()
    assert throttle.passes(0.0, 0.01)
    assert not throttle.passes(1.0, 0.01)
    assert [time for time in range(2, 6) if throttle.passes(time, 1.0)] == [2, 3, 4, 5]
    assert throttle.passes(6.0, 0.01)
    assert not throttle.passes(7.0, 0.01)
