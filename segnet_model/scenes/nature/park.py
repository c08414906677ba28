"""What parks and trails are like."""

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.classes import GRASS, ROUGH
from segnet_model.scenes.draws import Purpose, chance, pick, stream
from segnet_model.scenes.ground.course import draw_course
from segnet_model.scenes.ground.terrain import ZONE_LABELS, PatchKind, Terrain, Zone, draw_noise
from segnet_model.scenes.materials.catalog import COVERS
from segnet_model.scenes.nature.layout import Crop
from segnet_model.scenes.nature.world import Style
from segnet_model.scenes.things.parks import (
    bench,
    bin_,
    boulder,
    lantern,
    log,
    post,
    signpost,
    table,
)
from segnet_model.scenes.weather.sky import Weather

_WAYS = (
    ("Gravel",),
    ("Gravel",),
    ("Ground",),
    ("Ground",),
    ("Asphalt",),
    ("Concrete",),
    ("PavingStones",),
    ("WoodChips",),
)


_SNOW = 0.12  # of the drives
_DEEP = 0.3  # snow of the weather that covers a park


def draw_park(seed: int, weather: Weather) -> Style:
    """Draw a park: lawns, beds, ponds, benches and people."""
    rng = stream(seed, Purpose.TERRAIN)
    banks = chance(rng, 0.2)
    half = rng.uniform(0.45, 2.0) if chance(rng, 0.93) else -6.0
    terrain = Terrain(
        seed=seed,
        course=draw_course(seed, 0.5),
        half=half,
        rag=float(np.exp(rng.uniform(np.log(0.01), np.log(0.4)))),
        strip=0.0,
        verge=1e4,
        branch=0.0 if banks else 0.55,
        branch_half=rng.uniform(0.4, 1.6),
        kinds=(
            PatchKind(Zone.SOIL, rng.uniform(0, 2.5), (0.5, 3.0), (0.2, 14.0)),
            PatchKind(Zone.BED, rng.uniform(0, 1.5), (0.8, 3.5), (0.6, 8.0), rag=0.05),
            PatchKind(Zone.LITTER, rng.uniform(0, 1.5), (0.8, 3.0), (0.0, 14.0)),
            PatchKind(Zone.WATER, 0.35, (4.0, 14.0), (2.0, 14.0)),
            PatchKind(Zone.WATER, 0.2, (0.3, 0.9), (-1.0, 0.0), on_way=True, rag=0.2),
            PatchKind(Zone.SQUARE, 0.15, (3.0, 7.0), (-1.0, 0.5), power=8.0, rag=0.02),
        ),
        noise=draw_noise(seed),
        labels=ZONE_LABELS,
    )
    way, snow = pick(rng, _WAYS), _draw_snow(rng, weather)
    wood = [rng.uniform(8, 40) if chance(rng, 0.6) else np.inf for _ in range(2)]
    return Style(
        _snowed(terrain) if snow else terrain,
        _materials(rng, way, snow),
        crops=[
            Crop("trees", rng.uniform(2, 22), (1.2, 40.0), (0.6, 1.5)),
            Crop("bushes", rng.uniform(0, 16), (0.7, 30.0), (0.5, 1.2), 90.0),
            Crop("flowers", rng.uniform(0, 20), (0.4, 8.0), (0.6, 1.1), 25.0),
            Crop("weeds", rng.choice([0.0, 0.0, 30.0]), (0.8, 12.0), (0.6, 1.1), 25.0),
            Crop("tufts", rng.uniform(0, 700), (0.0, 6.0), (0.4, 1.2), 7.0),
        ],
        things=[
            (bench, rng.uniform(0.3, 2.5), (0.7, 2.0)),
            (bin_, 0.7, (0.5, 2.0)),
            (lantern, rng.uniform(0, 3), (0.3, 0.8)),
            (signpost, 0.5, (0.4, 3.0)),
            (table, 0.4, (2.0, 12.0)),
            (post, 1.0, (0.1, 2.0)),
            (post, 0.3, (-1.5, 0.0)),
            (bin_, 0.1, (-1.0, 0.0)),
            (boulder, 0.15, (-1.5, 0.0)),
            (boulder, 1.0, (0.5, 10.0)),
            (log, 0.3, (1.0, 10.0)),
        ],
        walkers=rng.uniform(0, 6),
        riders=rng.uniform(0, 0.8),
        canopy=0.0,
        litter=0.3 * chance(rng, 0.4),
        wood=(wood[0], wood[1]),
        gaps=rng.uniform(0.0, 0.5),
        hedges=0.35,
        snow=snow,
        banks=banks,
    )


