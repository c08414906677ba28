"""What yards and the grounds of a campus are like.

Areas made for driving are Road: drives of asphalt or concrete. What people walk on, squares
included, is Path: robots drive there.
"""

import numpy as np
from numpy.random import Generator

from segnet_model.scenes.buildings.houses import HouseRule
from segnet_model.scenes.draws import Purpose, chance, pick, stream
from segnet_model.scenes.ground.course import draw_course
from segnet_model.scenes.ground.terrain import ZONE_LABELS, PatchKind, Terrain, Zone, draw_noise
from segnet_model.scenes.materials.catalog import COVERS
from segnet_model.scenes.nature.layout import Crop
from segnet_model.scenes.nature.world import Style
from segnet_model.scenes.things.cars import draw_car_kinds
from segnet_model.scenes.things.parks import bench, bin_, lantern, log, post, signpost, table
from segnet_model.scenes.things.yards import bicycle, parked_car, planter

_PAVINGS = (("PavingStones",), ("PavingStones",), ("Concrete",), ("Asphalt",), ("Gravel",),
            ("Bricks",), ("Tiles",))  # fmt: skip
_DRIVES = ("Asphalt", "Asphalt", "Concrete")


def draw_campus(seed: int) -> Style:
    """Draw a campus: buildings, lawns, squares, rows of trees, bicycles and many people."""
    rng = stream(seed, Purpose.TERRAIN)
    half, far = rng.uniform(0.8, 2.5), rng.uniform(5.0, 18.0)
    terrain = _terrain(seed, half, (
        PatchKind(Zone.SQUARE, rng.uniform(0.2, 1.2), (4.0, 13.0), (-1.5, 2.0), 9.0, 0.0),
        PatchKind(Zone.BED, rng.uniform(0, 2.5), (0.8, 4.0), (0.6, 8.0), 8.0, 0.03),
        PatchKind(Zone.DRIVE, rng.uniform(0, 0.5), (3.5, 7.0), (1.0, 8.0), 9.0, 0.0),
        PatchKind(Zone.SOIL, rng.uniform(0, 0.7), (0.4, 1.5), (0.2, 8.0)),
        PatchKind(Zone.WATER, 0.1, (2.0, 6.0), (1.0, 6.0), pick(rng, (2.0, 9.0)), 0.05),
    ), branch=0.6)  # fmt: skip
    return Style(
        terrain=terrain,
        materials=_materials(rng),
        crops=[
            Crop("trees", rng.uniform(0, 12), (1.0, far), (0.5, 1.2)),
            Crop("bushes", rng.uniform(0, 10), (0.6, far), (0.4, 0.9), 70.0),
            Crop("flowers", rng.uniform(0, 14), (0.4, 6.0), (0.6, 1.0), 25.0),
            Crop("tufts", rng.uniform(0, 300), (0.0, 5.0), (0.3, 0.8), 7.0),
        ],
        things=[
            (bench, rng.uniform(0.5, 4), (0.5, 3.0)),
            (bin_, 1.0, (0.4, 2.0)),
            (lantern, rng.uniform(0, 4), (0.3, 1.0)),
            (signpost, 0.8, (0.4, 3.0)),
            (bicycle, rng.uniform(0, 6), (0.4, 4.0)),
            (planter, rng.uniform(0, 2), (0.4, 3.0)),
            (post, rng.uniform(0, 3), (0.1, 1.0)),
            (post, rng.uniform(0, 1.5), (-2.0, 0.0)),
            (planter, 0.2, (-2.0, 0.0)),
            (bicycle, 0.3, (-1.5, 0.0)),
            (bin_, 0.2, (-1.5, 0.0)),
            (table, 0.4, (1.5, 8.0)),
        ],
        walkers=rng.uniform(2, 12),
        riders=rng.uniform(0, 1.2),
        canopy=0.0,
        litter=0.15 * chance(rng, 0.3),
        wood=(np.inf, rng.uniform(15, 40) if chance(rng, 0.3) else np.inf),
        gaps=0.3,
        hedges=0.25,
        houses=HouseRule(
            rng.uniform(0.5, 1.0), (far, far + 8.0), (14.0, 44.0), (2, 7), 0.0, "campus"
        ),
    )


