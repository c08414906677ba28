"""The look of natural ground: surfaces with soft edges, wheel tracks and fallen leaves."""

import numpy as np
import numpy.typing as npt

from segnet_model.scenes.classes import PATH, ROUGH
from segnet_model.scenes.drawing.panels import Canvas, Floats, Mask
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.draws import look_up
from segnet_model.scenes.ground.looks import Looks, Spots
from segnet_model.scenes.ground.natural_light import fill_water
from segnet_model.scenes.ground.terrain import Survey, Terrain, Zone
from segnet_model.scenes.materials.tiles import Single
from segnet_model.scenes.weather.sky import Weather


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
    spots = _spots(hits)
    color = _surface(survey, spots, looks)
    _tone(color, survey, spots, looks, terrain.labels)
    fill_water(color, survey, hits, weather, position, looks)
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
) -> None:
    """Draw one zone into the pixels of the ground that a mask shows, (h, W)."""
    if not where.any():
        return
    spots, far = _spots(hits), np.full(where.shape, np.inf, np.float32)
    cover = np.full(where.shape, zone, np.uint8)
    color = _zones(cover, where, spots, looks)
    labels = np.full(len(Zone), label, np.uint8)
    _tone(color, Survey(cover, cover, far, far), spots, looks, labels)
    rows = slice(hits.first_row, None)
    np.copyto(canvas.albedo[rows], np.clip(color, 0, 255).astype(np.uint8), where=where[..., None])
    canvas.labels[rows][where] = label


def _spots(hits: GroundHits) -> Spots:
    """Return the ground points; a pixel's size is the mean of its width and length there."""
    return Spots(
        np.clip(hits.x, -1e5, 1e5).astype(np.float32),
        np.clip(hits.y, -1e5, 1e5).astype(np.float32),
        hits.mean_footprint.astype(np.float32),
    )


def _surface(survey: Survey, spots: Spots, looks: Looks) -> Single:
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
    zone: npt.NDArray[np.uint8], where: npt.NDArray[np.bool_], spots: Spots, looks: Looks
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
    color: Single, survey: Survey, spots: Spots, looks: Looks, labels: npt.NDArray[np.uint8]
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


def _scatter(color: Single, spots: Spots, looks: Looks) -> None:
    """Strew leaves over the ground; far away they are a tint."""
    grain = look_up(looks.leaves, spots.x, spots.y, 70.0)
    hue = look_up(looks.fine, spots.x, spots.y, 31.0)[..., None]
    drift = look_up(looks.blotches, spots.x, spots.y, 5.0)
    share = np.float32(looks.litter) * np.clip(1 + 2 * drift, 0, 1.2)
    seen = np.clip((grain - np.float32(0.42) + share) * 12, 0, 1)
    far = np.clip(spots.footprint * np.float32(30.0), 0, 1)
    seen += (share - seen) * far
    leaf = np.array(looks.leaf, np.float32) * (1 + hue * np.array((0.6, 0.9, 0.4), np.float32))
    leaf *= np.clip(0.75 + (grain - np.float32(0.3)), 0.5, 1.2)[..., None]
    color += (leaf - color) * seen[..., None] * np.float32(0.9)
