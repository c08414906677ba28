"""The materials that can be drawn."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.materials.drawn import built, earth, plants
from segnet_model.scenes.materials.drawn.tools import Single
from segnet_model.scenes.materials.tiles import Picture

_DRAWN: dict[str, Callable[[Generator], Single]] = {
    "Asphalt": built.asphalt,
    "Bark": plants.bark,
    "Bricks": built.bricks,
    "Concrete": built.concrete,
    "CorrugatedSteel": built.corrugated,
    "Grass": plants.grass,
    "Gravel": earth.gravel,
    "Ground": earth.soil,
    "Moss": plants.moss,
    "PavingStones": built.paving,
    "PineNeedles": plants.needles,
    "Planks": built.planks,
    "Plaster": built.plaster,
    "Road": built.asphalt,
    "Rock": earth.rock,
    "Rocks": earth.rubble,
    "RoofingTiles": built.roof_tiles,
    "Rust": built.rust,
    "ScatteredLeaves": plants.leaves,
    "Snow": earth.snow,
    "ThatchedRoof": plants.thatch,
    "Tiles": built.tiles,
    "WoodChips": plants.wood_chips,
    "WoodSiding": built.siding,
}


def draw_material(rng: Generator, material: str) -> Picture:
    """Return a new picture, (256, 256, 3) RGB, of one of `MATERIALS`."""
    return np.asarray(np.clip(np.rint(_DRAWN[material](rng)), 0, 255), np.uint8)
