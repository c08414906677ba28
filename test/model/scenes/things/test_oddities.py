"""Things of no class: drawn like all else, ignored by the truth, and the drive else unchanged."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from segnet_model import cli
from segnet_model.datasets.drives import IMAGE_TOPIC, LABELS_TOPIC
from segnet_model.datasets.folder import open_split
from segnet_model.datasets.sources import BagSource
from segnet_model.labels import LabelSet
from segnet_model.scenes import Camera, Drive, SceneFrame
from segnet_model.scenes.drawing.panels import Canvas, View, draw_panels
from segnet_model.scenes.ground.street import draw_street
from segnet_model.scenes.things.oddities import KINDS, draw_oddities, place_oddities
from segnet_model.scenes.weather.sky import draw_weather

CAMVID = LabelSet.load("camvid")
SMALL = Camera(width=240, height=180, fx=180.0, fy=178.0, cx=119.0, cy=90.5)
SEED = 6
Pair = tuple[SceneFrame, SceneFrame]


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """Return ten frames, a second apart, each without and with things of no class."""
    plain, odd = Drive(SEED, SMALL, fps=1.0), Drive(SEED, SMALL, fps=1.0, unknown=True)
    return list(zip(plain.frames(10), odd.frames(10), strict=True))


def drawn_alone(frame: SceneFrame) -> Canvas:
    """Return what is seen from a frame's pose when there is nothing else in the world."""
    street, weather = draw_street(SEED), draw_weather(SEED)
    things = draw_oddities(SEED, weather, SMALL.fx / 360.0)
    canvas = Canvas.empty(SMALL.height, SMALL.width)
    placed = [thing for block in range(-1, 5) for thing in place_oddities(things, street, block)]
    panels = [panel for thing in placed for panel in thing.panels]
    draw_panels(canvas, View(SMALL.matrix, frame.camera_to_world), panels)
    return canvas


def test_a_seed_gives_the_same_things_in_any_order(pairs: list[Pair]) -> None:
    again = Drive(SEED, SMALL, fps=1.0, unknown=True)
    for index in (6, 0, 9):
        frame = again.frame(index)
        np.testing.assert_array_equal(frame.image, pairs[index][1].image)
        np.testing.assert_array_equal(frame.labels, pairs[index][1].labels)
        np.testing.assert_array_equal(frame.depth, pairs[index][1].depth)


@pytest.mark.parametrize(
    ("seed", "grays", "counts"),
    [
        (
            3,
            [133, 205, 217, 214, 105, 120, 85, 73, 118, 76, 68, 80],
            [10734, 4764, 956, 17769, 2601, 3051, 272, 1186, 1290, 577, 0],
        ),
        (
            1042,
            [143, 226, 212, 157, 126, 131, 141, 89, 135, 127, 125, 122],
            [8762, 10018, 102, 19335, 742, 925, 224, 433, 2113, 156, 390],
        ),
    ],
)
def test_ordinary_drives_stay_as_they_were(seed: int, grays: list[int], counts: list[int]) -> None:
    """The networks that ship were trained on them. Coarse, so that it holds on any processor."""
    frame = Drive(seed, SMALL).frame(40)
    small = cv2.resize(frame.image, (4, 3), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(small.mean(axis=2).ravel(), grays, atol=0.75)
    np.testing.assert_allclose(np.bincount(frame.labels.ravel(), minlength=11), counts, atol=4)
    assert not frame.unknown.any()


def test_the_mask_is_what_the_label_set_ignores(pairs: list[Pair]) -> None:
    for plain, odd in pairs:
        assert odd.unknown.shape == odd.labels.shape
        assert odd.unknown.dtype == bool
        np.testing.assert_array_equal(odd.unknown, odd.labels == CAMVID.ignore_id)
        CAMVID.check_ids(odd.labels)
        assert not plain.unknown.any()


def test_the_rest_of_the_drive_is_the_same(pairs: list[Pair]) -> None:
    for plain, odd in pairs:
        rest = ~odd.unknown
        np.testing.assert_array_equal(odd.labels[rest], plain.labels[rest])
        np.testing.assert_array_equal(odd.depth[rest], plain.depth[rest])
        np.testing.assert_array_equal(odd.camera_to_world, plain.camera_to_world)
        sky = cv2.erode((odd.labels == 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        np.testing.assert_array_equal(odd.image[sky], plain.image[sky])  # no shadow, no blur


def test_nearer_things_hide_them(pairs: list[Pair]) -> None:
    hidden = 0
    for plain, odd in pairs:
        alone = drawn_alone(odd)
        seen = alone.depth < plain.depth
        np.testing.assert_array_equal(odd.unknown, seen)
        np.testing.assert_array_equal(odd.depth[seen], alone.depth[seen].astype(np.float32))
        hidden += int((np.isfinite(alone.depth) & ~seen).sum())
    assert hidden > 100


@pytest.mark.parametrize("seed", [0, 11, 5005])
def test_they_are_large_enough_to_be_seen(seed: int) -> None:
    frames = list(Drive(seed, SMALL, fps=1.0, unknown=True).frames(10))
    assert np.mean([frame.unknown.sum() >= 100 for frame in frames]) > 0.5  # 400 of a full image


def test_they_differ_in_looks_from_what_they_hide(pairs: list[Pair]) -> None:
    for plain, odd in pairs:
        difference = np.abs(odd.image.astype(int) - plain.image)[odd.unknown]
        assert difference.mean() > 25


def test_they_lie_clear_of_the_camera() -> None:
    street, things = draw_street(SEED), draw_oddities(SEED, draw_weather(SEED), 1.0)
    assert len(things) == len(KINDS) >= 4
    lane = street.keep * street.lane_width / 2
    for thing in (each for block in range(20) for each in place_oddities(things, street, block)):
        corners = np.concatenate(
            [panel.corners[0] + np.outer((0, 1), panel.corners[1]) for panel in thing.panels]
        )
        aside = corners[:, 1] - street.bend(corners[:, 0]) - lane
        assert np.abs(aside).min() > 0.3
        assert np.unique(np.sign(aside)).size == 1  # all of it on one side


def test_the_command_records_them(tmp_path: Path) -> None:
    bag, data = str(tmp_path / "drive"), str(tmp_path / "data")
    seed = ["--seed", str(SEED), "--unknown"]
    assert cli.main(["render", *seed, "--seconds", "0.2", "--out", bag]) == 0
    with BagSource(Path(bag), IMAGE_TOPIC) as source:
        for labels, frame in zip(
            source.labels_of(LABELS_TOPIC), Drive(SEED, unknown=True).frames(2), strict=True
        ):
            np.testing.assert_array_equal(labels.ids(), frame.labels)
    few = ["--drives", "1", "--frames", "1", "--val", "0", "--workers", "1"]
    assert cli.main(["render", *seed, *few, "--dataset", data]) == 0
    _, labels = open_split(Path(data), "train", CAMVID).read(0)
    assert (labels == CAMVID.ignore_id).sum() >= 400
