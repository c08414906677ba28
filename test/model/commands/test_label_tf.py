"""`segnet label`: the ground grid where the recording's tf has the camera's place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_bag import messages_on
from tf_messages import placed, tf_message, transform

from segnet_model.bags.images import to_rgb
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.cli import main
from segnet_model.datasets.drives import FRAME, IMAGE_TOPIC, INFO_TOPIC
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.inference.outputs import DEFAULT_OUTPUTS
from segnet_model.inference.predictor import Predictor

# The horizon is not in view, as labels drawn by chance would contradict it.
POSE = CameraPose.mounted(1.1, pitch=0.6, x=0.3)
GIVEN = ("--camera-height", "1.1", "--camera-pitch", "0.6", "--camera-forward", "0.3")
GRID = "/segmentation/drivable_grid"
ROUNDED = 0.001  # share of cells on whose edge a pixel lies, which 1e-16 m may move
STEP = 10**8  # nanoseconds between two images


@pytest.fixture(scope="module")
def times(drive):
    with BagReader(drive) as bag:
        return [raw.receive_ns for raw in bag.messages(IMAGE_TOPIC)]


@pytest.fixture
def record(drive, tmp_path):
    """Record the drive with transforms at times: topic, time and transforms of each message."""

    def write(*said, topics=(IMAGE_TOPIC, INFO_TOPIC), lag=0):
        bag = tmp_path / "bag"
        with BagReader(drive) as reader, BagWriter(bag) as writer:
            left = sorted(said, key=lambda each: each[1])
            for raw in reader.messages(*topics):
                while left and left[0][1] <= raw.receive_ns + lag:
                    topic, time, *transforms = left.pop(0)
                    writer.write(topic, tf_message(*transforms), time)
                writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns + lag)
            for topic, time, *transforms in left:
                writer.write(topic, tf_message(*transforms), time)
        return bag

    return write


@pytest.fixture
def label(skyless, tmp_path):
    def run(bag, *more, code=0):
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        words = ["label", str(bag), str(skyless), "--out", str(out), "--device", "cpu"]
        assert main([*words, "--max-uncertainty", "0.99", *more]) == code
        return out

    return run


def grids(out):
    return [np.asarray(each.data) for each in messages_on(out, GRID)]


def fixed(time, base="base_link"):
    """The camera on a mast, on the robot, in the order in which nobody needs them."""
    lift = np.eye(4)
    lift[2, 3] = 0.5
    above = np.linalg.inv(lift) @ POSE.matrix
    return [
        ("/tf_static", time, transform("mast", FRAME, time, *placed(above))),
        ("/tf_static", time, transform(base, "mast", time, *placed(lift))),
    ]


def test_fixed_transforms_give_the_same_grid_as_options(record, label, times):
    bag = record(*fixed(times[0]))
    found = grids(label(bag))
    assert len(found) == len(times)
    assert all((each > -1).any() for each in found)
    assert (np.array(found) != grids(label(bag, *GIVEN))).mean() < ROUNDED


def test_images_before_the_first_transform_have_a_grid_too(record, label, times):
    assert len(grids(label(record(*fixed(times[-1]))))) == len(times)


def test_the_base_frame_is_the_grids(record, label, times):
    bag = record(*fixed(times[0], base="base_footprint"))
    out = label(bag, "--base-frame", "base_footprint")
    assert {each.header.frame_id for each in messages_on(out, GRID)} == {"base_footprint"}
    assert len(grids(out)) == len(times)


def test_without_a_way_to_the_base_frame_the_usual_topics_leave_the_grid_out(
    record, label, times, caplog
):
    out = label(record(*fixed(times[0], base="base_footprint")))
    with BagReader(out) as bag:
        names = {each.removeprefix("/segmentation/") for each in bag.topics if "segm" in each}
    assert names == {*DEFAULT_OUTPUTS, "camera_info"}
    assert f"no way from {FRAME} to base_link; it is below mast, base_footprint" in caplog.text
    assert "name a frame of the robot with --base-frame" in caplog.text


def test_a_grid_that_is_asked_for_is_refused_before_the_work(record, label, times, capsys):
    bag = record(*fixed(times[0], base="base_footprint"))
    out = label(bag, "--topics", "drivable_grid", code=2)
    assert not out.exists()
    assert "no way from" in capsys.readouterr().err


@pytest.mark.parametrize("late", [0, STEP // 4])
def test_a_camera_that_moves_is_followed_to_the_time_of_each_image(
    record, label, times, skyless, late
):
    """Its pitch and height change; the transforms come between the images, early or late."""

    def pose(time):
        share = (time - times[0]) / (times[-1] - times[0])
        return CameraPose.mounted(1.0 + 0.4 * share, pitch=0.6 + 0.2 * share)

    at = [times[0] - STEP // 2 + i * STEP for i in range(len(times) + 1)]
    said = [
        ("/tf", t + late, transform("base_link", FRAME, t, *placed(pose(t).matrix))) for t in at
    ]
    out = label(record(*said))
    predictor, info = Predictor.load(skyless, "cpu"), messages_on(out, INFO_TOPIC)[0]
    lens = Lens.from_camera_info(info.width, info.height, info.k)
    spec = GridSpec(0.1, 0.0, 15.0, -7.5, 7.5)
    found = grids(out)
    assert len(found) == len(times)
    for time, image, cells in zip(times, messages_on(out, IMAGE_TOPIC), found, strict=True):
        answer = predictor.predict(to_rgb(image, "sensor_msgs/msg/Image"))
        projector = GroundProjector(lens, pose(time), spec)
        truth = projector.grid(answer.labels, answer.uncertainty, predictor.info.labels, 0.99)
        assert (cells.reshape(truth.shape) != truth).mean() < ROUNDED


def test_images_without_a_pose_are_counted_and_named(record, label, times, capsys):
    """A publisher that died before the first image; its last word is used for half a second."""
    stopped = times[0] - 3 * STEP
    moved = transform("base_link", FRAME, stopped, *placed(POSE.matrix))
    out = label(record(("/tf", stopped, moved)))
    assert len(grids(out)) == 3  # up to half a second later
    assert len(messages_on(out, "/segmentation/mask")) == len(times)
    said = capsys.readouterr().out
    assert (
        f"{len(times) - 3} images have no drivable_grid:\n  {len(times) - 3} x no transform" in said
    )
    assert "check the clocks" in said


def test_an_uncalibrated_camera_beside_tf_costs_the_grid_alone(drive, label, record, times, capsys):
    bag = record(*fixed(times[0]), topics=(IMAGE_TOPIC,))
    with BagReader(bag) as reader, BagWriter(bag.with_name("blank")) as writer:
        info = replace(messages_on(drive, INFO_TOPIC)[0], k=np.zeros(9))
        writer.write(INFO_TOPIC, info, times[0])
        for raw in reader.messages():
            writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
    out = label(bag.with_name("blank"))
    assert len(messages_on(out, "/segmentation/mask")) == len(times)
    assert f"{len(times)} images have no drivable_grid" in capsys.readouterr().out
    label(bag.with_name("blank"), *GIVEN, code=2)
    assert "the camera is uncalibrated" in capsys.readouterr().err


def test_a_pose_that_the_images_contradict_is_named(record, label, times, capsys, caplog):
    """Weights drawn by chance see ground everywhere."""
    level = CameraPose.mounted(1.1, pitch=-0.3)
    bag = record(("/tf_static", times[0], transform("base_link", FRAME, 0, *placed(level.matrix))))
    out = label(bag)
    assert all((each == -1).all() for each in grids(out))
    said = capsys.readouterr().out
    assert f"{len(times)} images have nothing drivable, as they are not to be trusted" in said
    assert "the camera's pose cannot be right: it looks 17 degrees up" in said
    assert caplog.text.count("an image has nothing drivable") == 1
