"""Scores in the metadata of weights: of rare features, and of strange places."""

import dataclasses
import json

import pytest

from segnet_model.base.errors import WeightsError
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.features import FeatureScore
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.place import PlaceScore

EVEN = (0.0, 0.25, 0.5, 0.75, 1.0)
SCORES = {
    "features": FeatureScore(
        matrix=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), offset=(0.3, -0.1, 2.0),
        entropy_scale=EVEN, distance_scale=EVEN, scale=EVEN, images=9,
    ),
    "place": PlaceScore(
        mean=(0.3, -0.1, 2.0, 0.0, 1.0, 5.0), deviation=(0.5, 1.0, 2.0, 0.7, 0.9, 1.5), bound=2.5,
        images=50,
    ),
}  # fmt: skip
STRANGE = {
    "features": [
        {"matrix": ()}, {"matrix": ((1.0, 2.0), (3.0,))}, {"offset": (1.0,)},
        {"matrix": ((float("nan"),) * 3,) * 3}, {"offset": (float("inf"), 0.0, 0.0)},
        {"offset": (1e7, 0.0, 0.0)}, {"offset": ("1", "2", "3")}, {"offset": (True, 0.0, 0.0)},
        {"matrix": ((1.0,) * 3,) * 4}, {"matrix": ((0.0,) * 2000,) * 3},
        {"scale": (0.0, 1.0)}, {"scale": EVEN[::-1]}, {"entropy_scale": (0.0,) * 5},
        {"distance_scale": (0.0, 1.0, 2.0, 3.0, float("nan"))},
        {"images": 0}, {"images": 1.5}, {"matrix": 5}, {"scale": None},
        {"matrix": ((10**400,) * 3,) * 3},
    ],
    "place": [
        {"mean": ()}, {"mean": (1.0,)}, {"mean": ("1",) * 6}, {"mean": (True,) * 6}, {"mean": 5},
        {"mean": (float("nan"),) * 6}, {"mean": (1e7,) * 6}, {"deviation": (0.0,) * 6},
        {"deviation": (-1.0,) * 6}, {"deviation": None}, {"bound": 0}, {"bound": float("inf")},
        {"bound": "2"}, {"images": 0}, {"images": 1.5}, {"mean": (10**400,) * 6}, {"more": 1},
        {"mean": (0.0,) * 5000, "deviation": (1.0,) * 5000},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "changed"),
    [(kind, changed) for kind, rows in STRANGE.items() for changed in rows],
    ids=lambda value: str(value)[:40],
)
def test_strange_scores_are_refused(small_info, kind, changed):
    good = dataclasses.replace(small_info, **{kind: SCORES[kind]}).to_json()
    assert ModelInfo.from_json(good)
    values = json.loads(good)
    values[kind] |= changed
    text = json.dumps(values)
    with pytest.raises(WeightsError):
        ModelInfo.from_json(text)


def test_an_older_file_with_the_place_in_its_feature_score_is_read(small_info):
    info = dataclasses.replace(small_info, features=SCORES["features"])
    values = json.loads(info.to_json())
    values["features"] |= {"place": 0.1, "place_bound": 0.2}
    assert ModelInfo.from_json(json.dumps(values)) == info


@pytest.mark.parametrize("kind", SCORES)
def test_a_score_is_kept_and_older_files_have_none(small_info, tmp_path, kind):
    info = dataclasses.replace(small_info, **{kind: SCORES[kind]})
    assert ModelInfo.from_json(info.to_json()) == info
    assert getattr(ModelInfo.from_json(small_info.to_json()), kind) is None
    assert kind not in json.loads(small_info.to_json())
    save_weights(tmp_path / "w.safetensors", info.build(), info)
    assert getattr(load_weights(tmp_path / "w.safetensors")[1], kind) == SCORES[kind]
