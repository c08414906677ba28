"""`segnet label`: the ground map of a recording, with the robot's pose from odometry or tf."""

from __future__ import annotations

import numpy as np
import pytest
from small_bag import messages_on
from tf_messages import matrix, placed, tf_message, transform

from segnet_model.bags.messages import make_header, odometry_message
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.cli import main
from segnet_model.datasets.drives import FRAME, IMAGE_TOPIC, INFO_TOPIC
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.map_spec import MapSpec
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.driving.rolling_map import RollingMap

POSE = CameraPose.mounted(1.1, pitch=0.6)
GRID, MAP = "/segmentation/drivable_grid", "/segmentation/drivable_map"
TOPICS = ("--topics", "drivable_map", "--max-uncertainty", "0.99", "--map-rate", "100")
GIVEN = ("--camera-height", "1.1", "--camera-pitch", "0.6")
STEP = 10**8


def robot(time, start):
    """A pose that turns and moves on: x, y and yaw after some time in nanoseconds."""
    since = (time - start) / STEP
    return 100 + 0.2 * since, -50 + 0.1 * since, 0.3 + 0.05 * since


def pose(time, start):
    x, y, yaw = robot(time, start)
    return matrix((x, y, 0.1), (0, 0, 1), yaw)


@pytest.fixture
def record(drive, tmp_path):
    """Record the drive with the topic and message that `said` gives for a time; they come late."""

    def write(said, *, until=None):
        bag = tmp_path / f"bag{len(list(tmp_path.iterdir()))}"
        with BagReader(drive) as reader, BagWriter(bag) as writer:
            start = reader.start_ns
            fixed = transform("base_link", FRAME, start, *placed(POSE.matrix))
            writer.write("/tf_static", tf_message(fixed), start)
            for time in range(start - STEP, until or reader.end_ns + 2 * STEP, STEP):
                topic, message = said(time, start)
                writer.write(topic, message, time + STEP // 2)
            for raw in reader.messages(IMAGE_TOPIC, INFO_TOPIC):
                writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
        return bag

    return write


def by_odometry(time, start):
    return "/odom", odometry_message(make_header(time, "odom"), "base_link", pose(time, start))


def by_tf(time, start):
    return "/tf", tf_message(transform("odom", "base_link", time, *placed(pose(time, start))))


@pytest.fixture
def label(skyless, tmp_path):
    def run(bag, *more, code=0):
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        words = ["label", str(bag), str(skyless), "--out", str(out), "--device", "cpu"]
        assert main([*words, *TOPICS, *more]) == code
        return out

    return run


def maps(out):
    return [np.asarray(each.data) for each in messages_on(out, MAP)]


def test_the_map_is_fused_from_the_grids_at_the_robots_poses(record, label, drive):
    """Against the library's map, with poses from the closed form that was recorded."""
    out = label(record(by_odometry), "--odometry", "/odom", "--map-size", "12")
    with BagReader(drive) as bag:
        start = bag.start_ns
    info = messages_on(drive, INFO_TOPIC)[0]
    spec = GridSpec(0.1, 0.0, 15.0, -7.5, 7.5)
    lens = Lens.from_camera_info(info.width, info.height, info.k)
    in_view = GroundProjector(lens, POSE, spec).in_view
    rolling = RollingMap(MapSpec(0.1, 12.0))
    found = messages_on(out, MAP)
    grids = messages_on(out, GRID)
    assert len(found) == len(grids) == 6
    for grid, said in zip(grids, found, strict=True):
        time = grid.header.stamp.sec * 10**9 + grid.header.stamp.nanosec
        cells = np.asarray(grid.data, np.int8).reshape(150, 150)
        rolling.add(cells, in_view, spec, RobotPose(*robot(time, start)), time / 1e9)
        truth = rolling.cells()
        assert (np.asarray(said.data).reshape(truth.shape) != truth).mean() < 0.001
        assert (said.header.frame_id, said.header.stamp) == ("odom", grid.header.stamp)
        corner = said.info.origin.position
        np.testing.assert_allclose((corner.x, corner.y), rolling.corner)
        assert said.info.resolution == pytest.approx(0.1)
    assert (rolling.cells() > -1).any()


def test_tf_gives_the_same_map_and_by_default(record, label):
    odometry = label(record(by_odometry), "--odometry", "/odom")
    by_name, bag = maps(odometry), record(by_tf)
    np.testing.assert_array_equal(maps(label(bag)), by_name)
    with BagReader(odometry) as labeled:
        assert labeled.topics[MAP].latched


def test_usual_topics_have_the_map_where_the_robots_pose_is_known(record, skyless, tmp_path):
    words = ["label", "", str(skyless), "--device", "cpu", "--out"]
    for said, has_map in ((by_tf, True), (by_odometry, False)):
        words[1] = str(record(said))
        assert main([*words, str(tmp_path / said.__name__)]) == 0
        with BagReader(tmp_path / said.__name__) as bag:
            assert GRID in bag.topics
            assert (MAP in bag.topics) == has_map


def test_a_map_that_cannot_be_made_is_named(record, skyless, tmp_path, caplog):
    """Where no topics are named: 20 m of a map at 31 mm are too many cells, 15 m of a grid not."""
    words = ["label", str(record(by_tf)), str(skyless), "--device", "cpu"]
    assert main([*words, "--grid-resolution", "0.031", "--out", str(tmp_path / "out")]) == 0
    with BagReader(tmp_path / "out") as bag:
        assert GRID in bag.topics
        assert MAP not in bag.topics
    assert "no drivable_map: the map has 646 x 646 cells" in caplog.text


def test_the_map_comes_at_a_rate_of_its_own(record, label):
    assert len(maps(label(record(by_tf), "--map-rate", "5"))) == 3  # of images at 10 Hz


def test_the_map_forgets_while_the_pose_is_not_to_be_trusted(record, label):
    out = label(record(by_tf), "--camera-height", "1.1", "--camera-pitch", "-0.3")
    assert len(maps(out)) == 6
    assert all((each == -1).all() for each in maps(out))


def test_grids_without_the_robots_pose_are_counted(record, label, drive, capsys):
    with BagReader(drive) as bag:
        until = bag.start_ns + 3 * STEP
    out = label(record(by_tf, until=until))
    assert len(maps(out)) == 3
    assert len(messages_on(out, GRID)) == 6
    said = capsys.readouterr().out
    assert "3 images are not in drivable_map:\n  3 x no pose of base_link in odom at" in said


def test_poses_of_no_place_on_earth_are_counted(record, label, capsys):
    """From three images on, as of a filter that diverged; the labeling goes on."""

    def diverged(time, start):
        if time < start + 3 * STEP:
            return by_odometry(time, start)
        far = matrix((1e9, 0, 0), (0, 0, 1), 0)
        return "/odom", odometry_message(make_header(time, "odom"), "base_link", far)

    out = label(record(diverged), "--odometry", "/odom")
    assert len(messages_on(out, GRID)) == 6
    assert len(maps(out)) == 3
    said = capsys.readouterr().out
    assert "3 images are not in drivable_map:\n  3 x the robot's pose 1e+09, 0 m" in said


def test_no_pose_is_made_up_within_a_gap_of_odometry(record, label, capsys):
    """As in the node: between poses 0.7 s apart, the robot may have been anywhere."""

    def with_gap(time, start):
        return by_tf(time, start) if start <= time <= start + 5 * STEP else by_odometry(time, start)

    out = label(record(with_gap), "--odometry", "/odom")
    assert len(messages_on(out, GRID)) == 6
    with BagReader(out) as bag:
        assert MAP not in bag.topics
    assert "6 images are not in drivable_map:\n  6 x no pose" in capsys.readouterr().out


def test_what_the_recording_lacks_is_said_before_the_work(record, label, capsys):
    for said, more, why in (
        (by_odometry, (), "no pose of base_link in odom; name a frame with --map-frame"),
        (by_tf, ("--map-frame", "map"), "no pose of base_link in map"),
        (by_tf, ("--odometry", "/odom"), "has no nav_msgs/msg/Odometry on /odom"),
        (by_odometry, ("--odometry", "/odom", "--base-frame", "base_footprint", *GIVEN),
         "no pose of base_footprint in odom"),
        (by_odometry, ("--odometry", "/odom", "--map-size", "200", "--grid-resolution", "0.01"),
         "the map has 20000 x 20000 cells"),
    ):  # fmt: skip
        label(record(said), *more, code=2)
        assert why in capsys.readouterr().err
