"""Conditions: how often each of them is drawn, and shadows of a low sun."""

import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.scenes import Conditions, draw_conditions
from segnet_model.scenes.weather.sky import draw_weather


def test_most_drives_are_ordinary_days_and_each_rare_condition_comes() -> None:
    drawn = [draw_conditions(seed) for seed in range(600)]
    share = {
        "dusk": np.mean([one.time == "dusk" for one in drawn]),
        "night": np.mean([one.time == "night" for one in drawn]),
        "fog": np.mean([one.sight < 120 for one in drawn]),
        "gray": np.mean([one.sensor.gray for one in drawn]),
        "exposure": np.mean([one.sensor.error > 0.5 for one in drawn]),
        "motion": np.mean([one.optics.motion > 0 for one in drawn]),
        "defocus": np.mean([one.optics.blur > 1 for one in drawn]),
        "snow": np.mean([one.snow > 0 for one in drawn]),
        "leaves": np.mean([one.leaves > 0 for one in drawn]),
        "rain": np.mean([one.rain for one in drawn]),
        "wet": np.mean([one.wet > 0 for one in drawn]),
        "drops": np.mean([one.optics.drops > 0 for one in drawn]),
        "dirt": np.mean([one.optics.dirt > 0 for one in drawn]),
        "sharpening": np.mean([one.sensor.sharpening > 0.7 for one in drawn]),
    }
    assert {name for name, each in share.items() if not 0.03 < each < 0.25} == set()
    ordinary = [one.time == "day" and one.sight > 120 and not one.sensor.gray for one in drawn]
    assert np.mean(ordinary) > 0.6
    qualities = [one.sensor.quality for one in drawn]
    assert min(qualities) < 35
    assert max(qualities) == 100


def test_a_seed_gives_the_same_conditions() -> None:
    assert draw_conditions(9) == draw_conditions(9)
    assert draw_conditions(9) != draw_conditions(10)
    with pytest.raises(SettingsError, match="seed -1 is negative"):
        draw_conditions(-1)


def test_rain_comes_from_clouds_and_wets_the_ground() -> None:
    for one in (draw_conditions(seed) for seed in range(200)):
        assert not one.rain or (one.sky == "overcast" and one.wet > 0 and one.sight <= 500)
        assert not one.snow or one.season == "winter"
        assert not one.leaves or one.season == "autumn"


def test_a_low_sun_throws_long_warm_shadows() -> None:
    for seed in range(12):
        noon = draw_weather(seed, Conditions())
        dusk = draw_weather(seed, Conditions(time="dusk"))
        assert np.linalg.norm(dusk.cast(1.0)) > max(2.5, float(np.linalg.norm(noon.cast(1.0))))
        red, _, blue = dusk.sun_tint
        assert red > blue * 1.5
