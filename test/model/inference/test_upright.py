"""Images upside down, by fakes of known uncertainty and by the default network on drives."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Picture

from segnet_model.base.tables import DEFAULT_WEIGHTS, AnswerSettings
from segnet_model.inference.answer import Answer
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.inference.upright import AGAIN, LOOKS, PERIOD, UprightCheck, not_upright
from segnet_model.labels import LabelSet
from segnet_model.scenes import Camera, Drive
from segnet_model.scenes.camera.rig import draw_camera

IMAGE = np.arange(8 * 10 * 3, dtype=np.uint8).reshape(8, 10, 3)


def found(uncertainty, alone=False):
    confidence = np.full((8, 10), np.nan if alone else 1.0, np.float32)
    return Segmentation(np.zeros((8, 10), np.uint8), confidence, np.full((8, 10), uncertainty))


def play(check, uncertainties, turned, step=0.1, begin=100.0):
    """Images of these uncertainties; what the check says after each, and those it turned."""
    seen, said = [], []

    def segment(image):
        seen.append(image)
        return found(turned)

    for number, each in enumerate(uncertainties):
        said.append(check.look(IMAGE, found(each), segment, begin + step * number))
    return said, seen


def test_upright_images_are_turned_now_and_then():
    said, seen = play(UprightCheck(), [0.1] * 250, turned=0.3)
    assert not any(said)
    order = [*[2] * LOOKS, *[1] * LOOKS, *[3] * LOOKS, *[2, 1, 3] * int(25 / PERIOD)]
    assert len(seen) == len(order)
    for turn, each in zip(order, seen, strict=True):
        expected = Picture.fromarray(np.rot90(IMAGE, turn)).resize((10, 8), Picture.BILINEAR)
        assert each.shape == IMAGE.shape
        far = np.abs(each.astype(int) - np.asarray(expected)).max()
        assert far == 0 if turn == 2 else far < 0.1 * np.ptp(IMAGE)


def test_images_of_which_the_turned_ones_are_surer_are_upside_down_at_the_third():
    check = UprightCheck()
    said, seen = play(check, [0.3] * 100, turned=0.1)
    assert said == [0] * (LOOKS - 1) + [2] * (101 - LOOKS)
    assert len(seen) < 3 * (100 * 0.1 / AGAIN + LOOKS + 1)
    said, _ = play(check, [0.3] * 40, turned=0.5, begin=200.0)  # turned in the driver
    assert said[LOOKS - 1 :] == [0] * (41 - LOOKS)


@pytest.mark.parametrize(("turn", "side"), [(1, "left"), (3, "right")])
def test_a_camera_on_its_side_is_told_by_the_turn_of_which_the_network_is_surest(turn, side):
    """Turned by half a turn, the network is a bit surer, too."""
    check, upright = UprightCheck(), np.rot90(IMAGE, turn)

    def segment(image):
        away = [np.abs(np.rot90(IMAGE, each).mean(1)[0] - image.mean(1)[0]) for each in range(4)]
        return found(0.1 if np.argmin([each.sum() for each in away]) == turn else 0.22)

    assert upright.shape == (10, 8, 3)
    said = [check.look(IMAGE, found(0.3), segment, 100 + 0.1 * number) for number in range(20)]
    before = 2 * LOOKS if turn == 1 else 3 * LOOKS
    assert said == [0] * (LOOKS - 1) + [2] * (before - LOOKS) + [turn] * (21 - before)
    assert f"turned by a quarter to the {side}" in not_upright(said[-1])


def test_a_single_odd_image_is_no_alarm():
    check = UprightCheck()
    for number in range(30):
        segment = lambda image: found(0.3)  # noqa: E731
        odd = 0.9 if number % 4 == 0 else 0.1  # each of three turns meets every third image
        assert not check.look(IMAGE, found(odd), segment, 100 + PERIOD * number)


@pytest.mark.parametrize(
    ("ratios", "turn"),
    [((0.82, 0.60, 0.80), 2), ((0.82, 0.80, 0.81), 0), ((0.4, 1.01, 0.4), 0), ((0.0, 0.9, 0.9), 2)],
)
def test_looks_agree_together(ratios, turn):
    check = UprightCheck()
    for number, ratio in enumerate(ratios):
        segment = lambda image, ratio=ratio: found(0.2 * ratio)  # noqa: E731
        said = check.look(IMAGE, found(0.2), segment, 100.0 + number)
    assert said == turn


def test_a_scene_in_doubt_is_not_turned_at_each_image():
    check, turned = UprightCheck(), []

    def segment(image):
        turned.append(image)
        return found(0.1 if len(turned) % 2 else 0.3)

    said = [check.look(IMAGE, found(0.2), segment, 100 + 0.1 * number) for number in range(600)]
    assert not any(said)
    assert len(turned) < 150


def test_without_its_answer_an_image_is_segmented_as_its_copies_are():
    check, upright = UprightCheck(), []

    def segment(image):
        upright.append(image is IMAGE)
        return found(0.1)

    assert not any(check.look(IMAGE, None, segment, 100 + 0.1 * number) for number in range(30))
    assert sum(upright) == len(upright) / 2 == LOOKS * 3


@pytest.mark.parametrize("uncertainty", [0.0, np.nan])
def test_certainty_and_ids_alone_say_nothing(uncertainty):
    check, alone = UprightCheck(), bool(np.isnan(uncertainty))
    segment = lambda image: found(uncertainty, alone)  # noqa: E731
    for number in range(9):
        assert not check.look(IMAGE, found(uncertainty, alone), segment, 100.0 + number)


def test_nothing_is_drivable_upside_down_unless_the_check_is_off():
    camvid = LabelSet.load("camvid")
    labels = np.full((8, 10), camvid.names.index("Road"), np.uint8)
    road = Segmentation(labels, np.ones((8, 10), np.float32), np.zeros((8, 10), np.float32))
    answer = Answer(IMAGE, road, camvid, turn=2)
    assert "upside down" in answer.distrust
    assert not answer.drivable.any()
    off = Answer(IMAGE, road, camvid, AnswerSettings(place_check=False), turn=2)
    assert off.distrust == ""
    assert off.drivable.all()


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load(DEFAULT_WEIGHTS, "cpu")


WORLDS = ("street", "suburb", "park", "trail", "yard", "campus")


@pytest.mark.parametrize(
    ("world", "seed"),
    [("street", 7102), ("park", 7103)]
    + [
        pytest.param(world, seed, marks=pytest.mark.slow)
        for world in WORLDS
        for seed in range(7110, 7116)
    ],
)
def test_the_default_network_knows_up_from_down(predictor, world, seed):
    """Drives that it never saw; every other one from a drawn camera, tilted and distorted."""
    images = frames(world, seed)
    for turned in (False, True):
        shown = [np.ascontiguousarray(np.rot90(each, 2 * turned)) for each in images]
        assert told(predictor, shown, 3 * LOOKS) == 2 * turned


@pytest.mark.parametrize("turn", [1, 3])
def test_the_default_network_knows_a_camera_on_its_side(predictor, turn):
    for world, seed in (("street", 7102), ("campus", 7113)):
        shown = [np.ascontiguousarray(np.rot90(each, -turn)) for each in frames(world, seed)]
        assert told(predictor, shown, 3 * LOOKS) == turn


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_nine_of_ten_cameras_on_their_side_are_told(predictor):
    """Where ground fills the image, it may look alike on its side."""
    found = []
    for world in WORLDS:
        for seed in range(7110, 7116):
            turn = 1 if seed % 3 else 3
            shown = [np.ascontiguousarray(np.rot90(each, -turn)) for each in frames(world, seed)]
            found.append(told(predictor, shown, 3 * LOOKS) > 0)
            print(world, seed, found[-1])
    assert np.mean(found) >= 0.9


def frames(world, seed):
    camera = draw_camera(seed) if seed % 2 else Camera()
    return [Drive(seed, camera, fps=None, world=world).frame(i).image for i in (2, 9, 16)]


def told(predictor, images, number):
    """The turn after a number of looks, one each second."""
    check = UprightCheck()
    for second in range(number):
        image = images[second % len(images)]
        said = check.look(image, predictor.predict(image), predictor.predict, float(second))
    return said
