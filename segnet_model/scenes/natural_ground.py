"""The look of natural ground: surfaces, soft edges, ruts, litter, water and dappled shadows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.camera import GroundHits
from segnet_model.scenes.draws import (
    Color,
    Palette,
    Purpose,
    chance,
    noise_tile,
    pick_color,
    stream,
)
from segnet_model.scenes.ground import look_up
from segnet_model.scenes.panels import Canvas, Floats, Mask
from segnet_model.scenes.surfaces import Surface, Surfaces
from segnet_model.scenes.terrain import PATH, ROUGH, Survey, Terrain, Zone, wrapped
from segnet_model.scenes.tiles import Single
from segnet_model.scenes.weather import Weather, paint_sky

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
class _Spots:
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
            found[near] = wrapped(tile, self.x[near], self.y[near], scale) * clear
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

    def colors(self, zone: Zone, spots: _Spots, rows: Indices, columns: Indices) -> Single:
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
        leaves=noise_tile(rng, _TILE, (128, 256)),
        fine=noise_tile(rng, _TILE, (32, 64, 128, 256)),
        blotches=noise_tile(rng, _TILE, (8, 16, 32, 64)),
    )


def paint_natural(
    canvas: Canvas,
    hits: GroundHits,
    terrain: Terrain,
    looks: Looks,
    weather: Weather,
    position: Floats,
) -> None:
    """Draw the ground into the pixels whose rays meet it; position: (3,) of the camera."""
    x0 = float(position[0])
    survey = terrain.survey(hits.x, hits.y, terrain.plans(x0 - 10.0, x0 + 150.0))
    spots = _spots(hits, position)
    color = _surface(survey, spots, looks)
    _tone(color, survey, spots, looks, terrain.labels)
    _fill_water(color, survey, hits, weather, position, looks)
    rows, shown = slice(hits.first_row, None), hits.hit
    np.copyto(canvas.albedo[rows], np.clip(color, 0, 255).astype(np.uint8), where=shown[..., None])
    np.copyto(canvas.depth[rows], hits.depth, where=shown)
    np.copyto(canvas.labels[rows], terrain.labels[survey.zone], where=shown)


def paint_cover(
    canvas: Canvas,
    hits: GroundHits,
    looks: Looks,
    where: Mask,
    zone: Zone,
    label: int,
    position: Floats,
) -> None:
    """Draw one zone into the pixels of the ground that a mask shows, (h, W)."""
    if not where.any():
        return
    spots, far = _spots(hits, position), np.full(where.shape, np.inf, np.float32)
    cover = np.full(where.shape, zone, np.uint8)
    color = _zones(cover, where, spots, looks)
    labels = np.full(len(Zone), label, np.uint8)
    _tone(color, Survey(cover, cover, far, far), spots, looks, labels)
    rows = slice(hits.first_row, None)
    np.copyto(canvas.albedo[rows], np.clip(color, 0, 255).astype(np.uint8), where=where[..., None])
    canvas.labels[rows][where] = label


def _spots(hits: GroundHits, position: Floats) -> _Spots:
    """Return the ground points; a pixel's size is the mean of its width and length there."""
    across = hits.footprint.astype(np.float32)
    along = across * (hits.depth / max(0.1, float(position[2]))).astype(np.float32)
    return _Spots(
        np.clip(hits.x, -1e5, 1e5).astype(np.float32),
        np.clip(hits.y, -1e5, 1e5).astype(np.float32),
        np.sqrt(across * np.maximum(across, along)),
    )


def _surface(survey: Survey, spots: _Spots, looks: Looks) -> Single:
    """Return the colors of all zones, with soft edges of the ways."""
    share = np.float32(0.5) - survey.edge / np.maximum(np.float32(looks.soft), spots.footprint)
    share = np.clip(share, 0, 1)
    way = (survey.zone == Zone.WAY) | (survey.zone == Zone.BRANCH)
    paved = np.where(way, survey.zone, np.uint8(Zone.WAY))
    share[~way & (survey.edge < 0)] = 0  # grass in the middle of the path, a puddle
    ground = np.where(way, survey.under, survey.zone)
    color = _zones(ground, share < 1, spots, looks)
    top = _zones(paved, share > 0, spots, looks)
    color += (top - color) * share[..., None]
    return color


def _zones(
    zone: npt.NDArray[np.uint8], where: npt.NDArray[np.bool_], spots: _Spots, looks: Looks
) -> Single:
    """Return the color of each point's zone."""
    color = np.zeros((*zone.shape, 3), np.float32)
    for kind in looks.surfaces:
        mask = (zone == kind) & where
        rows, columns = np.nonzero(mask)
        if rows.size:
            color[rows, columns] = looks.colors(kind, spots, rows, columns)
    return color


