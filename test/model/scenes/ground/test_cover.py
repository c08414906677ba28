"""Seasons: snow and leaves on the ground of streets, and bare trees."""

from dataclasses import replace

import numpy as np
import pytest

from segnet_model.scenes import Camera, Conditions, Drive, SceneFrame
from segnet_model.scenes.drawing.sketch import CLEAR
from segnet_model.scenes.materials.coverings import draw_coverings
from segnet_model.scenes.plants.trees import draw_tree_kinds
from segnet_model.scenes.weather.conditions import Sensor
from segnet_model.scenes.weather.sky import draw_weather

CAMERA = Camera(width=160, height=120, fx=120.0, fy=120.0, cx=79.5, cy=59.5)
NOON = Conditions(sky="overcast", sensor=Sensor(noise=1e-4, contrast=0.0, saturation=1.0))
ROAD, PAVEMENT, GRASS, ROUGH = 3, 4, 13, 14


def frame(world: str, **change: object) -> SceneFrame:
    conditions = replace(NOON, **change)  # type: ignore[arg-type]
    return Drive(3, CAMERA, world=world, conditions=conditions).frame(4)


def test_snow_is_bright_and_has_no_color() -> None:
    bare = frame("street", season="winter")
    snow = frame("street", season="winter", snow=1.0)
    ground = bare.labels == PAVEMENT
    np.testing.assert_array_equal(bare.labels, snow.labels)
    wall = bare.labels == 1
    ratio = [one.image[ground].mean() / one.image[wall].mean() for one in (bare, snow)]
    assert ratio[1] > 1.25 * ratio[0]
    assert np.ptp(snow.image[ground].mean(axis=0)) < 25


def test_grass_under_deep_snow_is_rough_ground() -> None:
    bare, snow = (frame("suburb", season="winter", snow=depth) for depth in (0.0, 1.0))
    grass = bare.labels == GRASS
    assert grass.mean() > 0.02
    assert (snow.labels[grass] == ROUGH).mean() > 0.9
    np.testing.assert_array_equal(snow.labels == ROAD, bare.labels == ROAD)


def test_leaves_color_the_pavement_and_keep_the_labels() -> None:
    bare, leaves = (frame("street", season="autumn", leaves=share) for share in (0.0, 0.9))
    np.testing.assert_array_equal(bare.labels, leaves.labels)
    red, green, blue = leaves.image[bare.labels == PAVEMENT].mean(axis=0) - bare.image[
        bare.labels == PAVEMENT
    ].mean(axis=0)
    assert red - blue > 8
    assert red > green > blue


@pytest.mark.parametrize(("season", "low", "high"), [("summer", 0.25, 1.0), ("winter", 0.0, 0.6)])
def test_winter_trees_are_bare(season: str, low: float, high: float) -> None:
    weather = draw_weather(3, Conditions(season=season))
    kinds = draw_tree_kinds(3, weather, draw_coverings(3, None))
    filled = np.mean([(kind.texture.labels != CLEAR).mean() for kind in kinds])
    assert low < filled < high


def test_trees_take_the_colors_of_the_season() -> None:
    tint = {}
    for season in ("spring", "summer", "autumn"):
        kinds = draw_tree_kinds(
            3, draw_weather(3, Conditions(season=season)), draw_coverings(3, None)
        )
        leaf = np.concatenate([one.texture.rgb[one.texture.labels != CLEAR] for one in kinds])
        red, green, _ = leaf.mean(axis=0)
        tint[season] = red / green
    assert tint["summer"] < 1 < tint["autumn"]
