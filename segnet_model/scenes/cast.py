"""The pictures that one drive draws once and shows many times."""

from dataclasses import dataclass

from segnet_model.scenes.cars import CarKind, draw_car_kinds
from segnet_model.scenes.people import Rider, Walker, draw_riders, draw_walkers
from segnet_model.scenes.trees import TreeKind, draw_tree_kinds
from segnet_model.scenes.weather import Weather


@dataclass(frozen=True, eq=False)
class Cast:
    """Cars, people and trees to choose from."""

    cars: list[CarKind]
    walkers: list[Walker]
    riders: list[Rider]
    trees: list[TreeKind]


def draw_cast(seed: int, weather: Weather) -> Cast:
    """Draw everyone and everything that recurs along a drive."""
    return Cast(
        draw_car_kinds(seed), draw_walkers(seed), draw_riders(seed), draw_tree_kinds(seed, weather)
    )
