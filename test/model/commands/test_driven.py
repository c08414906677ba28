"""`segnet driven`: labels by where the robot drove, against the truth of rendered drives."""

from __future__ import annotations

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from odometry import odometry, record, recorded_way
from tf_messages import placed, tf_message, transform

from segnet_model.bags.images import parse, to_ids, to_rgb
from segnet_model.bags.messages import image_message, stamp_ns
from segnet_model.bags.reader import BagReader
from segnet_model.base.units import NANOSECONDS
from segnet_model.cli import main
from segnet_model.datasets.drives import (
    FRAME,
    IMAGE_TOPIC,
    INFO_TOPIC,
    LABELS_TOPIC,
    write_drive,
)
from segnet_model.driving import CameraPose
from segnet_model.labels import LabelSet
from segnet_model.recordings import driven_checks

CAMERA = ("--camera-height", "1.5", "--camera-pitch", "0.05")
ROBOT = ("--footprint", "0.8", "0.6", "--every", "0")
SPLIT = ("train", "trainannot")
IGNORED, DRIVABLE, BLOCKED = 255, 0, 1


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Two seconds of a rendered street, with exact odometry."""
    path = tmp_path_factory.mktemp("street") / "bag"
    write_drive(path, seed=5, seconds=2.0, fps=5)
    return path


@pytest.fixture(autouse=True)
def without_looks(request, monkeypatch):
    """No network looks whether images are upright, but where that is the test."""
    if "what" not in request.fixturenames:
        monkeypatch.setattr(driven_checks, "ORDER", ())


def run(bag, out, *more, code=0):
    words = ["driven", str(bag), "--topic", IMAGE_TOPIC, "--out", str(out), *ROBOT, *CAMERA]
    assert main([*words, *more]) == code


def compare(bag, out):
    """Ids of the truth below the drivable and the blocked pixels of all images."""
    with BagReader(bag) as reader:
        messages = [parse(raw) for raw in reader.messages(LABELS_TOPIC)]
    truth = {stamp_ns(each.header): to_ids(each) for each in messages}
    made = {p.stem: cv2.imread(str(p), 0) for p in sorted(out.glob("*annot/*.png"))}
    assert made
    of = {DRIVABLE: [], BLOCKED: []}
    for stem, labels in made.items():
        assert set(np.unique(labels)) <= {DRIVABLE, BLOCKED, IGNORED}
        for value, found in of.items():
            found.append(truth[int(stem)][labels == value])
    return np.concatenate(of[DRIVABLE]), np.concatenate(of[BLOCKED])


def test_the_ground_that_was_driven_over_is_road(street, tmp_path):
    out = tmp_path / "yard"
    run(street, out, "--no-network", "--val", "0")
    assert LabelSet.load(out / "labels.yaml").names == ("Drivable", "Blocked")
    images, labels = (sorted(each.name for each in (out / n).iterdir()) for n in SPLIT)
    assert images == labels
    assert len(images) == 8  # the last two of ten see no ground that was driven over later
    assert cv2.imread(str(out / "driven.png")).shape[1] == 4 * (320 + 4)
    drivable, blocked = compare(street, out)
    assert len(drivable) > 10_000
    assert not len(blocked)
    assert LabelSet.load("camvid").drivable[drivable].mean() > 0.99


def test_the_network_finds_what_bars_the_way(street, tmp_path):
    run(street, tmp_path / "yard", "--device", "cpu", "--every", "0.5")
    drivable, blocked = compare(street, tmp_path / "yard")
    assert LabelSet.load("camvid").drivable[drivable].mean() > 0.99
    assert len(blocked) > 50_000
    assert LabelSet.load("camvid").ground[blocked].mean() < 0.01


def test_odometry_that_drifts_and_shakes_still_marks_the_road(street, tmp_path):
    rng, shift = np.random.default_rng(0), 0.0
    said, before = [], None
    for time, stamp, message in recorded_way(street):
        p, q = message.pose.pose.position, message.pose.pose.orientation
        here = np.array([p.x, p.y])
        shift += 0.01 * (0 if before is None else np.linalg.norm(here - before))
        before = here
        yaw = 2 * np.arctan2(q.z, q.w) + rng.normal(0, 0.002)
        pose = np.eye(4)
        pose[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
        pose[:2, 3] = here + shift + rng.normal(0, 0.01, 2)
        said.append(("/odom", time, odometry(stamp, pose)))
    bag = record(tmp_path / "bag", street, (IMAGE_TOPIC, INFO_TOPIC, LABELS_TOPIC), said)
    run(bag, tmp_path / "yard", "--no-network")
    drivable, _ = compare(bag, tmp_path / "yard")
    assert LabelSet.load("camvid").drivable[drivable].mean() > 0.99


def test_it_goes_on_where_it_was_stopped(street, tmp_path):
    out = tmp_path / "yard"
    run(street, out, "--no-network", "--val", "0")
    before = {p: p.read_bytes() for p in out.glob("trainannot/*.png")}
    lost, *_ = before
    lost.unlink()
    run(street, out, "--no-network", "--val", "0")
    assert {p: p.read_bytes() for p in out.glob("trainannot/*.png")} == before


def wrong(street, tmp_path, capsys, said, *more):
    """The error for a recording with these messages; no label may be left behind."""
    bag = record(tmp_path / "bag", street, (IMAGE_TOPIC, INFO_TOPIC), said)
    run(bag, tmp_path / "yard", "--no-network", *more, code=2)
    assert not list(tmp_path.glob("yard/*annot/*.png"))
    return capsys.readouterr().err


def test_a_recording_without_odometry(street, tmp_path, capsys):
    error = wrong(street, tmp_path, capsys, [])
    assert "has no poses of the robot on /tf from odom to base_link; name the topic" in error


def test_clocks_that_do_not_agree(street, tmp_path, capsys):
    hour = 3600 * NANOSECONDS
    way = recorded_way(street)
    said = [("/odom", time, odometry(stamp + hour, np.eye(4))) for time, stamp, _ in way]
    error = wrong(street, tmp_path, capsys, said)
    assert "stamped -3600.0 s from its odometry, and have no time in common" in error


def test_a_robot_that_stands(street, tmp_path, capsys):
    said = [("/odom", time, odometry(stamp, np.eye(4))) for time, stamp, _ in recorded_way(street)]
    assert "the robot moved 0.00 m in all" in wrong(street, tmp_path, capsys, said)


def test_a_camera_that_looks_up(street, tmp_path, capsys):
    said = [("/odom", time, message) for time, _, message in recorded_way(street)]
    error = wrong(street, tmp_path, capsys, said, "--camera-pitch", "-1.0")
    assert "shows ground that the robot drove over; check the camera's pose" in error


def test_a_camera_that_looks_up_in_images_that_were_extracted(street, tmp_path, capsys):
    words = ["extract", str(street), "--topic", IMAGE_TOPIC, "--out", str(tmp_path / "yard")]
    assert main(words) == 0
    run(street, tmp_path / "yard", "--no-network", "--camera-pitch", "-1.0", code=2)
    assert "shows ground that the robot drove over" in capsys.readouterr().err


def turned(street, path, turn):
    """The street from a camera that was turned: its images by quarters to the left."""
    said = []
    with BagReader(street) as reader:
        for raw in reader.messages(IMAGE_TOPIC, INFO_TOPIC):
            message = parse(raw)
            if raw.topic == INFO_TOPIC:
                (k, width, height), side = (message.k, message.width, message.height), turn % 2
                k = [k[4], 0, k[5], 0, k[0], k[2], 0, 0, 1] if side else k
                p = [*k[:3], 0, *k[3:6], 0, *k[6:], 0]
                size = (width, height) if side else (height, width)
                message = replace(
                    message, k=np.array(k, float), p=np.array(p, float), d=np.zeros(0),
                    height=size[0], width=size[1],
                )  # fmt: skip
            else:
                message = image_message(
                    message.header, np.rot90(to_rgb(message, raw.type), turn), "rgb8"
                )
            said.append((raw.topic, raw.receive_ns, message))
    return record(path, street, ("/odom",), said)


@pytest.mark.parametrize("network", [("--device", "cpu"), ("--no-network",)])
@pytest.mark.parametrize(
    ("turn", "what"),
    [(2, "upside down: the network is surer of them turned by half a turn"),
     (1, "on its side: the network is surer of its images turned by a quarter to the right")],
)  # fmt: skip
def test_images_that_are_not_upright(street, tmp_path, capsys, turn, what, network):
    bag = turned(street, tmp_path / "bag", turn)
    run(bag, tmp_path / "yard", *network, code=2)
    error = capsys.readouterr().err
    assert f"{IMAGE_TOPIC} in bag {bag}: the " in error
    assert what in error
    assert "give --turned and --no-network" in error
    assert not (tmp_path / "yard").exists()


def test_a_camera_that_hangs_upside_down_and_says_so(street, tmp_path):
    """The same labels, turned."""
    run(street, tmp_path / "one", "--no-network", "--val", "0")
    bag = turned(street, tmp_path / "bag", 2)
    roll = ("--camera-roll", str(np.pi), "--turned")
    run(bag, tmp_path / "two", "--no-network", "--val", "0", *roll)
    for each in (tmp_path / "one" / "trainannot").iterdir():
        one, two = (
            cv2.imread(str(each), 0),
            cv2.imread(str(tmp_path / "two/trainannot" / each.name), 0),
        )
        assert (one != np.rot90(two, 2)).mean() < 0.002


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--camera-roll", "3.1"), "hangs upside down, and no network learns from such images"),
        (("--camera-roll", "-1.5"), "lies on its side, and no network learns from such images"),
        (("--camera-pitch", "-1.5"), "drove over; check the camera's pose: it looks 86 degrees up"),
    ],
)
def test_a_pose_by_which_the_camera_does_not_see_the_ground_below(
    street, tmp_path, capsys, more, why
):
    run(street, tmp_path / "yard", "--no-network", *more, code=2)
    assert why in capsys.readouterr().err
    assert not (tmp_path / "yard").exists()


LINK = np.eye(4)
LINK[:3, 3] = 0.2, 0, 1.5
OPTICAL = np.linalg.inv(LINK) @ CameraPose.mounted(height=1.5, pitch=0.05, x=0.2).matrix
WAY = "odom", "base_link", np.eye(4)
MOUNT, LENS = ("base_link", "camera", LINK), ("camera", FRAME, OPTICAL)


def exchanged(edge):
    """The transform with its parent and child the wrong way round."""
    parent, child, matrix = edge
    return child, parent, matrix


def by_tf(street, tmp_path, fixed, moving=(), more=()):
    """Label the street with these transforms: parent, child and matrix."""
    said = [("/odom", time, message) for time, _, message in recorded_way(street)]
    topics = {"/tf_static": [fixed] if fixed else [], "/tf": [moving] * len(said) if moving else []}
    for topic, several in topics.items():
        for edges, (_, time, message) in zip(several, said, strict=False):
            stamp = stamp_ns(message.header)
            tf = tf_message(*[transform(a, b, stamp, *placed(matrix)) for a, b, matrix in edges])
            said = [*said, (topic, time, tf)]
    bag = record(tmp_path / "bag", street, (IMAGE_TOPIC, INFO_TOPIC), said)
    words = ["driven", str(bag), "--out", str(tmp_path / "yard"), *ROBOT, "--no-network"]
    return main([*words, *more])


def test_a_pose_from_tf(street, tmp_path):
    assert by_tf(street, tmp_path, [MOUNT, LENS], [WAY]) == 0
    drivable, _ = compare(street, tmp_path / "yard")
    assert LabelSet.load("camvid").drivable[drivable].mean() > 0.99


@pytest.mark.parametrize(
    ("fixed", "moving", "why"),
    [
        (
            [exchanged(MOUNT), LENS],
            [],
            r"is -1\.5 m above the ground.* from camera to base_link we",
        ),
        ([MOUNT, exchanged(LENS)], [], f"camera has several parents, base_link, {FRAME}: one"),
        ([exchanged(("base_link", FRAME, LINK @ OPTICAL))], [], "are its parent and child exch"),
        ([MOUNT, ("camera", FRAME, np.eye(4))], [], "it looks 90 degrees up; .* optical frame"),
        ([MOUNT, exchanged(MOUNT), LENS], [], "camera, base_link lead in a circle, which has no"),
        ([exchanged(MOUNT), LENS], [WAY], "base_link has several parents, camera, odom: one of"),
    ],
)
def test_transforms_that_are_exchanged_or_in_a_circle(street, tmp_path, capsys, fixed, moving, why):
    assert by_tf(street, tmp_path, fixed, moving) == 2
    assert re.search(why, capsys.readouterr().err)
    assert not (tmp_path / "yard").exists()


def test_a_way_in_a_circle(street, tmp_path, capsys):
    moving = [WAY, exchanged(WAY)]
    assert by_tf(street, tmp_path, [MOUNT, LENS], moving, ("--odom-frame", "odom")) == 2
    assert "no pose of base_link in odom: the transforms of" in capsys.readouterr().err
    assert not (tmp_path / "yard").exists()


def curve(count=101, meters=10.0, radians=1.5, heading=1.0):
    """Poses (count, 4, 4) of a robot that drives ahead along an arc."""
    yaw = heading + np.linspace(0, radians, count)
    step = meters / (count - 1) * np.stack([np.cos(yaw), np.sin(yaw)], axis=1)
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :2, 3] = np.cumsum(step, axis=0)
    poses[:, 0, 0] = poses[:, 1, 1] = np.cos(yaw)
    poses[:, 1, 0], poses[:, 0, 1] = np.sin(yaw), -np.sin(yaw)
    return poses


def on_the_spot(turn):
    """A turn to the left on the spot, (4, 4)."""
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    return matrix


def along(street, poses, parent="odom", child="base_link"):
    """Odometry over the time of the street, of these poses."""
    stamps = [stamp for _, stamp, _ in recorded_way(street)]
    times = np.linspace(stamps[0], stamps[-1], len(poses)).astype(np.int64).tolist()
    return [("/odom", t, odometry(t, p, parent, child)) for t, p in zip(times, poses, strict=True)]


def test_odometry_that_is_the_wrong_way_round(street, tmp_path, capsys):
    error = wrong(street, tmp_path, capsys, along(street, np.linalg.inv(curve())))
    assert "by its poses from odom to base_link, the robot of bag" in error
    assert "drives sidewards, and by their inverses ahead: parent and child of these" in error
    assert "name another source of the way with --odometry or --odom-frame" in error


@pytest.mark.parametrize("turn", [0.0, np.pi / 2])
def test_a_robot_that_drives_ahead_or_to_its_side_all_the_way(street, tmp_path, caplog, turn):
    """Neither is a fault: some robots can drive to their side, though none sees there."""
    poses = curve(radians=0 if turn else 1.5) @ on_the_spot(turn)
    bag = record(tmp_path / "bag", street, (IMAGE_TOPIC, INFO_TOPIC), along(street, poses))
    run(bag, tmp_path / "yard", "--no-network", code=2 if turn else 0)
    assert "inverses" not in caplog.text


def test_a_robot_that_drives_back_all_the_way_is_said(street, tmp_path, caplog):
    """It may have, or its poses are the wrong way round."""
    poses = np.linalg.inv(curve(radians=0, heading=0))
    bag = record(tmp_path / "bag", street, (IMAGE_TOPIC, INFO_TOPIC), along(street, poses))
    run(bag, tmp_path / "yard", "--no-network")
    assert "drives back, and by their inverses ahead; if it did not drive back, par" in caplog.text


def test_odometry_that_names_its_frames_the_wrong_way_round(street, tmp_path, capsys):
    said = along(street, curve(), "base_link", "odom")
    error = wrong(street, tmp_path, capsys, said)
    assert "/odom gives poses of odom in base_link, and the robot is base_link: frame_id" in error


def test_a_way_in_tf_that_is_the_wrong_way_round(street, tmp_path, capsys):
    stamps = [stamp for _, stamp, _ in recorded_way(street)]
    times = np.linspace(stamps[0], stamps[-1], 101).astype(np.int64).tolist()
    said = [
        ("/tf", t, tf_message(transform("base_link", "odom", t, *placed(pose))))
        for t, pose in zip(times, curve(), strict=True)
    ]
    error = wrong(street, tmp_path, capsys, said)
    assert "drives sidewards, and by their inverses ahead: parent and child of these" in error


def test_no_pose_of_the_camera(street, tmp_path, capsys):
    words = ["driven", str(street), "--topic", IMAGE_TOPIC, "--out", str(tmp_path / "yard"), *ROBOT]
    assert main([*words, "--no-network"]) == 2
    assert "no transforms on /tf or /tf_static" in capsys.readouterr().err


def test_a_camera_that_may_move(street, tmp_path, capsys):
    """Its pose is on /tf, which `segnet label` follows."""
    fixed = CameraPose.mounted(height=1.5, pitch=0.05)
    said = [("/odom", time, message) for time, _, message in recorded_way(street)]
    for time, stamp, _ in recorded_way(street):
        moving = transform("base_link", FRAME, stamp, *placed(fixed.matrix))
        said.append(("/tf", time, tf_message(moving)))
    bag = record(tmp_path / "bag", street, (IMAGE_TOPIC, INFO_TOPIC), said)
    words = ["driven", str(bag), "--out", str(tmp_path / "yard"), *ROBOT, "--no-network"]
    assert main(words) == 2
    assert "camera's pose in base_link on /tf only, where it may move" in capsys.readouterr().err
    assert not (tmp_path / "yard").exists()


def test_a_footprint_of_nothing(street, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["driven", str(street), "--out", str(tmp_path / "y"), "--footprint", "0", "0.5"])
    assert "0 is out of range" in capsys.readouterr().err


def test_where_no_ground_was_driven_over_nothing_is_left(street, tmp_path, capsys):
    run(street, tmp_path / "far" / "yard", "--no-network", "--reach", "0.1", code=2)
    assert "shows ground that the robot drove over; check the camera" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
