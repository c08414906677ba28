"""A world of plants around a path, and the people on it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.buildings.houses import HouseRule
from segnet_model.scenes.classes import PATH, ROAD
from segnet_model.scenes.drawing.panels import Canvas, Floats
from segnet_model.scenes.drawing.props import Prop, Thing, faced
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.drawing.shadows import shade_ground
from segnet_model.scenes.draws import Purpose, chance, pick, stream
from segnet_model.scenes.ground.banks import draw_banks
from segnet_model.scenes.ground.course import draw_wander
from segnet_model.scenes.ground.cover import draw_cover
from segnet_model.scenes.ground.looks import draw_looks
from segnet_model.scenes.ground.natural import paint_natural
from segnet_model.scenes.ground.natural_light import dapple
from segnet_model.scenes.ground.street import BLOCK, BLOCKS_BEHIND, blocks_between
from segnet_model.scenes.ground.terrain import Terrain, Zone
from segnet_model.scenes.materials.coverings import Coverings, draw_coverings
from segnet_model.scenes.materials.surfaces import Surfaces
from segnet_model.scenes.nature.layout import Crop, Layout, Wall, Wood, build_nature
from segnet_model.scenes.plants.kinds import Garden, draw_garden
from segnet_model.scenes.plants.woods import draw_hedge, draw_skyline, skyline
from segnet_model.scenes.things.clutter.fences import picture
from segnet_model.scenes.things.furniture import draw_fence
from segnet_model.scenes.things.oddities import draw_oddities
from segnet_model.scenes.things.parks import draw_rails
from segnet_model.scenes.things.people import (
    PEOPLE_REACH,
    bicyclist,
    draw_riders,
    draw_walkers,
    pedestrian,
)
from segnet_model.scenes.things.yards import draw_masonry
from segnet_model.scenes.weather.sky import Weather

_BEHIND, _AHEAD = 24.0, 110.0  # meters
_KEPT_BLOCKS = 8


@dataclass(frozen=True, eq=False)
class Style:
    """What one drive through nature is like."""

    terrain: Terrain
    materials: dict[Zone, tuple[str, ...]]
    crops: list[Crop]
    things: list[tuple[Thing, float, tuple[float, float]]]
    walkers: float  # people a block, on average, as are riders
    riders: float
    canopy: float
    litter: float
    wood: tuple[float, float]  # meters to the wood on the left and right; inf for none
    gaps: float
    hedges: float  # chance of a hedge or fence on a side
    snow: bool = False
    houses: HouseRule | None = None
    banks: bool = False  # there are slopes beside the path, which no way crosses


def _is_near(point: Floats, position: Floats) -> bool:
    """Return whether a shadow there may fall on ground whose shadows are drawn."""
    ahead, aside = point[0] - position[0], point[1] - position[1]
    return bool(-20.0 < ahead < 105.0 and abs(aside) < 42.0)


class NatureWorld:
    """An endless park or trail."""

    pace = 1.4  # meters a second

    def __init__(
        self,
        style: Style,
        seed: int,
        weather: Weather,
        zoom: float,
        unknown: bool,
        surfaces: Surfaces | None,
    ) -> None:
        """Draw everything that stays the same along the path."""
        self._style, self._terrain = style, style.terrain
        self._weather, self._seed, self._zoom = weather, seed, zoom
        self._motion = draw_wander(
            seed, style.terrain.course, max(0.8, style.terrain.half), (0.3, 3.0)
        )
        materials = surfaces or Surfaces.procedural(seed)
        self._looks = draw_looks(
            seed, style.materials, materials, style.canopy, style.litter, style.snow
        )
        self._cover = None if style.snow else draw_cover(seed, weather)
        red, green, blue = map(float, self._looks.surfaces[Zone.COVER].mean)
        garden = draw_garden(seed, weather, (red, green, blue), style.snow)
        coverings = draw_coverings(seed, surfaces)
        garden.cover(coverings)
        rng = stream(seed, Purpose.LAYOUT)
        self._skyline = draw_skyline(rng, garden, weather)
        walls = _draw_walls(rng, style, garden, coverings)
        woods = [
            Wood(hand, away, style.gaps)
            for hand, away in zip((1, -1), style.wood, strict=True)
            if np.isfinite(away)
        ]
        self._layout = Layout(
            style.terrain,
            garden,
            weather,
            zoom,
            style.crops,
            style.things,
            walls,
            woods,
            self._motion.offset,
            self._looks,
            draw_banks(rng, style.terrain.half, self._motion.offset) if style.banks else (),
            style.houses,
            coverings,
        )
        self._walkers, self._riders = draw_walkers(seed), draw_riders(seed)
        self._oddities = draw_oddities(seed, weather, zoom) if unknown else []
        self._block = lru_cache(_KEPT_BLOCKS)(self._props_of_block)

    def pose(self, x: float, stamp: float, height: float, pitch: float) -> Floats:
        """Return camera_to_world (4, 4) at x meters along the path."""
        return self._motion.pose(x, stamp, height, pitch)

    def props(self, position: Floats, stamp: float, speed: float) -> list[Prop]:
        """Return all props near the camera, standing and moving."""
        x = float(position[0])
        props = [skyline(self._skyline, position)]
        for block in blocks_between(x - _BEHIND, x + _AHEAD):
            props += self._block(block)
            props += self._people(block, x, speed)
        return faced(props, position)

    def paint(self, canvas: Canvas, hits: GroundHits, props: list[Prop], position: Floats) -> None:
        """Draw the ground with its shadows."""
        paint_natural(canvas, hits, self._terrain, self._looks, self._weather, position)
        if self._cover:
            self._cover.lay(canvas, hits)
        shadows = [
            shadow
            for prop in props
            for shadow in prop.shadows
            if _is_near(shadow.outline[0], position)
        ]
        shade_ground(canvas, hits, shadows, self._weather, position)
        dapple(canvas, hits, self._looks, self._weather)

    def is_drivable(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Return whether points of the ground, in world meters, are road or path."""
        return np.isin(self._terrain.ids(x, y), (ROAD, PATH))

    def _props_of_block(self, block: int) -> list[Prop]:
        return [*build_nature(self._layout, block), *self._surprises(block)]

    def _surprises(self, block: int) -> Iterator[Prop]:
        """Yield objects of no class beside the path."""
        rng = stream(self._seed, Purpose.ODDITIES, block + BLOCKS_BEHIND)
        half = max(0.0, self._terrain.half)
        for thing in self._oddities:
            x, y = (block + rng.random()) * BLOCK, half + rng.uniform(0.8, 4.0)
            yield thing.moved(self._terrain.course.place(x, y if chance(rng, 0.5) else -y))

    def _people(self, block: int, camera_x: float, speed: float) -> Iterator[Prop]:
        """Yield the people who walk, stand and ride in a block."""
        rng = stream(self._seed, Purpose.WALKS, block + BLOCKS_BEHIND)
        course, half = self._terrain.course, max(0.6, self._terrain.half)
        reach = PEOPLE_REACH * 1.5 * self._zoom
        houses = self._style.houses
        wide = half + houses.away[0] - 0.6 if houses else 9.0
        for _ in range(int(rng.poisson(self._style.walkers))):
            walker, home = pick(rng, self._walkers), block * BLOCK + rng.uniform(0, BLOCK)
            pace = float(rng.choice([-1.0, 0.0, 0.0, 0.7])) * min(0.9, 1.3 / speed)
            x = home - pace * (home - camera_x)
            y = float(rng.uniform(-half, half) if chance(rng, 0.6) else rng.uniform(-wide, wide))
            aside = int(rng.integers(-1, 2)) if pace == 0 else 0
            if 1.6 < x - camera_x < reach:
                foot, step = course.place(x, y), int(np.floor(x / 0.35)) if pace else 0
                one = pedestrian(
                    walker, foot, (1 if pace > 0 else -1, aside), step, self._weather, reach
                )
                yield replace(one, turns=True)
        for _ in range(int(rng.poisson(self._style.riders))):
            rider, home = pick(rng, self._riders), block * BLOCK + rng.uniform(0, BLOCK)
            forward = 1.0 if chance(rng, 0.5) else -1.0
            x = home - forward * min(0.8, 3.0 / speed) * (home - camera_x)
            y = -forward * half * 0.5
            if 1.6 < x - camera_x < reach:
                heading = course.heading(x) * forward
                yield bicyclist(
                    rider, course.place(x, y), heading, int(np.floor(x / 0.6)), self._weather, reach
                )


def _draw_walls(rng: Generator, style: Style, garden: Garden, coverings: Coverings) -> list[Wall]:
    """Draw what stands along both sides of the path."""
    walls = []
    for hand, away in zip((1, -1), style.wood, strict=True):
        if chance(rng, style.hedges):
            near = min(float(away), style.houses.away[0] if style.houses else 12.0)
            y = rng.uniform(0.3, 1.0) * near
            if chance(rng, 0.4):
                walls.append(
                    Wall(hand, y, 0.1, [draw_hedge(rng, pick(rng, garden.leaves))], (0.8, 2.2))
                )
            elif style.houses and coverings.rich:
                boundary = picture(int(rng.integers(2**31)), coverings)
                walls.append(Wall(hand, y, 0.05, [boundary], (0.0, 0.0)))
            else:
                draw = pick(rng, (draw_rails, draw_fence, draw_masonry))
                walls.append(Wall(hand, y, 0.05, [draw(rng)], (0.0, 0.0)))
    return walls
