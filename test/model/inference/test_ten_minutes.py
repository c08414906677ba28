"""Ten minutes of the default network's own kind of drives, in simulated time: at most one alarm."""

from __future__ import annotations

import numpy as np
import pytest

from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.datasets.drives import DriveSettings
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.motion import Look, MotionEstimate
from segnet_model.inference.answer import Answer
from segnet_model.inference.place import PlaceMonitor
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.upright import UprightCheck

SPAN = 2.0  # seconds between two pairs of images
RATES = {"street": 10.0, "suburb": 10.0, "park": 5.0}  # Hz of the two images of a pair
MINUTES = [("street", 8101), ("suburb", 8102), ("park", 8103), ("street", 8104)]
MINUTES += [("suburb", 8105), ("park", 8106), ("street", 8107), ("suburb", 8108)]
MINUTES += [("park", 8109), ("street", 8110)]


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load(DEFAULT_WEIGHTS, "cpu")


def alarms(predictor, world, seed, begin, seconds):
    """The reasons at which trust ended, as the node would say them with odometry."""
    drive, rate = DriveSettings(world=world).drive(seed, RATES[world]), RATES[world]
    camera, labels = drive.camera, predictor.info.labels
    lens = Lens.from_camera_info(camera.width, camera.height, camera.matrix.ravel().tolist())
    first = CameraPose(drive.frame(0).camera_to_world)  # it sways by half a degree from here
    pose = CameraPose.mounted(first.height, float(np.radians(first.pitch)))
    ground = GroundProjector(lens, pose, GridSpec(resolution=0.5))
    place, upright, motion = PlaceMonitor(), UprightCheck(), MotionEstimate(lens)
    said, before, last = [], "", None
    for second in np.arange(0, seconds, SPAN):
        for number in range(2):
            frame = drive.frame(round(second * rate) + number)
            time = float(begin + second + number / rate)
            found = place.smooth(predictor.predict(frame.image), time)
            turn = upright.look(frame.image, found, predictor.predict, time)
            answer = Answer(
                frame.image, found, labels, bound=predictor.bound, ground=ground,
                turn=turn, contradiction=motion.contradiction(pose),
            )  # fmt: skip
            sure = labels.ground[found.labels] & (found.uncertainty <= answer.max_uncertainty)
            look, where = Look.of(frame.image, sure), frame.camera_to_world[:2, 3]
            if number and last is not None:
                motion.add(last[0], look, float(np.linalg.norm(where - last[1])))
            last = look, where
            if answer.distrust and not before:
                said.append(f"{world} {seed}, {second:g} s: {answer.distrust}")
            before = answer.distrust
    return said


def test_ten_seconds_of_a_street_raise_no_alarm(predictor):
    assert alarms(predictor, *MINUTES[0], 0.0, 10.0) == []


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_ten_minutes_raise_one_alarm_at_most(predictor):
    said = []
    for number, (world, seed) in enumerate(MINUTES):
        said += alarms(predictor, world, seed, 60.0 * number, 60.0)
        print(world, seed, said)
    assert len(said) <= 1, said
