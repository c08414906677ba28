"""Images upside down, by fakes of known uncertainty and by the default network on drives."""

from __future__ import annotations

import numpy as np
import pytest

from segnet_model.base.tables import DEFAULT_WEIGHTS, AnswerSettings
from segnet_model.inference.answer import Answer
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.inference.upright import AGAIN, LOOKS, PERIOD, UprightCheck
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
    assert len(seen) == LOOKS + int((25 - 0.1 * LOOKS) / PERIOD)
    assert all((each == IMAGE[::-1, ::-1]).all() for each in seen)


def test_images_of_which_the_turned_ones_are_surer_are_upside_down_at_the_third():
    check = UprightCheck()
    said, seen = play(check, [0.3] * 100, turned=0.1)
    assert said == [False] * (LOOKS - 1) + [True] * (101 - LOOKS)
    assert len(seen) < 100 * 0.1 / AGAIN + LOOKS + 1
    said, _ = play(check, [0.3] * 40, turned=0.5, begin=200.0)  # turned in the driver
    assert said[LOOKS - 1 :] == [False] * (41 - LOOKS)


def test_a_single_odd_image_is_no_alarm():
    check = UprightCheck()
    for number in range(30):
        segment = lambda image: found(0.3)  # noqa: E731
        odd = 0.9 if number % 3 == 0 else 0.1
        assert not check.look(IMAGE, found(odd), segment, 100 + PERIOD * number)


def test_a_scene_in_doubt_is_not_turned_at_each_image():
    check, turned = UprightCheck(), []

    def segment(image):
        turned.append(image)
        return found(0.1 if len(turned) % 2 else 0.3)

    said = [check.look(IMAGE, found(0.2), segment, 100 + 0.1 * number) for number in range(600)]
    assert not any(said)
    assert len(turned) < 150


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
    answer = Answer(IMAGE, road, camvid, upside_down=True)
    assert "upside down" in answer.distrust
    assert not answer.drivable.any()
    off = Answer(IMAGE, road, camvid, AnswerSettings(place_check=False), upside_down=True)
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
    camera = draw_camera(seed) if seed % 2 else Camera()
    images = [Drive(seed, camera, fps=None, world=world).frame(i).image for i in (2, 9, 16)]
    for turned in (False, True):
        check = UprightCheck()
        for number, image in enumerate(images):
            shown = np.ascontiguousarray(image[::-1, ::-1]) if turned else image
            said = check.look(shown, predictor.predict(shown), predictor.predict, float(number))
        assert said == turned