def _tone(
    color: Single, survey: Survey, spots: _Spots, looks: Looks, labels: npt.NDArray[np.uint8]
) -> None:
    """Add blotches, dry grass, clods, wheel tracks and fallen leaves."""
    label = labels[survey.zone]
    coarse, blotch = spots.noise(looks.blotches, 3.0), spots.noise(looks.blotches, 17.0)
    bright = 1 + np.float32(0.2) * coarse + np.float32(0.15) * blotch
    rough = label == ROUGH
    clods = spots.noise(looks.fine, 24.0) * np.float32(1.6) + spots.noise(looks.fine, 70.0)
    bright += np.float32(0.14) * spots.noise(looks.leaves, 150.0)
    bright += np.where(rough, np.float32(0.9 * looks.relief), np.float32(0.12)) * clods
    if looks.ruts:
        off = np.abs(np.abs(survey.across) - np.float32(looks.gauge)) + 0.08 * blotch
        track = np.clip(1.6 - np.abs(off) * 9, 0, 1) * (label == PATH)
        bright -= np.float32(looks.ruts) * track * np.clip(1 + 2 * coarse, 0, 1)
    if looks.dryness:
        dry = np.clip((coarse + np.float32(looks.dryness - 0.3)) * 3, 0, 1)
        dry *= np.float32(0.8) * (survey.zone == Zone.COVER)
        color += (np.array(looks.dry, np.float32) - color) * dry[..., None]
    color *= np.clip(bright, 0.2, 1.9)[..., None]
    if looks.litter:
        _scatter(color, spots, looks)


def _scatter(color: Single, spots: _Spots, looks: Looks) -> None:
    """Strew leaves over the ground; far away they are a tint."""
    grain = wrapped(looks.leaves, spots.x, spots.y, 80.0)
    hue = wrapped(looks.fine, spots.x, spots.y, 31.0)[..., None]
    drift = wrapped(looks.blotches, spots.x, spots.y, 5.0)
    share = np.float32(looks.litter) * np.clip(1 + 2 * drift, 0, 1.2)
    seen = np.clip((grain - np.float32(0.42) + share) * 12, 0, 1)
    far = np.clip(spots.footprint * np.float32(30.0), 0, 1)
    seen += (share - seen) * far
    leaf = np.array(looks.leaf, np.float32) * (1 + hue * np.array((0.6, 0.9, 0.4), np.float32))
    leaf *= np.clip(0.75 + (grain - np.float32(0.3)), 0.5, 1.2)[..., None]
    color += (leaf - color) * seen[..., None] * np.float32(0.9)


def _fill_water(
    color: Single,
    survey: Survey,
    hits: GroundHits,
    weather: Weather,
    position: Floats,
    looks: Looks,
) -> None:
    """Mirror the sky in the water."""
    wet = survey.zone == Zone.WATER
    if not wet.any():
        return
    # Whole rows: OpenCV remaps at most 32,767 points a row.
    x, y = hits.x - position[0], hits.y - position[1]
    rows = wet.any(axis=1)
    rays = np.stack([x[rows], y[rows], np.full_like(x[rows], position[2])])
    sky = paint_sky(weather, rays)[wet[rows]].astype(np.float32)
    x, y = x[wet], y[wet]
    level = np.hypot(x, y) / max(0.05, float(position[2]))
    mirror = np.clip(0.25 + 0.12 * level, 0, 0.85).astype(np.float32)
    ripple = look_up(looks.blotches, hits.x[rows], hits.y[rows], 9.0)[wet[rows]]
    mirror *= np.clip(1 + ripple * 0.8, 0.3, 1.3)
    deep = np.array((58, 56, 44), np.float32)
    color[wet] = deep + (sky - deep) * mirror[:, None]


def dapple(canvas: Canvas, hits: GroundHits, looks: Looks, weather: Weather) -> None:
    """Let the sun through the leaves: light spots in shadows, and a canopy's shade."""
    light = canvas.light[hits.first_row :]
    x, y = hits.x.astype(np.float32), hits.y.astype(np.float32)
    wide = wrapped(looks.blotches, x, y, 10.0)
    wide += wrapped(looks.fine, np.float32(0.8) * x + np.float32(0.6) * y, y - x, 6.0)
    shade = np.float32(weather.shade)
    gap = np.clip((wide - np.float32(0.25)) * 5, 0, 1)
    np.copyto(light, light + (1 - light) * gap * np.float32(0.85), where=hits.hit)
    if looks.canopy:
        cover = np.clip((np.float32(looks.canopy - 0.5) + wide) * 4, 0, 1)
        np.copyto(light, np.minimum(light, 1 - cover * (1 - shade)), where=hits.hit)