def draw_yard(seed: int) -> Style:
    """Draw yards: houses close by, garage doors, drives, fences, beds and garden furniture."""
    rng = stream(seed, Purpose.TERRAIN)
    half, far = rng.uniform(0.5, 2.2), rng.uniform(1.8, 7.0)
    terrain = _terrain(seed, half, (
        PatchKind(Zone.SQUARE, rng.uniform(0.3, 1.5), (2.0, 6.0), (-0.5, 1.0), 9.0, 0.02),
        PatchKind(Zone.DRIVE, rng.uniform(0.3, 1.6), (2.6, 5.0), (-0.4, 2.0), 9.0, 0.02),
        PatchKind(Zone.BED, rng.uniform(0, 3.0), (0.6, 3.0), (0.2, 4.0), 5.0, 0.08),
        PatchKind(Zone.SOIL, rng.uniform(0, 1.5), (0.4, 2.0), (0.1, 5.0)),
        PatchKind(Zone.LITTER, rng.uniform(0, 1.0), (0.4, 1.5), (0.1, 5.0)),
    ), branch=0.5)  # fmt: skip
    return Style(
        terrain=terrain,
        materials=_materials(rng),
        crops=[
            Crop("trees", rng.uniform(0, 5), (1.0, far + 6.0), (0.4, 0.9)),
            Crop("bushes", rng.uniform(0, 14), (0.4, far + 3.0), (0.3, 0.8), 60.0),
            Crop("flowers", rng.uniform(0, 24), (0.2, far), (0.5, 1.0), 25.0),
            Crop("weeds", rng.choice([0.0, 0.0, 10.0]), (0.4, far), (0.4, 0.8), 20.0),
            Crop("tufts", rng.uniform(0, 500), (0.0, 4.0), (0.4, 1.2), 7.0),
        ],
        things=[
            (parked_car(draw_car_kinds(seed)), rng.uniform(0, 1.5), (1.4, 4.0)),
            (bicycle, rng.uniform(0, 2.5), (0.3, 2.5)),
            (planter, rng.uniform(0, 4), (0.2, 2.5)),
            (table, rng.uniform(0, 0.8), (0.8, 4.0)),
            (bench, rng.uniform(0, 1.0), (0.5, 3.0)),
            (bin_, rng.uniform(0, 3.0), (0.2, 2.0)),
            (log, 0.2, (0.5, 3.0)),
            (parked_car(draw_car_kinds(seed)), 0.3, (-1.5, 0.0)),
            (bin_, 0.3, (-1.5, 0.0)),
            (bicycle, 0.3, (-1.0, 0.0)),
            (table, 0.15, (-1.5, 0.0)),
            (post, 0.6, (0.1, 1.0)),
        ],
        walkers=rng.uniform(0, 2.5),
        riders=rng.uniform(0, 0.3),
        canopy=0.0,
        litter=0.2 * chance(rng, 0.3),
        wood=(np.inf, np.inf),
        gaps=0.2,
        hedges=0.6,
        houses=HouseRule(rng.uniform(0.6, 1.0), (far, far + 3.0), (8.0, 16.0), (1, 4), 0.5),
    )


def _terrain(seed: int, half: float, kinds: tuple[PatchKind, ...], branch: float) -> Terrain:
    """Return ground with a straight path with neat edges."""
    rng = stream(seed, Purpose.COURSE, 1)
    return Terrain(
        seed=seed,
        course=draw_course(seed, 0.16),
        half=half,
        rag=0.0 if chance(rng, 0.6) else rng.uniform(0.02, 0.1),
        strip=0.0,
        verge=1e4,
        branch=branch,
        branch_half=rng.uniform(0.5, 1.8),
        kinds=kinds,
        noise=draw_noise(seed),
        labels=ZONE_LABELS,
    )


def _materials(rng: Generator) -> dict[Zone, tuple[str, ...]]:
    """Return what may cover each zone; a square is paved like the path or otherwise."""
    way = pick(rng, _PAVINGS)
    return {
        Zone.COVER: COVERS["Lawn"],
        Zone.FLOOR: ("Grass",),
        Zone.WAY: ("Path", *way),
        Zone.BRANCH: ("Path", *(way if chance(rng, 0.6) else pick(rng, _PAVINGS))),
        Zone.SQUARE: ("Path", *(way if chance(rng, 0.5) else pick(rng, _PAVINGS[:2]))),
        Zone.DRIVE: _DRIVES,
        Zone.SOIL: ("RoughGround", "Ground"),
        Zone.BED: ("RoughGround", "Ground"),
        Zone.LITTER: ("RoughGround", "ScatteredLeaves"),
    }
