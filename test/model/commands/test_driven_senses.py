"""`segnet driven` with a laser scanner, bumpers and a second odometry, on a rendered street."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from driven_way import ground
from odometry import odometry, record, recorded_way
from sensor_messages import bump, imu, laser_scan, pressed
from tf_messages import quaternion, tf_message, transform

from segnet_model.bags.images import parse, to_ids
from segnet_model.bags.messages import stamp_ns
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.units import NANOSECONDS
from segnet_model.cli import main
from segnet_model.datasets.drives import (
    DEPTH_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    LABELS_TOPIC,
    ODOMETRY_TOPIC,
    write_drive,
)
from segnet_model.driving import CameraPose
from segnet_model.driving.calibration import read_lens
from segnet_model.labels import LabelSet
from segnet_model.recordings import driven_checks

CAMERA = CameraPose.mounted(height=1.5, pitch=0.05)
HEIGHT, STEP = 0.8, 0.01  # of the scanner in meters, and between its beams in radians
HELD = (IMAGE_TOPIC, INFO_TOPIC, ODOMETRY_TOPIC)
SCANNER = ("--scan", "/scan", "--scan-pose", "0", "0", str(HEIGHT), "0", "--scan-reach", "20")
DRIVABLE, BLOCKED = 0, 1


@pytest.fixture(autouse=True)
def without_looks(monkeypatch):
    """No network looks whether images are upright."""
    monkeypatch.setattr(driven_checks, "ORDER", ())


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Two seconds of a rendered street, with exact odometry and depth."""
    path = tmp_path_factory.mktemp("street") / "bag"
    write_drive(path, seed=5, seconds=2.0, fps=10, depth=True)
    return path


@pytest.fixture(scope="module")
def truth(street):
    """Lens, and labels and depth of each stamp."""
    found = {LABELS_TOPIC: {}, DEPTH_TOPIC: {}}
    with BagReader(street) as reader:
        lens = read_lens(parse(next(reader.messages(INFO_TOPIC))), False)
        for raw in reader.messages(*found):
            message = parse(raw)
            found[raw.topic][stamp_ns(message.header)] = message
    labels = {stamp: to_ids(each) for stamp, each in found[LABELS_TOPIC].items()}
    depth = {
        stamp: np.frombuffer(each.data.tobytes(), np.float32).reshape(each.height, each.width)
        for stamp, each in found[DEPTH_TOPIC].items()
    }
    return lens, labels, depth


def run(bag, out, *more, code=0):
    words = ["driven", str(bag), "--topic", IMAGE_TOPIC, "--out", str(out), "--no-network"]
    words += ["--footprint", "0.8", "0.6", "--every", "0", "--val", "0"]
    words += ["--camera-height", "1.5", "--camera-pitch", "0.05"]
    assert main([*words, *more]) == code


def labels_of(out):
    return {int(p.stem): cv2.imread(str(p), 0) for p in sorted(out.glob("trainannot/*.png"))}


def scanned(lens, ids, depth):
    """What a level scanner above the robot's origin measures, by the depth of each pixel."""
    u, v = np.meshgrid(np.arange(lens.width), np.arange(lens.height))
    rays = np.stack(
        [(u - lens.center[0]) / lens.focal[0], (v - lens.center[1]) / lens.focal[1], u * 0 + 1], -1
    )
    depth = np.where(np.isfinite(depth), depth, 1e6)  # of the sky
    points = (rays * depth[..., None]) @ CAMERA.matrix[:3, :3].T + CAMERA.matrix[:3, 3]
    met = (np.abs(points[..., 2] - HEIGHT) < 0.1) & ~LabelSet.load("camvid").ground[ids]
    x, y, _ = points[met].T
    beams = np.round(np.arctan2(y, x) / STEP).astype(int) + 100
    ranges = np.full(201, np.inf)
    np.minimum.at(ranges, beams, np.hypot(x, y))
    return ranges


def with_scans(street, path, ranges_of, **changed):
    """The street with a scan for each image."""
    said = []
    with BagReader(street) as reader:
        for raw in reader.messages(IMAGE_TOPIC):
            stamp = stamp_ns(parse(raw).header)
            scan = laser_scan(stamp, ranges_of(stamp), -1.0, STEP, **changed)
            said.append(("/scan", raw.receive_ns + 30_000_000, scan))
    return record(path, street, HELD, said)


