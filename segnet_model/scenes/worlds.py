"""The worlds that a drive can show, by name."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from segnet_model.base.errors import SettingsError
from segnet_model.scenes.camera import GroundHits
from segnet_model.scenes.panels import Canvas, Floats
from segnet_model.scenes.props import Prop
from segnet_model.scenes.street_world import StreetWorld
from segnet_model.scenes.surfaces import Surfaces
from segnet_model.scenes.weather import Weather

WORLDS = ("street",)


class World(Protocol):
    """A place that a camera moves through; the world's x axis points ahead, z up."""

    pace: float  # meters a second, the usual speed there

    def pose(self, x: float, stamp: float, height: float, pitch: float) -> Floats:
        """Return camera_to_world (4, 4) at x meters along the way."""

    def props(self, position: Floats, stamp: float, speed: float) -> list[Prop]:
        """Return all props near a camera at (3,) position, standing and moving."""

    def paint(self, canvas: Canvas, hits: GroundHits, props: list[Prop], position: Floats) -> None:
        """Draw the ground with its shadows."""

    def is_drivable(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Return whether points of the ground, in world meters, may be driven on."""


def build_world(
    name: str, seed: int, weather: Weather, zoom: float, unknown: bool, surfaces: Surfaces | None
) -> World:
    """Return the world of a name, drawn by a seed.

    Raises:
        SettingsError: no world of that name, or a negative seed.
    """
    if name not in WORLDS:
        raise SettingsError(f"no world is called {name!r}; use one of {', '.join(WORLDS)}")
    return StreetWorld(seed, weather, zoom, unknown, surfaces)
