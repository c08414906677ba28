"""The player and the recorder as processes of their own, over real topics."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import Program

pytest.importorskip("rclpy")

from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from segnet_model.bags.messages import (
    FFMPEG_PACKET,
    FFMPEG_PACKET_FIELDS,
    IMAGE,
    image_message,
    make_header,
    pose_message,
    stamp_ns,
    standard_types,
)
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.datasets.sources import BagSource
from segnet_ros.ros.message_types import message_class

pytestmark = pytest.mark.ros
Start = Callable[..., Program]
NewNode = Callable[[str], Any]
PLAYER, RECORDER = "segnet_ros.bags.player", "segnet_ros.bags.recorder"
CAMERA, TRUTH, POSE = "/camera/image_raw", "/truth/labels", "/truth/pose"
START_NS = 1_700_000_000_000_000_000
COUNT = 8
WAIT = 60.0  # seconds, after which a test has failed


def picture(seed: int) -> np.ndarray:
    # As large as a camera's, so that it takes more than one network packet.
    return np.random.default_rng(seed).integers(0, 256, (120, 160, 3), np.uint8)


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    with BagWriter(tmp_path / "drive") as bag:
        for i in range(COUNT):
            stamp = START_NS + i * 50_000_000
            bag.write_labels(TRUTH, stamp, "camera", picture(i)[..., 0])
            bag.write_image(CAMERA, stamp, "camera", picture(i))
            bag.write(POSE, pose_message(make_header(stamp, "world"), np.eye(4)), stamp)
    return tmp_path / "drive"


def parameters(**values: Any) -> list[str]:
    pairs = (("-p", f"{name}:={value}") for name, value in values.items())
    return ["--ros-args", *(word for pair in pairs for word in pair)]


def wait_for_line(process: Program, text: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"ended with {process.wait()} before {text!r}")


def finish(process: Program, with_signal: signal.Signals | None = None) -> str:
    if with_signal is not None:
        process.send_signal(with_signal)
    output = process.communicate(timeout=WAIT)[0]
    assert process.returncode == 0, output
    return output


def wait_until_idle(process: Program) -> None:
    """Wait until it has dealt with all that has come: all its threads sleep, again and again."""
    end, idle = time.monotonic() + WAIT, 0
    while idle < 10:
        assert time.monotonic() < end, "it always has something to do"
        stats = [path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/stat")]
        states = {text.rpartition(")")[2].split()[0] for text in stats}
        idle = idle + 1 if states == {"S"} else 0
        time.sleep(0.02)


def record(ros_process: Start, out: Path, *topics: str, **values: Any) -> Program:
    if topics:
        values["topics"] = f"[{','.join(topics)}]"
    recorder = ros_process(RECORDER, *parameters(out=out, **values))
    wait_for_line(recorder, "recording to")
    return recorder


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_played_bag_is_recorded_unchanged(
    ros_process: Start, drive: Path, tmp_path: Path, storage: str
) -> None:
    out = tmp_path / "copy"
    recorder = record(ros_process, out, CAMERA, TRUTH, POSE, storage=storage)
    finish(ros_process(PLAYER, *parameters(bag=drive, topic=CAMERA, rate=0.2)))
    wait_until_idle(recorder)
    assert f"recorded {3 * COUNT} messages of 3 topics" in finish(recorder, signal.SIGINT)
    with BagReader(drive) as sent, BagReader(out) as got:
        for topic in (CAMERA, TRUTH, POSE):
            before = [bytes(message.data) for message in sent.messages(topic)]
            assert [bytes(message.data) for message in got.messages(topic)] == before
        times = [message.receive_ns for message in got.messages(CAMERA)]
    # 250 ms apart, give or take what a busy computer does.
    assert 1.5 < (times[-1] - times[0]) / 1e9 < 7.5


def test_repeated_ctrl_c_keeps_the_recording(
    ros_process: Start, drive: Path, tmp_path: Path
) -> None:
    recorder = record(ros_process, tmp_path / "copy", CAMERA)
    finish(ros_process(PLAYER, *parameters(bag=drive, topic=CAMERA, rate=5.0)))
    wait_until_idle(recorder)
    while recorder.poll() is None:
        recorder.send_signal(signal.SIGINT)
        time.sleep(0.002)
    assert f"recorded {COUNT} messages of 1 topics" in finish(recorder)
    with BagSource(tmp_path / "copy", CAMERA) as got:
        assert len(list(got.images())) == COUNT


def test_restamped_messages_stay_paired(ros_process: Start, drive: Path, tmp_path: Path) -> None:
    recorder = record(ros_process, tmp_path / "copy", CAMERA, TRUTH)
    before = time.time_ns()
    finish(ros_process(PLAYER, *parameters(bag=drive, topic=CAMERA, restamp=True, rate=2.0)))
    wait_until_idle(recorder)
    finish(recorder, signal.SIGTERM)
    with BagSource(tmp_path / "copy", CAMERA) as got:
        images = list(got.images())
        labels = [label.stamp_ns for label in got.labels_of(TRUTH)]
    stamps = [frame.stamp_ns for frame, _ in images]
    assert stamps == sorted(set(stamps)) == labels
    assert before < stamps[0] < stamps[-1] < time.time_ns()
    for seed, (frame, image) in enumerate(images):
        np.testing.assert_array_equal(image, picture(seed))
        assert 0 <= frame.receive_ns - frame.stamp_ns < 5e9


def test_restamping_gives_images_without_a_stamp_different_ones(
    ros_process: Start, tmp_path: Path
) -> None:
    with BagWriter(tmp_path / "drive") as bag:
        for i in range(COUNT):
            bag.write_raw(CAMERA, IMAGE, unstamped(i), START_NS + i * 50_000_000)
    recorder = record(ros_process, tmp_path / "copy", CAMERA)
    finish(ros_process(PLAYER, *parameters(bag=tmp_path / "drive", restamp=True)))
    wait_until_idle(recorder)
    finish(recorder, signal.SIGINT)
    with BagSource(tmp_path / "copy") as got:
        stamps = [frame.stamp_ns for frame, _ in got.images()]
    assert stamps == sorted(set(stamps))
    assert len(stamps) == COUNT


def unstamped(seed: int) -> bytes:
    message = image_message(make_header(0, "camera"), picture(seed), "rgb8")
    return bytes(standard_types().serialize_cdr(message, IMAGE))


class Echo:
    """Sends the header of every image back, late, and forgets one."""

    def __init__(self, node: Any, delay: float, forget: int | None = None) -> None:
        self.node = node
        self.stamps: list[int] = []
        self.delay, self.forget = delay, forget
        self.back = self.node.create_publisher(Image, "/back", 10)
        self.node.create_subscription(Image, CAMERA, self.receive, 1)

    def receive(self, image: Image) -> None:
        self.stamps.append(stamp_ns(image.header))
        time.sleep(self.delay)
        if len(self.stamps) - 1 != self.forget:
            self.back.publish(Image(header=image.header))

    def spin_for(self, seconds: float, while_true: Callable[[], bool] = lambda: True) -> None:
        executor = SingleThreadedExecutor()
        executor.add_node(self.node)
        end = time.monotonic() + seconds
        while while_true() and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.05)

    def spin_until_end_of(self, process: Program) -> str:
        self.spin_for(30, lambda: process.poll() is None)
        return finish(process)


def test_lockstep_waits_for_a_slow_subscriber(
    ros_process: Start, new_node: NewNode, drive: Path
) -> None:
    echo = Echo(new_node("echo"), delay=0.2)  # four frames' time, with a queue of one
    player = ros_process(PLAYER, *parameters(bag=drive, topic=CAMERA, wait_for="/back"))
    echo.spin_until_end_of(player)
    assert echo.stamps == [START_NS + i * 50_000_000 for i in range(COUNT)]


def test_playing_waits_for_a_subscriber_to_the_output(
    ros_process: Start, new_node: NewNode, drive: Path
) -> None:
    """By a recorder, which cannot listen before it has found the topic."""
    echo = Echo(new_node("echo"), delay=0)
    settings = {"wait_for": "/back", "heard": "/back", "start_timeout": 20.0}
    player = ros_process(PLAYER, *parameters(bag=drive, topic=CAMERA, **settings))
    wait_for_line(player, "waiting for subscribers to /camera/image_raw: 1")
    recorder = new_node("recorder")
    echo.spin_for(2.0)
    assert echo.stamps == []
    recorder.create_subscription(Image, "/back", lambda image: None, 10)
    echo.spin_until_end_of(player)
    assert len(echo.stamps) == COUNT


def test_lockstep_goes_on_without_an_answer(
    ros_process: Start, new_node: NewNode, drive: Path
) -> None:
    echo = Echo(new_node("echo"), delay=0, forget=3)
    settings = parameters(bag=drive, topic=CAMERA, wait_for="/back", wait_timeout=3.0)
    output = echo.spin_until_end_of(ros_process(PLAYER, *settings))
    assert len(echo.stamps) == COUNT
    assert output.count("was not answered on /back in 3 s") == 1
    assert str(echo.stamps[3]) in output


def test_a_late_recorder_gets_latched_messages_with_their_definition(
    ros_process: Start, new_node: NewNode, tmp_path: Path
) -> None:
    messages = pytest.importorskip("segnet_ros.msg")
    latched = QoSProfile(
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )
    node = new_node("sender")
    sender = node.create_publisher(messages.ClassMap, "/late/segmentation/class_map", latched)
    road = messages.SegmentationClass(id=3, name="Road", drivable=True)
    sender.publish(messages.ClassMap(network="segnet", classes=[road]))
    node.create_publisher(String, "/elsewhere", 10)
    best_effort = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    stream = node.create_publisher(Header, "/late/segmentation/tick", best_effort)
    # No topics: all below the prefix. One of its own, for a node of another test that was killed
    # may still seem to be there.
    recorder = record(ros_process, tmp_path / "bag", prefix="/late/segmentation")
    end = time.monotonic() + WAIT
    while not (sender.get_subscription_count() and stream.get_subscription_count()):
        assert time.monotonic() < end
        time.sleep(0.05)
    for _ in range(20):  # the recorder finds the stream a little later than that finds it
        stream.publish(Header(frame_id="tick"))
        time.sleep(0.05)
    wait_until_idle(recorder)
    finish(recorder, signal.SIGINT)
    from rosbags.highlevel import AnyReader

    with AnyReader([tmp_path / "bag"]) as bag:
        assert set(bag.topics) == {"/late/segmentation/class_map", "/late/segmentation/tick"}
        found: dict[str, Any] = {
            c.topic: bag.deserialize(data, c.msgtype) for c, _, data in bag.messages()
        }
    assert found["/late/segmentation/class_map"].classes[0].name == "Road"
    assert found["/late/segmentation/tick"].frame_id == "tick"
    with BagReader(tmp_path / "bag") as ours:
        assert ours.topics["/late/segmentation/class_map"].latched
        assert not ours.topics["/late/segmentation/tick"].latched


def test_images_whose_messages_are_not_installed_are_named(
    ros_process: Start, tmp_path: Path
) -> None:
    if message_class(FFMPEG_PACKET):
        pytest.skip("ffmpeg_image_transport_msgs is installed")
    with BagWriter(tmp_path / "drive") as bag:
        bag.write_image(CAMERA, START_NS, "camera", picture(0))
        bag.define({FFMPEG_PACKET: FFMPEG_PACKET_FIELDS})
        bag.write_raw("/front/ffmpeg", FFMPEG_PACKET, b"\0\1\0\0", START_NS)
    player = ros_process(PLAYER, *parameters(bag=tmp_path / "drive", topic="/front/ffmpeg"))
    said = player.communicate(timeout=WAIT)[0]
    assert player.returncode == 1
    assert f"{FFMPEG_PACKET} is not installed; sudo apt install ros-" in said


def test_a_looping_player_ends_on_a_signal(ros_process: Start, drive: Path) -> None:
    settings = parameters(bag=drive, topic=CAMERA, loop=True, start_timeout=0.1)
    settings += ["-r", f"{CAMERA}:=/alone"]  # no other test has left a subscriber there
    for each in (signal.SIGINT, signal.SIGTERM):
        player = ros_process(PLAYER, *settings)
        wait_for_line(player, "subscribers to /alone: 0 of 1")
        time.sleep(1.0)
        assert player.poll() is None
        finish(player, each)


@pytest.mark.parametrize("module", [PLAYER, RECORDER])
@pytest.mark.parametrize("moment", ["before", "after"])  # rclpy's own handler, and Python's
def test_ctrl_c_while_starting_needs_no_traceback(
    tmp_path: Path, drive: Path, module: str, moment: str
) -> None:
    program = f"""
