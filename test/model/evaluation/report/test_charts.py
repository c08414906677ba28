import pytest

from segnet_model.evaluation.report.charts import HEIGHT, WIDTH, Chart, charts

NETWORK = {
    "ece": 0.1,
    "auroc": {"entropy": 0.9, "variance": None},
    "reliability": {
        "bin": [0.5, 29 / 30], "confidence": [0.5, 0.95], "accuracy": [0.25, 1.0],
        "pixels": [100, 300],
    },
    "surest": {"share": [0.5, 1.0], "entropy": [1.0, 0.92], "variance": [0.98, None]},
    "miou_by_samples": {},
}  # fmt: skip


def test_values_lie_where_the_axes_say():
    chart = Chart("", "", "", "", (0, 100), (50, 100))
    assert chart.at(0, 50) == (0, HEIGHT)
    assert chart.at(100, 100) == (WIDTH, 0)
    assert chart.at(25, 75) == (WIDTH / 4, HEIGHT / 2)
    assert chart.x_ticks[0] == (0, "0")
    assert [text for _, text in chart.y_ticks] == ["50", "60", "70", "80", "90", "100"]
    odd = Chart("", "", "", "", (0, 100), (65, 100))
    assert [text for _, text in odd.y_ticks] == ["70", "80", "90", "100"]


def test_reliability_has_a_dot_and_a_bar_for_each_bin():
    reliability = charts([NETWORK])[0]
    assert reliability.diagonal
    (line,) = reliability.lines
    assert line.points == ((WIDTH / 2, 0.75 * HEIGHT), (0.95 * WIDTH, 0))
    assert [bar.height for bar in reliability.bars] == [HEIGHT / 4, 0.75 * HEIGHT]
    assert reliability.bars[0].x + reliability.bars[0].width / 2 == pytest.approx(
        WIDTH / 2, abs=0.1
    )


def test_each_doubt_has_its_curve_and_what_is_unknown_is_left_out():
    surest = charts([NETWORK])[1]
    entropy, variance = surest.lines
    assert surest.y == (90, 100)
    assert entropy.points == ((WIDTH / 2, 0), (WIDTH, 0.8 * HEIGHT))
    assert variance.points == ((WIDTH / 2, pytest.approx(0.2 * HEIGHT)),)
    assert (entropy.label, variance.label) == ("entropy, AUROC 0.900", "variance, AUROC -")
    assert entropy.dash != variance.dash


def test_bars_of_two_networks_do_not_hide_each_other():
    first, second = (
        [bar for bar in charts([NETWORK] * 2)[0].bars if bar.network == n] for n in (0, 1)
    )
    for one, other in zip(first, second, strict=True):
        assert one.x + one.width <= other.x + 0.2


def test_samples_have_a_chart_only_where_they_were_measured():
    assert len(charts([NETWORK])) == 2
    measured = {**NETWORK, "miou_by_samples": {"1": 0.5, "10": 0.7}}
    samples = charts([measured])[2]
    assert samples.x == (0, 10)
    assert samples.lines[0].points == (samples.at(1, 50), samples.at(10, 70))
