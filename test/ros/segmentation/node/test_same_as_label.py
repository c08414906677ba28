"""The node and `segnet label` say the same of the same recording, byte for byte."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
import torch
from nav_msgs.msg import OccupancyGrid
from rclpy.serialization import deserialize_message
from ros_client import WAIT
from sensor_msgs.msg import CameraInfo
from tf_messages import placed, tf_message, transform

from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.cli import main
from segnet_model.datasets.drives import FRAME, IMAGE_TOPIC, INFO_TOPIC, write_drive
from segnet_model.driving import CameraPose
from segnet_model.inference.outputs import OUTPUTS
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.place import PlaceScore
from segnet_ros.ros.cdr import stamp_of
from segnet_ros.ros.qos import publisher_qos
from segnet_ros.segmentation.messages import TYPES, ClassMap, SegmentationStats

pytestmark = pytest.mark.ros

# Not the defaults, so that none of them is left out on either side. The horizon is not in view, as
# labels drawn by chance would contradict it.
MOUNTED = {"camera_height": 1.2, "camera_pitch": 0.6, "camera_forward": 0.3, "grid_length": 8.0}
RULE = {"max_uncertainty": 0.99, "drivable_min_area": 0.001, "drivable_margin": 2}
COSTS = ("Road:7", "Pavement:60")
OPTIONS = {"drivable_min_area": "--min-area", "drivable_margin": "--margin"}
THREADS = 1  # with others, sums would be rounded otherwise
FRAMES = 2
STATS = (
    "header", "class_fractions", "drivable_fraction", "mean_confidence", "mean_uncertainty",
    "place_score",
)  # fmt: skip
needs_messages = pytest.mark.skipif(SegmentationStats is None, reason="segnet_ros.msg is not built")


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    path = tmp_path_factory.mktemp("drives") / "drive"
    write_drive(path, seed=3, seconds=0.2)
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Small weights that know nothing, without a sky, which they would see below the horizon.

    Their place score is never above its bound.
    """
    torch.manual_seed(3)
    camvid = LabelSet.load("camvid")
    classes = (replace(camvid.classes[0], name="Ceiling"), *camvid.classes[1:])
    place = PlaceScore((0.0,) * 16, (1.0,) * 16, 1000.0, 50)
    labels = replace(camvid, classes=classes)
    info = ModelInfo("segnet_basic", labels, (64, 96), {"features": 8}, place=place)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(path, info.build(), info)
    return path


@pytest.fixture(scope="module")
def node(start_node, weights):
    node = start_node(
        weights=weights, device="cpu", precision="float32", threads=THREADS, reliability="reliable",
        **MOUNTED, **RULE, class_costs=list(COSTS),
        stale=0.0,  # a busy machine may pause for longer, and ground would be taken back
    )  # fmt: skip
    node.wait_for("ready")
    return node


@pytest.fixture(scope="module")
def drive_with_tf(drive):
    """The same recording with the pose of `MOUNTED` as a fixed transform."""
    path = drive.with_name("with_tf")
    names = {"camera_height": "height", "camera_pitch": "pitch", "camera_forward": "x"}
    pose = CameraPose.mounted(**{names[k]: v for k, v in MOUNTED.items() if k in names})
    with BagReader(drive) as bag, BagWriter(path) as writer:
        fixed = transform("base_link", FRAME, bag.start_ns, *placed(pose.matrix))
        writer.write("/tf_static", tf_message(fixed), bag.start_ns)
        for raw in bag.messages():
            writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
    return path


def options(values):
    return [
        word
        for name, value in values.items()
        for word in (OPTIONS.get(name, f"--{name.replace('_', '-')}"), str(value))
    ]


