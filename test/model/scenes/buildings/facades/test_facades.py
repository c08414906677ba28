"""Houses of many kinds: one class, exact geometry, each part drawn, the same for a seed."""

import numpy as np
import pytest
from numpy.random import default_rng

from segnet_model.scenes import Camera, Drive, Surfaces
from segnet_model.scenes.buildings.facades.house import house
from segnet_model.scenes.buildings.facades.mural import Mural
from segnet_model.scenes.buildings.facades.style import KINDS, MIXES, Style, draw_kind, draw_style
from segnet_model.scenes.classes import BUILDING
from segnet_model.scenes.drawing.panels import Canvas, View, draw_panels
from segnet_model.scenes.drawing.props import Prop
from segnet_model.scenes.drawing.sketch import CLEAR, Sketch
from segnet_model.scenes.materials.coverings import PLAIN
from segnet_model.scenes.weather.sky import draw_weather

FRONT, FREE = 9.0, 3.0  # meters: y of the front, and the garden before it


def build(seed: int, style: Style) -> Prop:
    """Return a house of 14 m whose front lies in the plane y = FRONT."""
    ends = np.array([20.0, FRONT, 0.0]), np.array([34.0, FRONT, 0.0])
    return house(seed, style, ends, np.array([0.0, 10.0, 0.0]), FREE, draw_weather(seed), PLAIN)


def look(prop: Prop, yaw: float) -> tuple[Canvas, View]:
    """Return the house as a camera at (18, 0, 1.5) sees it, `yaw` to the left of x."""
    ahead = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack([np.cross(ahead, [0, 0, 1.0]), [0.0, 0.0, -1.0], ahead], axis=1)
    pose[:3, 3] = (18.0, 0.0, 1.5)
    view = View(np.array([[160.0, 0, 120], [0, 160.0, 90], [0, 0, 1]]), pose)
    canvas = Canvas.empty(180, 240)
    draw_panels(canvas, view, prop.panels)
    return canvas, view


def seen_points(canvas: Canvas, view: View) -> np.ndarray:  # (n, 3) world meters
    """Return the points of all pixels that show the house, from its depth alone."""
    v, u = np.nonzero(np.isfinite(canvas.depth))
    rays = np.stack([(u - 120) / 160, (v - 90) / 160, np.ones(len(u))], axis=1)
    points = rays * canvas.depth[v, u][:, None]
    return np.asarray(points @ view.camera_to_world[:3, :3].T + view.camera_to_world[:3, 3])


@pytest.mark.parametrize("kind", KINDS)
def test_a_house_of_any_kind_is_one_class_near_its_front(kind: str) -> None:
    """No post, pilaster, pipe or scaffold on a wall is a pole."""
    for seed in range(3):
        prop = build(seed, draw_style(default_rng(seed), kind))
        canvas, view = look(prop, 0.7)
        shown = np.isfinite(canvas.depth)
        assert shown.mean() > 0.1
        assert (canvas.labels[shown] == BUILDING).all()
        points = seen_points(canvas, view)
        assert points[:, 1].min() > FRONT - 1.7  # nothing stands out further
        assert points[:, 1].max() < FRONT + 10.01
        assert points[:, 2].min() > -0.01
        # Most of what is seen is the front or the end wall itself.
        planes = (np.abs(points[:, 1] - FRONT) < 0.02) | (np.abs(points[:, 0] - 20.0) < 0.02)
        assert planes.mean() > 0.35
        for panel in prop.panels:
            assert np.isin(panel.texture.labels, (BUILDING, CLEAR)).all()


def test_each_choice_of_a_kind_is_drawn() -> None:
    for name, kind in KINDS.items():
        styles = [draw_style(default_rng(seed), name) for seed in range(400)]
        assert {one.window for one in styles} == set(kind.windows)
        assert {one.base for one in styles} == set(kind.bases)
        assert {one.order for one in styles} == set(kind.orders)
        assert {one.crown for one in styles} == set(kind.crowns)
        assert {part for one in styles for part in one.extras} == set(kind.extras)
        assert {one.floors for one in styles} == set(range(*kind.floors))


def test_kinds_come_in_their_shares() -> None:
    for name, shares in MIXES.items():
        rng = default_rng(1)
        drawn = [draw_kind(rng, name) for _ in range(2000)]
        counts = np.array([drawn.count(kind) for kind in KINDS]) / 2000
        np.testing.assert_allclose(counts, shares, atol=0.04)


def test_floors_keep_to_their_limits() -> None:
    for kind, seed in ((kind, seed) for kind in KINDS for seed in range(30)):
        assert draw_style(default_rng(seed), kind, (1, 4)).floors <= max(3, KINDS[kind].floors[0])


@pytest.mark.parametrize("world", ["street", "suburb", "campus", "yard"])
def test_a_seed_gives_the_same_houses_from_far_and_near_first(world: str) -> None:
    camera = Camera(width=240, height=180, fx=180.0, fy=178.0, cx=119.0, cy=90.5)
    first, second = (
        Drive(5, camera, fps=1.0, speed=8.0, world=world, surfaces=Surfaces.procedural(1))
        for _ in range(2)
    )
    far_first = [first.frame(index) for index in (0, 4)]
    near_first = [second.frame(index) for index in (4, 0)][::-1]
    for one, other in zip(far_first, near_first, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_array_equal(one.depth, other.depth)


def test_a_mural_is_painted_when_it_is_seen_and_as_fine() -> None:
    scales: list[float] = []

    def paint(scale: float) -> Sketch:
        scales.append(scale)
        sheet = Sketch(8.0, 4.0, BUILDING, scale)
        sheet.box((0, 0), (4.0, 4.0), (200, 100, 40))
        return sheet

    mural = Mural(8.0, 4.0, BUILDING, 32.0, paint)
    assert mural.labels.shape == (128, 256)
    assert mural.solid_label == BUILDING
    assert scales == []
    small = mural.shrunk(4, 3)
    assert small.shape == (16, 16, 3)
    np.testing.assert_array_equal(small[:, :8], np.full((16, 8, 3), (200, 100, 40)))
    assert scales == [8.0]
    assert mural.shrunk(0, 1).shape == (64, 256, 3)
    mural.shrunk(1, 1)
    assert scales == [8.0, 32.0]
