"""Worlds beyond the street: the same for a seed, exact in geometry, with paths where they are."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from segnet_model.base.choices import WORLDS
from segnet_model.base.errors import SettingsError
from segnet_model.scenes import Camera, Drive, SceneFrame
from segnet_model.scenes.drawing.panels import Canvas, View
from segnet_model.scenes.drawing.rays import cast_rays, ground_hits
from segnet_model.scenes.ground.terrain import PatchKind, Zone
from segnet_model.scenes.nature.park import draw_park
from segnet_model.scenes.nature.world import NatureWorld
from segnet_model.scenes.weather.sky import draw_weather
from segnet_model.scenes.worlds import chosen_world

SMALL = Camera(width=240, height=180, fx=180.0, fy=178.0, cx=119.0, cy=90.5)
NEW = tuple(world for world in WORLDS if world not in ("street", "mixed"))
GROUND = {"Road": 3, "Pavement": 4, "Path": 12, "Grass": 13, "RoughGround": 14, "Water": 15}
DRIVABLE = [GROUND["Road"], GROUND["Path"]]


def drive(world: str, seed: int = 3) -> Drive:
    return Drive(seed, SMALL, fps=None, world=world)


@pytest.fixture(scope="module", params=NEW)
def frames(request: pytest.FixtureRequest) -> tuple[Drive, list[SceneFrame]]:
    """Return a drive and four frames of it, 8 m apart."""
    made = drive(request.param)
    return made, list(made.frames(4))


Frames = tuple[Drive, list[SceneFrame]]


def ground_points(frame: SceneFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """Return where the rays of all pixels below 40 m that show ground meet z = 0, and labels."""
    near = np.isin(frame.labels, list(GROUND.values())) & (frame.depth < 40)
    v, u = np.nonzero(near)
    rays = np.stack([(u - SMALL.cx) / SMALL.fx, (v - SMALL.cy) / SMALL.fy, np.ones(len(u))])
    rays = frame.camera_to_world[:3, :3] @ rays
    depth = -frame.camera_to_world[2, 3] / rays[2]
    flat = np.isclose(frame.depth[v, u], depth, rtol=1e-5)  # no blades of grass
    return frame.camera_to_world[:3, 3] + (rays * depth).T[flat], frame.labels[v, u][flat]


def test_a_seed_gives_the_same_frames_in_any_order(frames: Frames) -> None:
    made, expected = frames
    again = Drive(3, SMALL, fps=None, world=made.world)
    for index in (3, 0, 2):
        frame = again.frame(index)
        for name in ("image", "labels", "depth", "camera_to_world"):
            np.testing.assert_array_equal(getattr(frame, name), getattr(expected[index], name))


def test_drivable_ground_is_where_the_world_says_so(frames: Frames) -> None:
    made, shown = frames
    for frame in shown:
        points, labels = ground_points(frame)
        expected = made.is_drivable(points[:, 0], points[:, 1])
        # A ray's ground point is rounded, so a point on the very edge may fall to either side.
        assert (np.isin(labels, DRIVABLE) == expected).mean() > 0.999


def test_ground_depth_is_where_the_ray_meets_the_plane(frames: Frames) -> None:
    for frame in frames[1]:
        v, u = np.nonzero(np.isin(frame.labels, DRIVABLE))
        rays = np.stack([(u - SMALL.cx) / SMALL.fx, (v - SMALL.cy) / SMALL.fy, np.ones(len(u))])
        falling = frame.camera_to_world[2, :3] @ rays
        expected = -frame.camera_to_world[2, 3] / falling
        np.testing.assert_allclose(frame.depth[v, u], expected, rtol=1e-6)


def test_only_the_sky_is_infinitely_far_and_nothing_is_below_the_ground(frames: Frames) -> None:
    for frame in frames[1]:
        np.testing.assert_array_equal(np.isinf(frame.depth), frame.labels == 0)
        v, u = np.nonzero(frame.labels)
        rays = np.stack([(u - SMALL.cx) / SMALL.fx, (v - SMALL.cy) / SMALL.fy, np.ones(len(u))])
        height = frame.camera_to_world[2, :3] @ rays * frame.depth[v, u]
        assert (height + frame.camera_to_world[2, 3]).min() > -1e-2


def test_walls_and_fences_keep_off_the_path() -> None:
    """Walls and fences keep off the way: near points of these classes lie beside it."""
    for world in ("trail", "yard"):
        made = drive(world, seed=5)
        for frame in made.frames(3):
            v, u = np.nonzero(np.isin(frame.labels, [1, 7]) & (frame.depth < 15))
            rays = np.stack([(u - SMALL.cx) / SMALL.fx, (v - SMALL.cy) / SMALL.fy, np.ones(len(u))])
            points = frame.camera_to_world[:3, :3] @ (rays * frame.depth[v, u])
            points += frame.camera_to_world[:3, 3:]
            if points.size:
                assert made.is_drivable(points[0], points[1]).mean() < 0.1


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        ("suburb", {"Road", "Grass"}),
        ("park", {"Path", "Grass"}),
        ("trail", {"Path", "Grass", "RoughGround"}),
    ],
)
def test_worlds_show_their_ground(world: str, expected: set[str]) -> None:
    share = dict.fromkeys(expected, 0.0)
    for seed in range(4):
        labels = drive(world, seed).frame(1).labels
        for name in expected:
            share[name] += float((labels == GROUND[name]).mean()) / 4
    assert all(value > 0.005 for value in share.values()), share


def test_mixed_worlds_are_drawn_by_the_seed() -> None:
    drawn = [chosen_world("mixed", seed) for seed in range(60)]
    assert set(drawn) == set(WORLDS) - {"mixed"}
    assert 0.25 < np.isin(drawn, ["street", "suburb"]).mean() < 0.55
    first = drive("mixed", 0).frame(1)
    np.testing.assert_array_equal(first.image, drive(drawn[0], 0).frame(1).image)


def test_unknown_objects_are_added_to_a_park() -> None:
    plain = [frame.unknown.sum() for frame in drive("park").frames(4)]
    odd = Drive(3, SMALL, fps=None, world="park", unknown=True)
    assert sum(plain) == 0
    assert sum(frame.unknown.sum() for frame in odd.frames(4)) > 20


def test_a_frame_without_a_rate_is_drawn_every_eight_meters(frames: Frames) -> None:
    along = [frame.camera_to_world[0, 3] for frame in frames[1]]
    np.testing.assert_allclose(np.diff(along), 8.0)


def test_an_unknown_world_is_refused() -> None:
    with pytest.raises(SettingsError, match="no world is called 'moon'; use one of street, suburb"):
        Drive(0, SMALL, world="moon")


def test_a_pond_may_fill_the_image() -> None:
    weather = draw_weather(3)
    style = draw_park(3, weather)
    lake = PatchKind(Zone.WATER, 30.0, (20.0, 30.0), (0.0, 3.0), on_way=True)
    terrain = replace(style.terrain, kinds=(lake,))
    world = NatureWorld(replace(style, terrain=terrain), 3, weather, 1.0, False, None)
    view = View(Camera().matrix, world.pose(20.0, 0.0, 1.5, 0.4))
    canvas = Canvas.empty(360, 480)
    hits = ground_hits(view, cast_rays(view, canvas.labels.shape))
    world.paint(canvas, hits, [], view.camera_to_world[:3, 3])
    # More points than OpenCV remaps in a row.
    assert (canvas.labels == GROUND["Water"]).sum() > 32767
