"""The ground of a street: road and pavement, sampled where each ray meets the plane z = 0."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.classes import PAVEMENT, ROAD
from segnet_model.scenes.drawing.panels import Canvas, Floats
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.draws import (
    Color,
    Palette,
    Purpose,
    chance,
    dim,
    look_up,
    noise_tile,
    pick,
    stream,
    vary,
)
from segnet_model.scenes.ground.markings import StreetPoints, curbs, markings
from segnet_model.scenes.ground.street import Plan, Street
from segnet_model.scenes.materials.coverings import Coverings
from segnet_model.scenes.materials.surfaces import Surface

Single = npt.NDArray[np.float32]
_TILE = 512  # texels a side
_FINE, _COARSE = 50.0, 8.0  # texels a meter


@dataclass(frozen=True, eq=False)
class Ground:
    """Materials of one drive."""

    asphalt: Color
    paving: Color
    curb: Color
    paint: Color
    marked: bool  # has lines and crossings
    edge_lines: int  # 0, 1 or 2 lines along the curb
    dash: float  # meters, length of the center line's dashes, 0 for a solid line
    rough: Single  # (512, 512) fine noise
    patches: Single  # (512, 512) coarse noise
    slabs: Single  # (512, 512) brightness of paving stones
    road_cover: Surface | None
    pavement_cover: Surface | None


def draw_ground(seed: int, coverings: Coverings) -> Ground:
    """Draw the materials of a drive; with surfaces, some pavements look like roads."""
    rng = stream(seed, Purpose.GROUND)
    tones: Palette = ((168, 162, 152), (150, 148, 148), (176, 150, 132), (186, 182, 172))
    ground = Ground(
        asphalt=vary(rng, (92, 92, 96), 12),
        paving=vary(rng, pick(rng, tones), 8),
        curb=vary(rng, (196, 194, 188), 8),
        paint=(255, 205, 70) if chance(rng, 0.2) else (238, 238, 232),
        marked=True,
        edge_lines=int(rng.integers(0, 3)),
        dash=0.0 if chance(rng, 0.2) else rng.uniform(2.0, 4.0),
        rough=noise_tile(rng, _TILE, (512, 256, 128)),
        patches=noise_tile(rng, _TILE, (8, 16, 64, 128)),
        slabs=_slabs(rng),
        road_cover=coverings.ground("Road"),
        pavement_cover=coverings.ground("Pavement"),
    )
    return _worn(stream(seed, Purpose.GROUND, 1), ground) if coverings.rich else ground


def _worn(rng: Generator, ground: Ground) -> Ground:
    """Return a ground whose curb may be dark and whose pavement may be of asphalt.

    A network that knows only bright curbs and slabs takes other pavements for roads.
    """
    curb = vary(rng, (rng.uniform(80, 200),) * 3, 8)
    if chance(rng, 0.6):
        return replace(ground, curb=curb)
    tone = rng.uniform(0.8, 1.7)
    slabs = np.zeros_like(ground.slabs)
    return replace(ground, curb=curb, paving=dim(ground.asphalt, tone), slabs=slabs)


def _slabs(rng: Generator) -> Single:
    """Return a tile of paving stones: each of its own tone, with dark joints."""
    count = int(rng.choice([8, 16]))
    step = _TILE // count
    tones = rng.normal(0.0, 0.06, (count, count)).astype(np.float32)
    tile = np.kron(tones, np.ones((step, step), np.float32))
    tile[::step, :] = tile[:, ::step] = -0.35
    tile[1::step, :] = tile[:, 1::step] = -0.25
    return np.asarray(tile, np.float32)


def paint_ground(
    canvas: Canvas, hits: GroundHits, street: Street, plans: Sequence[Plan], ground: Ground
) -> None:
    """Draw the ground into the pixels whose rays meet it."""
    across = hits.y - street.bend(hits.x)
    road = is_road(hits.x, across, street, plans)
    points = StreetPoints(
        hits.x.astype(np.float32), across.astype(np.float32), hits.footprint.astype(np.float32)
    )
    color = _surface(ground, hits, across, road)
    if ground.marked:
        paint = markings(points, street, plans, ground.dash, ground.edge_lines)
        _blend(color, paint * road, ground.paint)
    _blend(color, curbs(points, street) * ~road, ground.curb)
    rows, shown = slice(hits.first_row, None), hits.hit[..., None]
    np.copyto(canvas.albedo[rows], np.clip(color, 0, 255).astype(np.uint8), where=shown)
    np.copyto(canvas.depth[rows], hits.depth, where=hits.hit)
    labels = np.where(road, np.uint8(ROAD), np.uint8(PAVEMENT))
    np.copyto(canvas.labels[rows], labels, where=hits.hit)


def _surface(
    ground: Ground, hits: GroundHits, across: Floats, road: npt.NDArray[np.bool_]
) -> Single:
    """Return the colors of asphalt and paving stones without markings."""
    grain = _grain(ground, hits)
    paved = _paved(ground, hits, across) + grain * np.float32(0.5)
    palette = np.array([ground.paving, ground.asphalt], np.float32)
    color = palette[road.astype(np.intp)]
    color *= (1 + np.where(road, grain, paved))[..., None]
    color = np.asarray(color, np.float32)
    for surface, where in ((ground.road_cover, road), (ground.pavement_cover, ~road)):
        if surface:
            _cover(color, surface, hits, across, where & hits.hit, grain)
    return color


def _cover(
    color: Single,
    surface: Surface,
    hits: GroundHits,
    across: Floats,
    where: npt.NDArray[np.bool_],
    grain: Single,
) -> None:
    """Lay a surface over the points of a mask; some grain hides that it repeats."""
    rows, columns = np.nonzero(where.any(axis=1))[0], np.nonzero(where.any(axis=0))[0]
    if rows.size:
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        found = surface.sample(hits.x[part], across[part], hits.mean_footprint[part])
        found *= (1 + np.float32(0.5) * grain[part])[..., None]
        np.copyto(color[part], found, where=where[part][..., None])


def is_road(
    x: Floats, across: Floats, street: Street, plans: Sequence[Plan]
) -> npt.NDArray[np.bool_]:
    """Return whether points, meters along and across the street, are road (True) or pavement."""
    road = (across < street.left.half_road) & (across > -street.right.half_road)
    for plan in (plan for plan in plans if plan.side_street.exists):
        road |= (x > plan.side_street.start) & (x < plan.side_street.end)
    return np.asarray(road)


def _grain(ground: Ground, hits: GroundHits) -> Single:
    """Return relative brightness: fine grain near the camera, patches everywhere."""
    near = np.exp(hits.depth.astype(np.float32) * np.float32(-1 / 9))
    fine = look_up(ground.rough, hits.x, hits.y, _FINE)
    coarse = look_up(ground.patches, hits.x, hits.y, _COARSE)
    return np.asarray(fine * near * np.float32(0.3) + coarse * np.float32(0.16), np.float32)


def _paved(ground: Ground, hits: GroundHits, across: Floats) -> Single:
    """Return relative brightness of paving stones, fading before they are too small to see."""
    near = np.exp(hits.depth.astype(np.float32) * np.float32(-1 / 14))
    return np.asarray(look_up(ground.slabs, hits.x, across, 64.0) * near, np.float32)


def _blend(color: Single, share: npt.NDArray[np.floating], other: Color) -> None:
    touched = share > 0
    old = color[touched]
    new = np.array(other, np.float32)
    color[touched] = old + (new - old) * share[touched][:, None].astype(np.float32)
