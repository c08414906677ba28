"""The street as a world: traffic, houses and the ground between them."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from segnet_model.scenes.drawing.panels import Canvas, Floats
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.drawing.shadows import shade_ground
from segnet_model.scenes.ground.cover import draw_cover
from segnet_model.scenes.ground.paved import draw_ground, is_road, paint_ground
from segnet_model.scenes.ground.street import Street, blocks_between, draw_plan, draw_street
from segnet_model.scenes.materials.coverings import draw_coverings
from segnet_model.scenes.materials.surfaces import Surfaces
from segnet_model.scenes.street.block import Site, build_block, draw_cast
from segnet_model.scenes.street.motion import draw_motion
from segnet_model.scenes.street.traffic import build_traffic
from segnet_model.scenes.things.oddities import draw_oddities, place_oddities
from segnet_model.scenes.weather.sky import Weather

_BEHIND, _AHEAD = 32.0, 200.0  # meters; things behind the camera may cast shadows ahead
_KEPT_BLOCKS = 12


class StreetWorld:
    """An endless street with CamVid's eleven classes."""

    pace = 8.0  # meters a second

    def __init__(
        self, seed: int, weather: Weather, zoom: float, unknown: bool, surfaces: Surfaces | None
    ) -> None:
        """Draw the street; `zoom`: pixels across per pixel of the reference camera."""
        self._street, self._weather = self._draw_street(seed), weather
        self._motion = draw_motion(seed, self._street)
        coverings = draw_coverings(seed, surfaces)
        self._ground = draw_ground(seed, coverings)
        cast = draw_cast(seed, weather, coverings)
        self._site = Site(self._street, weather, cast, zoom, coverings)
        self._cover = draw_cover(seed, weather)
        self._oddities = draw_oddities(seed, weather, zoom) if unknown else []
        self._block = lru_cache(_KEPT_BLOCKS)(self._props_of_block)

    def pose(self, x: float, stamp: float, height: float, pitch: float) -> Floats:
        """Return camera_to_world (4, 4) at x meters along the street."""
        return self._motion.pose(x, stamp, height, pitch)

    def props(self, position: Floats, stamp: float, speed: float) -> list[Prop]:
        """Return all props near the camera, standing and moving."""
        x = float(position[0])
        props = build_traffic(self._site, x, stamp, speed)
        for block in _blocks_around(x):
            props += self._block(block)
        return props

    def paint(self, canvas: Canvas, hits: GroundHits, props: list[Prop], position: Floats) -> None:
        """Draw the ground with its shadows."""
        self._paint_plain(canvas, hits, position)
        if self._cover:
            self._cover.lay(canvas, hits)
        shadows = [shadow for prop in props for shadow in prop.shadows]
        shade_ground(canvas, hits, shadows, self._weather, position)

    def _paint_plain(self, canvas: Canvas, hits: GroundHits, position: Floats) -> None:
        """Draw the ground without its shadows."""
        plans = [draw_plan(self._street, block) for block in _blocks_around(float(position[0]))]
        paint_ground(canvas, hits, self._street, plans, self._ground)

    def is_drivable(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Return whether points of the ground, in world meters, are road (True) or pavement."""
        blocks = blocks_between(float(x.min()), float(x.max()))
        plans = [draw_plan(self._street, block) for block in blocks]
        return is_road(x, y - self._street.bend(x), self._street, plans)

    def _draw_street(self, seed: int) -> Street:
        return draw_street(seed)

    def _build(self, block: int) -> list[Prop]:
        return build_block(self._site, block)

    def _props_of_block(self, block: int) -> list[Prop]:
        return [*self._build(block), *place_oddities(self._oddities, self._street, block)]


def _blocks_around(x: float) -> range:
    """Return the numbers of the blocks with things or shadows in view from x."""
    return blocks_between(x - _BEHIND, x + _AHEAD)