import rclpy.node, os, signal, sys, time
create = rclpy.node.Node.__init__
def interrupted(self, *given, **named):
    if "{moment}" == "before":
        rclpy.shutdown()
    create(self, *given, **named)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
rclpy.node.Node.__init__ = interrupted
from {module} import main
sys.exit(main())
"""
    settings = parameters(bag=drive, topic=CAMERA, out=tmp_path / "bag")
    done = subprocess.run(
        [sys.executable, "-c", program, *settings], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == (0 if module == PLAYER else 1)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "bag").exists()


@pytest.mark.parametrize(
    ("module", "settings", "message"),
    [
        (PLAYER, {}, "parameter bag is empty"),
        (PLAYER, {"bag": "missing"}, "there is no bag missing"),
        (PLAYER, {"bag": "{drive}"}, "several image topics; name one"),
        (PLAYER, {"bag": "{drive}", "rate": 0.0}, "rate is 0.0; give more than 0"),
        (PLAYER, {"bag": "{drive}", "rate": 2}, "set parameter 'rate' to '2' of type 'INTEGER'"),
        (RECORDER, {}, "parameter out is empty"),
        (RECORDER, {"out": 2}, "set parameter 'out' to '2' of type 'INTEGER'"),
        (RECORDER, {"out": "{drive}"}, "exists already"),
        (
            RECORDER,
            {"out": "{drive}2", "storage": "rosbag1"},
            "storage 'rosbag1' is none of mcap, sqlite3",
        ),
    ],
)
def test_wrong_settings_are_refused(
    ros_process: Start, drive: Path, module: str, settings: dict[str, Any], message: str
) -> None:
    values = {k: v.format(drive=drive) if isinstance(v, str) else v for k, v in settings.items()}
    process = ros_process(module, *parameters(**values))
    output = process.communicate(timeout=WAIT)[0]
    assert process.returncode == 1
    assert message in output
    assert "Traceback" not in output
