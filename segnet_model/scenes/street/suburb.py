"""A suburb or a country road: a street with grass along it, front gardens and driveways."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.classes import GRASS, ROAD
from segnet_model.scenes.drawing.panels import Canvas, Floats, Mask
from segnet_model.scenes.drawing.props import Prop, faced
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.draws import Purpose, chance, stream
from segnet_model.scenes.ground.looks import draw_looks
from segnet_model.scenes.ground.markings import CURB
from segnet_model.scenes.ground.natural import paint_cover
from segnet_model.scenes.ground.street import (
    BLOCKS_BEHIND,
    Street,
    blocks_between,
    draw_plan,
    draw_street,
)
from segnet_model.scenes.ground.terrain import Zone
from segnet_model.scenes.materials.catalog import COVERS
from segnet_model.scenes.materials.surfaces import Surfaces
from segnet_model.scenes.plants.kinds import draw_garden
from segnet_model.scenes.street.block import backdrop, curbside, parked_cars
from segnet_model.scenes.street.gardens import build_lot, build_verge, draw_lots, draw_strip
from segnet_model.scenes.street.world import StreetWorld
from segnet_model.scenes.weather.sky import Weather


class SuburbWorld(StreetWorld):
    """An endless street with grass."""

    def __init__(
        self, seed: int, weather: Weather, zoom: float, unknown: bool, surfaces: Surfaces | None
    ) -> None:
        """Draw the street; `zoom`: pixels across per pixel of the reference camera."""
        rng = stream(seed, Purpose.LAYOUT)
        self._strips = {hand: draw_strip(rng) for hand in (1, -1)}
        self._rural = chance(rng, 0.3)
        super().__init__(seed, weather, zoom, unknown, surfaces)
        materials = {
            Zone.COVER: COVERS["Lawn"],
            Zone.DRIVE: ("Asphalt", "Asphalt", "Gravel"),
        }
        self._ground = replace(self._ground, marked=chance(rng, 0.55))
        if chance(rng, 0.2):
            self._motion = replace(self._motion, lane=self._beside(rng))
        litter = 0.2 * chance(rng, 0.4)
        self._looks = draw_looks(
            seed, materials, surfaces or Surfaces.procedural(seed), 0.0, litter
        )
        red, green, blue = map(float, self._looks.surfaces[Zone.COVER].mean)
        self._garden = draw_garden(seed, weather, (red, green, blue))

    def _beside(self, rng: Generator) -> float:
        """Draw where a robot drives on the pavement, or on the verge where there is none."""
        hand = 1 if chance(rng, 0.5) else -1
        strip, curb = self._strips[hand], self._street.side(hand).half_road
        middle = strip.verge + strip.walk * 0.55 if strip.walk else strip.verge * 0.5
        return hand * (curb + middle)

    def props(self, position: Floats, stamp: float, speed: float) -> list[Prop]:
        """Return all props near the camera, standing and moving."""
        return faced(super().props(position, stamp, speed), position)

    def is_drivable(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Return whether points of the ground, in world meters, are road or driveway."""
        across = np.asarray(y - self._street.bend(x))
        return super().is_drivable(x, y) | self._is_drive(x, across)

    def _draw_street(self, seed: int) -> Street:
        street = draw_street(seed)
        sides = [
            replace(street.side(hand), pavement=max(1.2, strip.verge + strip.walk))
            for hand, strip in self._strips.items()
        ]
        return replace(street, left=sides[0], right=sides[1])

    def _build(self, block: int) -> list[Prop]:
        plan, site = draw_plan(self._street, block), self._site
        props: list[Prop] = []
        for hand in (1, -1):
            rng = stream(self._street.seed, Purpose.LAYOUT, block + BLOCKS_BEHIND, hand + 1)
            for lot in draw_lots(self._street, self._rural, block, hand):
                props += build_lot(rng, site, self._garden, lot, hand)
            props += build_verge(rng, site, self._garden, self._strips[hand], block, hand)
            props += backdrop(rng, site, plan, hand)
            props += curbside(rng, site, plan, hand)
            props += parked_cars(rng, site, plan, hand)
        return props

    def _paint_plain(self, canvas: Canvas, hits: GroundHits, position: Floats) -> None:
        super()._paint_plain(canvas, hits, position)
        across = hits.y - self._street.bend(hits.x)
        road = canvas.labels[hits.first_row :] == ROAD
        drive = self._is_drive(hits.x, across) & hits.hit
        paint_cover(canvas, hits, self._looks, drive, Zone.DRIVE, ROAD)
        grass = self._is_grass(across) & hits.hit & ~road & ~drive
        paint_cover(canvas, hits, self._looks, grass, Zone.COVER, GRASS)

    def _is_grass(self, across: Floats) -> Mask:
        """Return whether points that are no road or driveway are grass."""
        grass = np.zeros(across.shape, bool)
        for hand, strip in self._strips.items():
            away = hand * across - self._street.side(hand).half_road
            grass |= (away > CURB) & ((away < strip.verge) | (away > strip.verge + strip.walk))
        return grass

    def _is_drive(self, x: Floats, across: Floats) -> Mask:
        """Return whether points are driveways: from curb to house, but for the pavement."""
        drive = np.zeros(across.shape, bool)
        near = np.asarray(x)[np.abs(x) < 1e5]
        if not near.size:
            return drive
        low, high = float(near.min()), min(float(near.max()), float(near.min()) + 150.0)
        blocks = blocks_between(low, high)
        for hand in (1, -1):
            away = hand * across - self._street.side(hand).half_road
            strip = self._strips[hand]
            line = strip.verge + strip.walk
            for block in blocks:
                for lot in draw_lots(self._street, self._rural, block, hand):
                    if lot.drive[1] > lot.drive[0]:
                        inside = (x > lot.drive[0]) & (x < lot.drive[1])
                        off_walk = (away < strip.verge) | (away > line)
                        drive |= inside & off_walk & (away > CURB) & (away < line + lot.setback)
        return drive
