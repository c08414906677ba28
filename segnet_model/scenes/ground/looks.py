"""Surfaces and details of one drive's natural ground."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.draws import (
    Color,
    Palette,
    Purpose,
    chance,
    look_up,
    noise_tile,
    pick_color,
    stream,
)
from segnet_model.scenes.ground.terrain import Zone
from segnet_model.scenes.materials.surfaces import Surface, Surfaces
from segnet_model.scenes.materials.tiles import Single

_TILE = 512
_ROW = 512  # points that a surface is asked for side by side
Indices = npt.NDArray[np.intp]
_DRY: Palette = ((168, 150, 84), (150, 128, 70), (120, 128, 60))
_LEAVES: Palette = ((176, 120, 50), (150, 84, 40), (120, 86, 56), (196, 160, 70), (96, 74, 54))


def _trodden(rng: Generator) -> Color:
    """Draw how trodden snow, or a cleared path, is darker than fresh snow."""
    gray, brown = rng.uniform(0.55, 0.85), rng.uniform(0.0, 0.15)
    return gray * (1 + brown / 2), gray, gray * (1 - brown)


@dataclass(frozen=True, eq=False)
class Spots:
    """Ground points and the size of a pixel there."""

    x: Single
    y: Single
    footprint: Single  # meters

    def noise(self, tile: Single, scale: float) -> Single:
        """Return noise of `scale` texels a meter, fading where it is too small to be seen."""
        found = np.zeros_like(self.x)
        seen = self.footprint.min(axis=1) < np.float32(40.0 / scale)
        if seen.any():
            near = slice(int(np.argmax(seen)), None)
            clear = np.minimum(np.float32(6.0 / scale) / self.footprint[near], 1)
            found[near] = look_up(tile, self.x[near], self.y[near], scale) * clear
        return found


@dataclass(frozen=True, eq=False)
class Looks:
    """Surfaces and details of one drive's ground."""

    surfaces: Mapping[Zone, Surface]
    soft: float  # meters over which the path fades into what lies beside it
    dry: Color
    dryness: float  # share of dry grass, 0 to 1
    ruts: float  # darkness of the wheel tracks, 0 for none
    gauge: float  # meters from the middle of the path to a wheel track
    litter: float  # share of the ground below fallen leaves, 0 to 0.4
    leaf: Color
    canopy: float  # 0 for open sky, 1 for a forest's shade
    relief: float  # roughness of rough ground
    leaves: Single  # (512, 512) noise as fine as leaves
    fine: Single  # (512, 512) noise
    blotches: Single
    gains: Mapping[Zone, Color]  # of red, green and blue, where a surface is dyed

    def colors(self, zone: Zone, spots: Spots, rows: Indices, columns: Indices) -> Single:
        """Return the (n, 3) colors of some points, all of one zone."""
        count, surface = rows.size, self.surfaces[zone]
        grid = np.minimum(np.arange(-(-count // _ROW) * _ROW), count - 1).reshape(-1, _ROW)
        rows, columns = rows[grid], columns[grid]
        x, y, footprint = (part[rows, columns] for part in (spots.x, spots.y, spots.footprint))
        found = surface.sample(x, y, footprint).reshape(-1, 3)[:count]
        return np.asarray(found * np.array(self.gains.get(zone, (1, 1, 1)), np.float32), np.float32)


def draw_looks(
    seed: int,
    materials: Mapping[Zone, tuple[str, ...]],
    surfaces: Surfaces,
    canopy: float,
    litter: float,
    snow: bool = False,
) -> Looks:
    """Draw the look of a ground whose zones may be covered by these materials."""
    rng = stream(seed, Purpose.LOOKS)
    chosen = {zone: surfaces.pick(rng, names) for zone, names in materials.items()}
    return Looks(
        surfaces=chosen,
        soft=float(np.exp(rng.uniform(np.log(0.03), np.log(0.5)))),
        dry=pick_color(rng, _DRY, 10),
        dryness=rng.uniform(0.0, 0.6) if chance(rng, 0.6) and not snow else 0.0,
        ruts=rng.uniform(0.08, 0.3) if chance(rng, 0.4) else 0.0,
        gauge=rng.uniform(0.3, 0.75),
        litter=litter * rng.uniform(0.2, 1.0),
        leaf=pick_color(rng, _LEAVES, 12),
        canopy=canopy,
        relief=rng.uniform(0.1, 0.25) if snow else rng.uniform(0.5, 1.0),
        gains={zone: _trodden(rng) for zone in (Zone.WAY, Zone.BRANCH)} if snow else {},
        leaves=noise_tile(rng, _TILE, (128,)),
        fine=noise_tile(rng, _TILE, (32, 64, 128, 256)),
        blotches=noise_tile(rng, _TILE, (8, 16, 32, 64)),
    )