def draw_trail(seed: int, weather: Weather) -> Style:
    """Draw a trail: through woods, along their edge, or over meadows."""
    rng = stream(seed, Purpose.TERRAIN)
    banks = chance(rng, 0.4)
    half = rng.uniform(0.3, 1.6) if chance(rng, 0.93) else -6.0
    setting = rng.random()  # deep wood, edge of a wood, open land
    deep, edge = setting < 0.45, setting < 0.8
    labels = ZONE_LABELS.copy()
    meadow = chance(rng, 0.35) if deep else chance(rng, 0.8)
    if meadow:
        labels[Zone.FLOOR] = GRASS
    terrain = Terrain(
        seed=seed,
        course=draw_course(seed, 0.7),
        half=half,
        rag=float(np.exp(rng.uniform(np.log(0.06), np.log(0.7)))),
        strip=rng.uniform(0.12, 0.4) if half > 0.9 and chance(rng, 0.35) else 0.0,
        verge=rng.uniform(0.1, 3.0),
        branch=0.0 if banks else 0.4,
        branch_half=rng.uniform(0.3, 1.3),
        kinds=(
            PatchKind(Zone.SOIL, rng.uniform(0, 4), (0.5, 3.0), (0.1, 10.0)),
            PatchKind(Zone.STONES, rng.uniform(0, 2), (0.4, 2.0), (0.0, 8.0)),
            PatchKind(Zone.LITTER, rng.uniform(0, 4), (0.8, 4.0), (0.0, 10.0)),
            PatchKind(Zone.WATER, 0.15, (4.0, 14.0), (2.0, 10.0)),
            PatchKind(
                Zone.WATER,
                rng.choice([0.0, 0.0, 2.0]),
                (0.3, 1.2),
                (-1.0, 0.0),
                on_way=True,
                rag=0.25,
            ),
        ),
        noise=draw_noise(seed),
        labels=labels,
    )
    way = pick(
        rng, (("Ground",), ("Ground",), ("Ground",), ("Gravel",), ("WoodChips",), ("Asphalt",))
    )
    snow = _draw_snow(rng, weather)
    materials = _materials(rng, way, snow)
    if meadow and not snow:
        materials[Zone.FLOOR] = ("Grass",)
    near = (1.0, 6.0) if deep else (2.0, 20.0)
    wood = [rng.uniform(*near) if deep or (edge and hand) else np.inf for hand in (0, 1)]
    if chance(rng, 0.5):
        wood.reverse()
    trees = rng.uniform(15, 60) if deep else rng.uniform(3, 15)
    return Style(
        _snowed(terrain) if snow else terrain,
        materials,
        crops=[
            Crop("trees", trees, (0.6, 14.0 if deep else 40.0), (0.7, 1.7)),
            Crop("bushes", rng.uniform(0, 40), (0.5, 12.0), (0.4, 1.1), 60.0),
            Crop("weeds", rng.choice([0.0, 40.0, 150.0]), (0.2, 8.0), (0.5, 1.2), 20.0),
            Crop("weeds", 600.0 * chance(rng, 0.15), (0.1, 2.5), (0.5, 1.2), 20.0),
            Crop("tufts", rng.uniform(0, 700), (0.0, 5.0), (0.5, 1.8), 7.0),
        ],
        things=[
            (boulder, rng.uniform(0, 3), (0.2, 8.0)),
            (log, rng.uniform(0, 1.5), (0.5, 8.0)),
            (boulder, 0.4, (-1.0, 0.0)),
            (log, 0.3, (-1.0, 0.0)),
            (signpost, 0.4, (0.3, 2.0)),
            (post, 0.4, (0.1, 2.0)),
            (bench, 0.2, (0.5, 2.0)),
        ],
        walkers=rng.uniform(0, 2),
        riders=rng.uniform(0, 0.6),
        canopy=rng.uniform(0.2, 0.9) if deep and chance(rng, 0.7) else 0.0,
        litter=0.4 * chance(rng, 0.6),
        wood=(wood[0], wood[1]),
        gaps=0.05 if deep else rng.uniform(0, 0.4),
        hedges=0.15,
        snow=snow,
        banks=banks,
    )


def _draw_snow(rng: Generator, weather: Weather) -> bool:
    """Draw whether snow lies, unless the weather says so."""
    drawn = chance(rng, _SNOW)
    return weather.snow > _DEEP if weather.season else drawn


def _snowed(terrain: Terrain) -> Terrain:
    """Return the terrain with deep snow for grass."""
    labels = np.where(terrain.labels == GRASS, np.uint8(ROUGH), terrain.labels)
    return replace(terrain, labels=labels)


def _materials(rng: Generator, way: tuple[str, ...], snow: bool) -> dict[Zone, tuple[str, ...]]:
    """Return what may cover each zone; in snow, what is trodden or cleared is a path."""
    materials = {
        Zone.COVER: COVERS["Lawn"],
        Zone.FLOOR: ("RoughGround", "ScatteredLeaves", "PineNeedles", "ScatteredLeaves"),
        Zone.WAY: ("Path", *way),
        Zone.BRANCH: ("Path", *(way if chance(rng, 0.6) else pick(rng, _WAYS))),
        Zone.SOIL: ("RoughGround", "Ground"),
        Zone.STONES: ("RoughGround", "Rocks", "Rock"),
        Zone.LITTER: ("RoughGround", "ScatteredLeaves"),
        Zone.SQUARE: ("Path", "PavingStones", "Concrete"),
        Zone.BED: ("RoughGround", "Ground"),
    }
    if snow:
        white: tuple[str, ...] = ("Snow",)
        materials |= dict.fromkeys((Zone.COVER, Zone.FLOOR, Zone.LITTER, Zone.SOIL), white)
        if chance(rng, 0.7):
            materials |= {Zone.WAY: white, Zone.BRANCH: white}
    return materials