def test_what_a_scanner_meets_is_blocked(street, truth, tmp_path):
    lens, ids, depth = truth

    def ranges(stamp):
        found = scanned(lens, ids[stamp], depth[stamp])
        return np.where(np.isinf(found), 0.0, found)  # as many drivers say that nothing was met

    bag = with_scans(street, tmp_path / "bag", ranges, range_min=0.0)
    run(bag, tmp_path / "yard", *SCANNER)
    made = labels_of(tmp_path / "yard")
    assert len(made) > 12
    blocked = np.concatenate([ids[stamp][each == BLOCKED] for stamp, each in made.items()])
    drivable = np.concatenate([ids[stamp][each == DRIVABLE] for stamp, each in made.items()])
    assert len(blocked) > 300
    assert LabelSet.load("camvid").ground[blocked].mean() < 0.03
    assert LabelSet.load("camvid").drivable[drivable].mean() > 0.99


def test_ground_behind_a_thing_is_not_drivable(street, truth, tmp_path):
    """A wall that goes away before the robot comes: it hides what was driven over later."""
    wall = 4.0 / np.cos(np.arange(201) * STEP - 1.0)  # across the way, 4 m ahead
    bag = with_scans(street, tmp_path / "bag", lambda s: wall)
    run(bag, tmp_path / "yard", *SCANNER)
    ahead = ground(truth[0], CAMERA)[..., 0]
    made = labels_of(tmp_path / "yard").values()
    assert 3.5 < max(ahead[each == DRIVABLE].max() for each in made) < 4.0
    assert all((each == BLOCKED).any() for each in made)


def test_things_right_before_the_robot_leave_no_ground(street, tmp_path, capsys):
    """A scanner that sees its own robot, say."""
    bag = with_scans(street, tmp_path / "bag", lambda s: np.full(201, 1.0))
    why = refused(bag, tmp_path, capsys, *SCANNER)
    assert "drove over and is not left out by --scan, --bumper, --imu or --compare; check" in why


def test_the_scanner_is_where_tf_says(street, truth, tmp_path):
    """One that is mounted upside down, turned and behind sees the same wall."""
    bearings = np.arange(201) * STEP - 1.0
    plain = with_scans(street, tmp_path / "plain", lambda s: 4.0 / np.cos(bearings))
    run(plain, tmp_path / "one", *SCANNER)
    # x' = x + 1, turned by half a turn about x: beams go round the other way.
    seen = [("/tf_static", 0, tf_message(
        transform("base_link", "laser", 0, (-1.0, 0, HEIGHT), quaternion((1, 0, 0), np.pi))
    ))]  # fmt: skip
    placed = with_scans(street, tmp_path / "moved", lambda s: 5.0 / np.cos(bearings))
    both = record(tmp_path / "bag", placed, (*HELD, "/scan"), seen)
    run(both, tmp_path / "two", "--scan", "/scan", "--scan-reach", "20")
    one, two = labels_of(tmp_path / "one"), labels_of(tmp_path / "two")
    assert one.keys() == two.keys()
    for stamp, each in one.items():
        assert (each != two[stamp]).mean() < 0.01


def bumped(street, path, said_of, shift=0):
    """The street with bumper messages by seconds since the start; its clock may be another."""
    with BagReader(street) as reader:
        start = reader.start_ns
        said = [(raw.topic, raw.receive_ns + shift, parse(raw)) for raw in reader.messages(*HELD)]
    said += [("/bumper", start + shift + int(t * 1e9), each) for t, each in said_of]
    with BagWriter(path) as writer:
        for topic, time, message in sorted(said, key=lambda each: each[1]):
            writer.write(topic, message, time)
    return path


