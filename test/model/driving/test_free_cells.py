"""No free cell in which a pixel shows an obstacle: random scenes, lenses, poses and grids."""

import numpy as np
import pytest
from boxes import CAR, PAVEMENT, PEDESTRIAN, POLE, ROAD, SKY, Box, Eye, Scene, render

from segnet_model.base.errors import SettingsError
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")
FREE, OCCUPIED, UNKNOWN = 0, 100, -1
LENSES = {
    "": [()],
    "plumb_bob": [(-0.3, 0.12, 0.001, -0.002, -0.02), (0.1, -0.05, 0.002, 0.001)],
    "equidistant": [(-0.02, 0.004, -0.003, 0.0004), (0.0, 0.0, 0.0, 0.0)],
}
RESOLUTIONS = (0.05, 0.1, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)


def projector_of(eye, spec):
    matrix = eye.matrix.ravel()
    lens = Lens.from_camera_info(eye.width, eye.height, matrix, eye.model, eye.distortion)
    return GroundProjector(lens, CameraPose.mounted(eye.up, eye.pitch, eye.roll, eye.yaw), spec)


def grid_of(projector, labels):
    return projector.grid(labels, np.zeros(labels.shape, np.float32), CAMVID, 0.5)


def holding(grid, spec, wrong):
    """Cells that are free though a predicate of their low and high corners says that they hold it.

    Corners are (cells, 2) each, in meters.
    """
    free = np.flatnonzero(grid.ravel() == FREE)
    half = spec.resolution / 2 - 1e-6
    low, high = spec.centers[free] - half, spec.centers[free] + half
    return free[wrong(low, high)]


def under(box):
    """Whether cells hold a part of what stands on the ground."""
    return lambda low, high: ((low < box.high[:2]) & (high > box.low[:2])).all(1)


def shown(grid, spec, labels, ground):
    """Free cells that the ray of a pixel hits which shows anything but road."""
    cells = spec.indices(ground[~np.isin(labels, (ROAD, SKY))])
    free = np.append(grid.ravel() == FREE, False)
    return np.unique(cells[free[cells]])


def draw_eye(rng):
    model = rng.choice(list(LENSES))
    width = int(rng.choice([64, 160, 320, 480]))
    share = rng.uniform(0.35, 0.6) if model == "equidistant" else rng.uniform(0.6, 1.4)
    distortion = LENSES[model][rng.integers(len(LENSES[model]))]
    roll = rng.choice([0.0, rng.uniform(-0.3, 0.3)])
    return Eye(
        width, int(width * rng.choice([0.5625, 0.75])), width * share, rng.uniform(0.3, 2.5),
        rng.uniform(-0.1, 0.8), roll, rng.uniform(-0.5, 0.5), str(model), distortion,
    )  # fmt: skip


def draw_scene(rng):
    boxes = []
    for _ in range(rng.integers(1, 6)):
        label = int(rng.choice([POLE, CAR, PEDESTRIAN]))
        x, y = rng.uniform(0.8, 12), rng.uniform(-5, 5)
        sides = {POLE: rng.uniform(0.02, 0.2, 2), PEDESTRIAN: (0.5, 0.5), CAR: (4.0, 1.8)}[label]
        tall = {POLE: rng.uniform(0.5, 3), PEDESTRIAN: 1.75, CAR: 1.5}[label]
        boxes.append(Box(label, (x, y, 0.0), (x + sides[0], y + sides[1], tall)))
    side = rng.uniform(1, 4)
    return Scene(boxes, [(PAVEMENT, 0, 100, side, 100), (PAVEMENT, 6, 6.5, -2, 0)])


def draw_spec(rng):
    resolution = float(rng.choice(RESOLUTIONS))
    length = max(resolution, min(15.0, 120 * resolution))
    return GridSpec(resolution, 0.0, length, -length / 2, length / 2 + rng.uniform(0, 0.3))


def attack(seed):
    """One random scene: the number of cells that are free, and those that should not be."""
    rng = np.random.default_rng(seed)
    eye, scene, spec = draw_eye(rng), draw_scene(rng), draw_spec(rng)
    labels, ground = render(eye, scene)
    try:
        grid = grid_of(projector_of(eye, spec), labels)
    except SettingsError:  # it sees no ground, or none sharply
        return 0, []
    wrong = [*shown(grid, spec, labels, ground)]
    for box in scene.boxes:
        if box.label != POLE:  # a pole may be narrower than the pixels
            wrong += [*holding(grid, spec, under(box))]
    return np.count_nonzero(grid == FREE), wrong


@pytest.mark.parametrize("seeds", [range(30), pytest.param(range(30, 130), marks=pytest.mark.slow)])
def test_no_random_scene_has_a_free_cell_with_an_obstacle(seeds):
    found = {seed: attack(seed) for seed in seeds}
    assert {seed: wrong for seed, (_, wrong) in found.items() if wrong} == {}
    assert np.mean([free > 0 for free, _ in found.values()]) > 0.5


