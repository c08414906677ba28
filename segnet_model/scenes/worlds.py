"""The worlds that a drive can show, by name."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from segnet_model.base.choices import WORLDS
from segnet_model.base.errors import SettingsError
from segnet_model.scenes.drawing.panels import Canvas, Floats
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.draws import Purpose, stream
from segnet_model.scenes.materials.surfaces import Surfaces
from segnet_model.scenes.nature.grounds import draw_campus, draw_yard
from segnet_model.scenes.nature.park import draw_park, draw_trail
from segnet_model.scenes.nature.world import NatureWorld
from segnet_model.scenes.street.suburb import SuburbWorld
from segnet_model.scenes.street.world import StreetWorld
from segnet_model.scenes.weather.sky import Weather

_SHARES = {
    "street": 0.2,
    "suburb": 0.22,
    "park": 0.2,
    "trail": 0.2,
    "yard": 0.08,
    "campus": 0.1,
}
_WILD = {"park": draw_park, "trail": draw_trail}  # snow changes their labels
_BUILT = {"yard": draw_yard, "campus": draw_campus}


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


def chosen_world(name: str, seed: int) -> str:
    """Return the world that a seed chooses for `mixed`; another name stays."""
    if name != "mixed":
        return name
    rng = stream(seed, Purpose.WORLD)
    return str(rng.choice(list(_SHARES), p=list(_SHARES.values())))


def build_world(
    name: str, seed: int, weather: Weather, zoom: float, unknown: bool, surfaces: Surfaces | None
) -> World:
    """Return the world of a name, drawn by a seed.

    Raises:
        SettingsError: no world of that name, or a negative seed.
    """
    if name == "street":
        return StreetWorld(seed, weather, zoom, unknown, surfaces)
    if name == "suburb":
        return SuburbWorld(seed, weather, zoom, unknown, surfaces)
    if name in _WILD:
        return NatureWorld(_WILD[name](seed, weather), seed, weather, zoom, unknown, surfaces)
    if name in _BUILT:
        return NatureWorld(_BUILT[name](seed), seed, weather, zoom, unknown, surfaces)
    raise SettingsError(f"no world is called {name!r}; use one of {', '.join(WORLDS)}")