@pytest.mark.parametrize("events", [False, True])
def test_what_the_robot_bumped_into_is_blocked(street, truth, tmp_path, capsys, events):
    said = [(1.0, bump())] if events else [(t / 10, pressed(10 <= t < 15)) for t in range(20)]
    bag = bumped(street, tmp_path / "bag", said)
    run(bag, tmp_path / "yard", "--bumper", "/bumper")
    assert ", with 1 bumps" in capsys.readouterr().out
    way = {s: m.pose.pose.position for _, s, m in recorded_way(street)}
    start, ahead, before = min(way), ground(truth[0], CAMERA)[..., 0], []
    bumped_at = way[start + NANOSECONDS]
    for stamp, each in labels_of(tmp_path / "yard").items():
        seconds = (stamp - start) / NANOSECONDS
        assert not 1.0 < seconds < 1.5  # odometry is not trusted while it is pressed
        if (each == BLOCKED).any():
            before.append(seconds)
            driven = np.hypot(bumped_at.x - way[stamp].x, bumped_at.y - way[stamp].y)
            edge = driven + 0.4 + 0.03 + 0.02 * driven
            found = ahead[each == BLOCKED]
            assert edge - 0.02 < found.min() <= found.max() < edge + 0.17
            assert ahead[each == DRIVABLE].max() < driven + 0.4
    assert len(before) > 2
    assert max(before) < 1.0


def test_bumps_have_the_clock_of_odometry(street, tmp_path):
    """A simulation has another clock than the recorder."""
    said = [(t / 10, pressed(10 <= t < 15)) for t in range(20)]
    made = []
    for name, shift in (("one", 0), ("two", 7200 * NANOSECONDS)):
        run(bumped(street, tmp_path / f"bag_{name}", said, shift), tmp_path / name,
            "--bumper", "/bumper")  # fmt: skip
        made.append(labels_of(tmp_path / name))
    assert made[0].keys() == made[1].keys()
    assert any((each == BLOCKED).any() for each in made[0].values())
    for stamp, each in made[0].items():
        np.testing.assert_array_equal(each, made[1][stamp])