@pytest.mark.parametrize("resolution", [0.1, 0.25, 0.5, 1.0, 2.0, 5.0])
def test_what_stands_in_a_coarse_cell_bars_it(resolution):
    spec, eye = GridSpec(resolution), Eye(320, 240, 250.0)
    projector = projector_of(eye, spec)
    for x, y in ((8.03, 0.07), (8.5, 0.5), (10.4, -1.3), (12.7, 2.2), (14.1, 0.9), (9.2, -3.4)):
        for side in (0.1, 0.3, 0.5):
            box = Box(POLE, (x, y, 0.0), (x + side, y + side, 2.0))
            labels, ground = render(eye, Scene([box]))
            grid = grid_of(projector, labels)
            assert not len(holding(grid, spec, under(box)))
            assert not len(shown(grid, spec, labels, ground))
    assert resolution == 5.0 or FREE in grid  # nine cells of 5 m, of which one sees a half each


@pytest.mark.parametrize(
    ("side", "nearest", "farthest"), [(0.02, 2.2, 9), (0.03, 2, 14), (0.06, 2, 15)]
)
def test_a_thin_post_bars_the_cells_that_it_stands_in(side, nearest, farthest):
    """From a pixel of width on; narrower ones fall between the pixels."""
    eye, spec, rng = Eye(640, 480, 500.0), GridSpec(), np.random.default_rng(4)
    projector = projector_of(eye, spec)
    for _ in range(12):
        x = rng.uniform(nearest, farthest)
        y = rng.uniform(-0.4, 0.4) * x
        post = Box(POLE, (x, y, 0.0), (x + side, y + side, 1.5))
        labels, ground = render(eye, Scene([post]))
        grid = grid_of(projector, labels)
        assert not len(holding(grid, spec, under(post)))
        assert not len(shown(grid, spec, labels, ground))


@pytest.mark.parametrize("size", [(2, 2), (4, 3), (8, 6)])
def test_a_tiny_image_shows_no_free_ground(size):
    eye, spec = Eye(*size, 500.0 * size[0] / 640), GridSpec(0.5, 0.0, 60.0, -10.0, 10.0)
    with pytest.raises(SettingsError, match="show no cell of the grid whole and sharply enough"):
        projector_of(eye, spec)


@pytest.mark.parametrize("size", [(16, 12), (32, 24), (64, 48)])
def test_free_ground_ends_where_a_person_may_be_between_the_pixels(size):
    """Across, 0.3 m cover a pixel up to 0.3 m * focal length away."""
    eye, spec = Eye(*size, 500.0 * size[0] / 640), GridSpec(0.5, 0.0, 60.0, -10.0, 10.0)
    grid = grid_of(projector_of(eye, spec), render(eye, Scene())[0])
    far = spec.centers[grid.ravel() == FREE][:, 0].max()
    assert 1 < far < 0.3 * eye.focal
    for x in np.arange(2, far, 0.5):
        person = Box(PEDESTRIAN, (x, -0.13, 0.0), (x + 0.5, 0.17, 1.75))
        assert PEDESTRIAN in render(eye, Scene([person]))[0]


def legs(x, y, wide, high):
    """Four legs of 5 cm under a square top."""
    at = (0, wide - 0.05)
    return [
        Box(CAR, (x + a, y + b, 0.0), (x + a + 0.05, y + b + 0.05, high)) for a in at for b in at
    ]


BOOM = Box(POLE, (5.0, -2.0, 0.9), (5.1, 2.0, 1.0))
ACROSS = Box(POLE, (5.0, -8.0, 0.9), (5.1, 8.0, 1.0))  # out of view on both sides
TOP = Box(CAR, (4.0, -0.6, 0.68), (5.2, 0.6, 0.72))
HANGING = {
    "boom": ([BOOM], 0.9),
    "boom on a post": ([BOOM, Box(POLE, (5.0, 1.9, 0.0), (5.1, 2.0, 0.9))], 0.9),
    "boom across the image": ([ACROSS], 0.9),
    "table top": ([TOP], 0.68),
    "table": ([TOP, *legs(4.0, -0.6, 1.2, 0.68)], 0.68),
    "chain": ([Box(POLE, (6.0, -2.0, 0.4), (6.03, 2.0, 0.45))], 0.4),
}


@pytest.mark.parametrize("name", HANGING)
@pytest.mark.parametrize("eye", [Eye(640, 480, 500.0), Eye(480, 360, 375.0, 1.5, 0.2, 0.05, 0.1)])
def test_ground_below_what_hangs_lower_than_the_robot_is_not_free(name, eye):
    boxes, lowest = HANGING[name]
    labels, _ = render(eye, Scene(boxes))
    grids = [
        (spec, grid_of(projector_of(eye, spec), labels))
        for spec in (GridSpec(robot_height=lowest + 0.1), GridSpec(robot_height=0.0))
    ]
    found = [len(holding(grid, spec, under(boxes[0]))) for spec, grid in grids]
    assert found[0] == 0 < found[1]  # so what is asked for does it
    assert FREE in grids[0][1]


def test_a_low_thing_that_stands_alone_bars_no_ground_before_it():
    """A box of half a meter; in one image it might as well be a small one that hangs close by."""
    eye, box = Eye(640, 480, 500.0), Box(CAR, (6.0, -0.25, 0.0), (6.5, 0.25, 0.5))
    spec = GridSpec(robot_height=1.0)
    grid = grid_of(projector_of(eye, spec), render(eye, Scene([box]))[0])
    x, y = spec.centers.T
    before = (x > 3) & (x < 5.8) & (np.abs(y) < 1)
    assert (grid.ravel()[before] == FREE).all()
