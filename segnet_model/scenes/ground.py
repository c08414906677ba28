"""The plane z = 0: road, pavement, markings and shadows, sampled where each ray meets it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.camera import GroundHits
from segnet_model.scenes.classes import PAVEMENT, ROAD
from segnet_model.scenes.coverings import Coverings
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
from segnet_model.scenes.panels import Canvas, Floats
from segnet_model.scenes.street import PARKING, Plan, Street
from segnet_model.scenes.surfaces import Surface
from segnet_model.scenes.weather import Weather

Single = npt.NDArray[np.float32]
CURB = 0.16  # meters
_LINE = 0.12  # meters
_TILE = 512  # texels a side
_FINE, _COARSE = 50.0, 8.0  # texels a meter
_SHADOW_SCALE = 6.0  # texels a meter
_SHADOW_AHEAD, _SHADOW_ASIDE = 88.0, 24.0  # meters


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
    marks = _Marks(
        hits.x.astype(np.float32), across.astype(np.float32), hits.footprint.astype(np.float32)
    )
    color = _surface(ground, hits, across, road)
    if ground.marked:
        _blend(color, _markings(marks, street, ground, plans) * road, ground.paint)
    _blend(color, _curbs(marks, street) * ~road, ground.curb)
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


@dataclass(frozen=True, eq=False)
class _Marks:
    """Ground points in street coordinates and the size of a pixel there, meters."""

    x: Single
    across: Single
    footprint: Single

    def lines(self, centers: Sequence[float], width: float = _LINE) -> Single:
        """Return the share of each pixel that the nearest line along the street covers, 0 to 1."""
        nearest = np.full_like(self.across, np.inf)
        for center in centers:
            np.minimum(nearest, np.abs(self.across - np.float32(center)), out=nearest)
        share = np.clip((np.float32(width / 2) - nearest) / self.footprint + np.float32(0.5), 0, 1)
        return np.asarray(share * np.minimum(1, np.float32(width) / self.footprint), np.float32)

    def dashes(self, length: float, gap: float) -> npt.NDArray[np.bool_]:
        """Return whether a dashed line is painted at each point."""
        return np.asarray(np.mod(self.x, np.float32(length + gap)) < np.float32(length))

    def between(self, start: float, end: float) -> npt.NDArray[np.bool_]:
        """Return whether each point lies between two x."""
        return np.asarray((self.x > start) & (self.x < end))

    def stripes(self, inside: npt.NDArray[np.bool_]) -> Single:
        """Return the painted share of each pixel inside a zebra crossing, 0 to 1."""
        away = np.abs(np.mod(self.across[inside], np.float32(1)) - np.float32(0.5))
        share = (np.float32(0.25) - away) / self.footprint[inside] + np.float32(0.5)
        return np.asarray(np.clip(share, 0, 1), np.float32)


def _markings(marks: _Marks, street: Street, ground: Ground, plans: Sequence[Plan]) -> Single:
    """Return the painted share of each pixel, 0 to 1."""
    paint = marks.lines([0.0])
    if ground.dash:
        paint *= marks.dashes(ground.dash, ground.dash * 1.2)
    between = [hand * lane * street.lane_width for hand, lane in _lane_edges(street)]
    if between:
        paint = np.maximum(paint, marks.lines(between) * marks.dashes(3.0, 5.0))
    paint = np.maximum(paint, marks.lines(_solid_lines(street, ground)))
    for plan in plans:
        if plan.side_street.exists:
            paint[marks.between(plan.side_street.start - 1, plan.side_street.end + 1)] = 0
        if plan.zebra.exists:
            inside = marks.between(plan.zebra.start, plan.zebra.end)
            paint[inside] = marks.stripes(inside)
    low, high = -street.right.half_road, street.left.half_road
    return paint * ((marks.across > low) & (marks.across < high))


def _lane_edges(street: Street) -> list[tuple[int, int]]:
    """Return side and number of each lane that has another lane of its direction beside it."""
    return [(hand, lane) for hand in (1, -1) for lane in range(1, street.side(hand).lanes)]


def _solid_lines(street: Street, ground: Ground) -> list[float]:
    """Return y in meters of the solid lines at bicycle lanes, parking and curbs."""
    lines = []
    for hand in (1, -1):
        side = street.side(hand)
        lines.append(hand * side.lanes * street.lane_width)
        if side.parking:
            lines.append(hand * (side.half_road - PARKING))
        lines += [hand * (side.half_road - 0.25 - 0.24 * i) for i in range(ground.edge_lines)]
    return lines


def _curbs(marks: _Marks, street: Street) -> Single:
    centers = street.left.half_road + CURB / 2, -street.right.half_road - CURB / 2
    return marks.lines(centers, CURB)


def _blend(color: Single, share: npt.NDArray[np.floating], other: Color) -> None:
    touched = share > 0
    old = color[touched]
    new = np.array(other, np.float32)
    color[touched] = old + (new - old) * share[touched][:, None].astype(np.float32)


@dataclass(frozen=True, eq=False)
class Shadow:
    """A dark shape on the ground."""

    outline: Floats  # (k, 2) world meters, convex
    strength: float = 1.0  # 1 blocks the sun; above 1 also the sky, as under a car


def shade_ground(
    canvas: Canvas, hits: GroundHits, shadows: Sequence[Shadow], weather: Weather, camera: Floats
) -> None:
    """Darken the ground by a map of the shadows from above; camera: (3,) position.

    The map lies on whole meters in the world, so that shadows do not crawl as the camera moves.
    """
    corner = np.floor(camera[:2]) - (4.0, _SHADOW_ASIDE)
    size = (int(2 * _SHADOW_ASIDE * _SHADOW_SCALE), int(_SHADOW_AHEAD * _SHADOW_SCALE))
    lit = _shadow_map(shadows, corner, size, weather)
    x = ((hits.x - corner[0]) * _SHADOW_SCALE).astype(np.float32)
    y = ((hits.y - corner[1]) * _SHADOW_SCALE).astype(np.float32)
    light = cv2.remap(
        lit, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255.0
    )
    np.copyto(canvas.light[hits.first_row :], light / np.float32(255), where=hits.hit)


def _shadow_map(
    shadows: Sequence[Shadow], corner: Floats, size: tuple[int, int], weather: Weather
) -> npt.NDArray[np.uint8]:
    """Return a (rows along y, columns along x) map of the light; 255 is full light."""
    lit = np.full(size, 255, np.uint8)
    for shadow in sorted(shadows, key=lambda one: one.strength):
        outline = np.round((shadow.outline - corner) * _SHADOW_SCALE * 16).astype(np.int32)
        level = 1.0 - (1.0 - weather.shade) * min(1.0, shadow.strength)
        level *= 1.0 - 0.55 * max(0.0, shadow.strength - 1.0)
        cv2.fillConvexPoly(lit, outline, round(255 * level), cv2.LINE_8, 4)
    return np.asarray(cv2.GaussianBlur(lit, (0, 0), 1.0), np.uint8)