def test_wheels_that_slip_end_the_way(tmp_path, capsys):
    """Wheels that spin for 0.4 s, beside odometry by a camera."""
    street = tmp_path / "street"
    write_drive(street, seed=5, seconds=6.0, fps=3)
    way, extra, said = recorded_way(street), 0.0, []
    start = way[0][1]
    for time, stamp, message in way:
        p, q = message.pose.pose.position, message.pose.pose.orientation
        pose, yaw = np.eye(4), 2 * np.arctan2(q.z, q.w)
        extra += 0.4 if 3.0e9 <= stamp - start < 3.4e9 else 0
        pose[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
        pose[:3, 3] = p.x + extra, p.y, p.z
        said += [("/wheels", time, odometry(stamp, pose)), ("/odom", time, message)]
    bag = record(tmp_path / "bag", street, (IMAGE_TOPIC, INFO_TOPIC), said)
    run(bag, tmp_path / "yard", "--odometry", "/wheels", "--compare", "/odom")
    assert re.search(r"with 1 slips of wheels", capsys.readouterr().out)
    times = [(stamp - start) / NANOSECONDS for stamp in labels_of(tmp_path / "yard")]
    assert not [t for t in times if 3.0 < t < 3.4]
    assert min(times) < 2.0
    assert max(times) > 4.5


def turning(street, path, mounted):
    """A robot that winds along, whose wheels slip at 3 s, and an IMU that hangs upside down."""
    said, place, way = [], np.zeros(2), recorded_way(street)
    for time, stamp, _ in way:
        seconds = (stamp - way[0][1]) / NANOSECONDS
        yaw = 0.5 * np.sin(seconds) + 0.8 * np.clip((seconds - 3.0) / 0.4, 0, 1)
        place = place + 0.2 * np.array([np.cos(yaw), np.sin(yaw)])
        pose = np.eye(4)
        pose[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
        pose[:2, 3] = place
        said.append(("/odom", time, odometry(stamp, pose)))
        said.append(("/imu", time, imu(stamp, (0, 0, -0.5 * np.cos(seconds) + 0.03))))
    if mounted:
        fixed = transform("base_link", "imu", 0, (0, 0, 0), quaternion((1, 0, 0), np.pi))
        said.append(("/tf_static", said[0][1], tf_message(fixed)))
    return record(path, street, (IMAGE_TOPIC, INFO_TOPIC), said)


def test_a_gyroscope_notices_slip_however_it_is_mounted(tmp_path, capsys):
    street = tmp_path / "street"
    write_drive(street, seed=5, seconds=6.0, fps=3)
    run(turning(street, tmp_path / "bag", mounted=True), tmp_path / "yard", "--imu", "/imu")
    assert "with 1 slips of wheels" in capsys.readouterr().out
    bag = turning(street, tmp_path / "no_tf", mounted=False)
    why = refused(bag, tmp_path, capsys, "--imu", "/imu")
    assert "/imu turns the other way than odometry" in why
    assert "record its pose in /tf_static" in why


def refused(bag, tmp_path, capsys, *more):
    run(bag, tmp_path / "new" / "yard", *more, code=2)
    assert not (tmp_path / "new").exists()
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "more", "why"),
    [
        ({}, ("--scan", "/scan"), r"no pose of laser, .* give it by hand: --scan-pose X Y Z YAW"),
        ({}, ("--scan", "/lidar"), "has no topic /lidar"),
        ({}, ("--scan", "/odom"), "type nav_msgs/msg/Odometry; expected sensor_msgs/msg/LaserScan"),
        ({}, ("--scan", "/scan", "--scan-pose", "0", "0", "0", "0"), "is 0 m above the ground"),
        ({}, ("--scan", "/scan", *SCANNER), "--scan-pose is of one scanner; record /tf_static"),
        (
            {"angle_max": 3.0},
            SCANNER,
            "its 201 ranges do not fit the angles .* mend its d",
        ),
        ({"angle_increment": 0.0}, SCANNER, "no scan of /scan in bag .*angle_increment is 0"),
        ({"time_increment": 0.1}, SCANNER, "its beams take 20.1 s; time_increment is in seconds"),
        ({}, ("--bumper", "/odom"), "expected std_msgs/msg/Bool or std_msgs/msg/Empty"),
        ({}, ("--imu", "/scan"), "expected sensor_msgs/msg/Imu"),
        ({}, ("--compare", "/scan"), "expected nav_msgs/msg/Odometry or geometry_msgs"),
        ({}, ("--compare", "/odom"), "/odom says the same as odometry, pose by pose; name another"),
        ({}, ("--compare", "map"), "has no poses of the robot on /tf from map to base_link"),
    ],
)
def test_sensors_that_cannot_be_used(street, tmp_path, capsys, changed, more, why):
    bag = with_scans(street, tmp_path / "bag", lambda s: np.full(201, 3.0), **changed)
    assert re.search(why, refused(bag, tmp_path, capsys, *more), re.DOTALL)


def test_scans_of_another_clock(street, tmp_path, capsys):
    said = [
        ("/scan", time, laser_scan(stamp + 3600 * NANOSECONDS, np.full(201, 3.0), -1.0, STEP))
        for time, stamp, _ in recorded_way(street)
    ]
    bag = record(tmp_path / "bag", street, HELD, said)
    assert "+3600.0 s from odometry, and have no" in refused(bag, tmp_path, capsys, *SCANNER)


def test_a_bumper_that_is_wired_the_other_way(street, tmp_path, capsys):
    bag = bumped(street, tmp_path / "bag", [(t / 10, pressed(not 10 <= t < 12)) for t in range(20)])
    why = refused(bag, tmp_path, capsys, "--bumper", "/bumper")
    assert re.search(r"/bumper in bag .* is pressed for \d\d% of the drive, .* the other way", why)


@pytest.mark.parametrize(
    ("covariance", "rate", "why"),
    [(-1.0, 0.0, "its gyroscope measures nothing"), (0.0, np.nan, "turning rate is not finite")],
)
def test_an_imu_without_a_gyroscope(street, tmp_path, capsys, covariance, rate, why):
    said = [
        ("/imu", time, imu(stamp, (0, 0, rate), covariance=covariance))
        for time, stamp, _ in recorded_way(street)
    ]
    bag = record(tmp_path / "bag", street, HELD, said)
    assert why in refused(bag, tmp_path, capsys, "--imu", "/imu")
