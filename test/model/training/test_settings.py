"""How to train: values that are refused, and the form that is stored."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import Any

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import from_plain, options_of
from segnet_model.training.augment_settings import AugmentSettings
from segnet_model.training.defaults import decided
from segnet_model.training.settings import TrainSettings

OPTIONS = options_of(TrainSettings)
# As weights and training states of before the table hold them.
STORED = {
    "network": None, "network_settings": {}, "input_size": None, "crop_size": None, "labels": None,
    "epochs": 60, "batch_size": 8, "optimizer": "adamw", "learning_rate": 0.002,
    "schedule": "cosine", "warm_up": 0.05, "momentum": 0.9, "weight_decay": 0.01,
    "precision": "auto", "activation": "softmax", "loss": "cross_entropy",
    "weighting": "median_frequency", "supervision": 0.0, "balance": 0.5, "clip_norm": 5.0,
    "average": 0.999, "statistics_images": 100, "patience": 0, "encoder": None, "init": None,
    "augment": {
        "flip": 0.5, "scale_min": 0.75, "scale_max": 1.5, "brightness": 0.3, "contrast": 0.3,
        "saturation": 0.3, "hue": 0.05, "rotate": 0.0, "blur": 0.0, "noise": 0.0,
    },
    "seed": 0, "evaluate_every": 10, "license": "unknown",
}  # fmt: skip


def test_the_stored_form_is_that_of_old_training_states():
    newer = {
        "map_to": None,
        "class_map": None,
        "unlabeled": 0.0,
        "keep": None,
        "keep_weight": 3.0,
    }  # a state without them was of these defaults
    settings = decided(TrainSettings(init="none"), images=400)
    assert settings.shaping() == {**STORED, **newer}


def _beyond(limits: tuple[float, float], whole: bool) -> list[float]:
    """Values next to the limits, outside, and no number."""
    low, high = limits
    if whole:
        return [low - 1, high + 1]
    ends = [math.nextafter(low, -math.inf), math.nextafter(high, math.inf)]
    return [*(end for end in ends if end not in limits), math.nan, math.inf, -math.inf]


BAD = [
    *(
        (name, value)
        for name, each in OPTIONS.items()
        if each.limits
        for value in _beyond(each.limits, isinstance(each.default, int))
    ),
    *((name, "nonsense") for name, each in OPTIONS.items() if each.choices),
    *((name, size) for name in ("input_size", "crop_size") for size in [(31, 64), (64, 31), (64,)]),
    ("network_settings", ("features",)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}\b"):
        from_plain(TrainSettings, {name: value})


@pytest.mark.parametrize(
    ("name", "end"),
    [
        (name, end)
        for name, each in OPTIONS.items()
        for end in each.limits or ()
        if math.isfinite(end)  # those without an end: below
    ],
)
def test_the_limits_themselves_are_taken(name: str, end: float) -> None:
    others = {"scale_min": {"scale_max": 8.0}, "scale_max": {"scale_min": end},
              "evaluate_every": {"patience": 0}, "momentum": {"optimizer": "sgd"},
              "keep_weight": {"keep": "x"}}  # fmt: skip
    patience = {"evaluate_every": 1} if name == "patience" else {}
    from_plain(TrainSettings, {**others.get(name, {}), **patience, name: end})


ENDLESS = [name for name, each in OPTIONS.items() if each.limits and each.limits[1] == math.inf]


@pytest.mark.parametrize("name", ENDLESS)
def test_without_an_upper_limit_any_finite_number_is_taken(name: str) -> None:
    most = sys.float_info.max
    assert getattr(from_plain(TrainSettings, {name: most}), name) == most
    with pytest.raises(SettingsError, match=rf"^{name} is inf; give {OPTIONS[name].range}$"):
        from_plain(TrainSettings, {name: math.inf})


def test_the_options_without_an_upper_limit():
    assert set(ENDLESS) == {"learning_rate", "clip_norm", "save_every_s"}


def test_values_that_contradict_each_other_are_refused():
    with pytest.raises(SettingsError, match="patience 5 is shorter than the 10 epochs.*lower"):
        TrainSettings(patience=5)
    with pytest.raises(SettingsError, match="scale from 1.0 to 0.5; give 0 < MIN <= MAX <= 8"):
        AugmentSettings(scale_min=1.0, scale_max=0.5)
    with pytest.raises(SettingsError, match="input_size 3000x3000 has 9000000 pixels"):
        replace(TrainSettings(), input_size=(3000, 3000))