def added(drive, weights, out, *more):
    """What `segnet label` adds to a recording: by topic, the messages by their stamps."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    code = main([
        "label", str(drive), str(weights), "--out", str(out), "--topic", IMAGE_TOPIC,
        "--device", "cpu", "--precision", "float32", *options(RULE),
        *(word for cost in COSTS for word in ("--class-costs", cost)), *more,
    ])  # fmt: skip
    torch.set_num_threads(before)
    assert code == 0
    found = defaultdict(dict)
    with BagReader(out) as bag:
        for raw in bag.messages():
            if raw.topic.startswith("/segmentation/"):
                data = bytes(raw.data)
                found[raw.topic.removeprefix("/segmentation/")][stamp_of(data)] = data
    return found


@pytest.fixture(scope="module")
def labeled(drive, weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("labeled") / "out"
    topics = ("--topics", *OUTPUTS, "class_map")
    return added(drive, weights, out, *options(MOUNTED), *topics)


@pytest.fixture(scope="module")
def published(drive, node, client, camera):
    """What the node publishes on real topics when the same messages come to it."""
    found = defaultdict(dict)
    for name, kind in TYPES.items():

        def keep(data, name=name):
            found[name][stamp_of(data)] = data

        client.node.create_subscription(kind, f"/segmentation/{name}", keep, 10, raw=True)
    info = client.publisher("camera_info", CameraInfo)
    with BagReader(drive) as bag:
        messages = list(bag.messages(IMAGE_TOPIC, INFO_TOPIC))
    for raw in messages:
        data = bytes(raw.data)
        if raw.topic == INFO_TOPIC:
            calibration = data
            continue
        until = time.monotonic() + WAIT
        while not all(stamp_of(data) in found[name] for name in TYPES):
            assert time.monotonic() < until, [n for n in TYPES if stamp_of(data) not in found[n]]
            info.publish(calibration)
            camera.publish(data)  # both again, as the first grid takes a while
            time.sleep(0.2)
    # Without what comes later, to take the ground back that no image renews.
    return {name: dict(messages) for name, messages in found.items()}


def filled_up(data):
    """A message as it comes out of Fast DDS: its bytes up to the next multiple of four."""
    return data + bytes(-len(data) % 4)


@pytest.mark.parametrize("name", [name for name in OUTPUTS if name != "stats"])
def test_every_output_is_the_same(published, labeled, name):
    if name not in TYPES:
        pytest.skip(f"the package of {OUTPUTS[name].type} is not installed")
    assert len(labeled[name]) == FRAMES
    assert published[name].keys() == labeled[name].keys()
    for stamp, data in labeled[name].items():
        assert filled_up(published[name][stamp]) == filled_up(data)


def test_the_grid_is_the_same_where_tf_gives_the_pose(published, drive_with_tf, weights, tmp_path):
    """But for cells on whose edge a pixel lies, as the pose is rounded in another way."""
    length = ("--grid-length", str(MOUNTED["grid_length"]))
    by_tf = added(drive_with_tf, weights, tmp_path / "out", *length)["drivable_grid"]
    assert len(by_tf) == FRAMES
    for stamp, data in by_tf.items():
        ours, theirs = (deserialize_message(each, OccupancyGrid)
                        for each in (published["drivable_grid"][stamp], data))  # fmt: skip
        assert (ours.header, ours.info) == (theirs.header, theirs.info)
        assert (np.array(ours.data) != theirs.data).mean() < 0.001


def test_the_ground_is_seen_in_the_grid(labeled):
    grids = [deserialize_message(each, OccupancyGrid) for each in labeled["drivable_grid"].values()]
    assert all(set(grid.data) > {-1} for grid in grids)


@needs_messages
def test_the_stats_are_the_same_but_for_the_times_and_counts(published, labeled):
    """As they say how long the node took, and how often the test sent the image."""
    assert len(labeled["stats"]) == FRAMES
    for stamp, data in labeled["stats"].items():
        ours, theirs = (deserialize_message(each, SegmentationStats)
                        for each in (published["stats"][stamp], data))  # fmt: skip
        for name in STATS:
            assert getattr(ours, name) == getattr(theirs, name), name
        assert sum(ours.class_fractions) == pytest.approx(1)


@needs_messages
def test_the_class_map_is_the_same_but_for_its_time(node, client, labeled):
    inbox = client.listen("/segmentation/class_map", ClassMap, publisher_qos(latched=True))
    ours = inbox.next()
    (data,) = labeled["class_map"].values()
    theirs = deserialize_message(data, ClassMap)
    ours.header = theirs.header
    assert ours == theirs
