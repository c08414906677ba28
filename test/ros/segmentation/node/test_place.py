"""A place that was never taught, over real topics: nothing is drivable, and an ERROR."""

from __future__ import annotations

from array import array
from dataclasses import replace

import numpy as np
import pytest
import torch
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo, Image

from segnet_model.engines.place import deepest_layer, pooled
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.place import place_of
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_ros.segmentation.messages import SegmentationStats

pytestmark = pytest.mark.ros

ROAD, WIDTH, HEIGHT, RATE = 3, 96, 64, 20
K = [72.0, 0.0, 47.5, 0.0, 72.0, 31.5, 0.0, 0.0, 1.0]


def known(seed):
    """A dull picture, as those of calibration."""
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(rng.uniform(90, 140), 6, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)


def strange(seed):
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """Weights that say road wherever they look, and know the places that `known` makes."""
    torch.manual_seed(1)
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (HEIGHT, WIDTH), {"features": 8})
    network = info.build()
    torch.nn.init.zeros_(network.classifier.weight)
    torch.nn.init.zeros_(network.classifier.bias)
    network.classifier.bias.data[ROAD] = 9.0
    path = tmp_path_factory.mktemp("place") / "place.safetensors"
    save_weights(path, network, info)
    engine, vectors = TorchEngine(network, info, "cpu", "float32"), []
    deepest_layer(engine.network).register_forward_hook(
        lambda layer, inputs, output: vectors.append(pooled(output).numpy())
    )
    with torch.inference_mode():
        for seed in range(60):
            engine.logits(torch.from_numpy(known(seed))[None])
    return save(path, replace(info, place=place_of(np.concatenate(vectors))))


def save(path, info):
    from segnet_model.weights.checkpoint import replace_info

    replace_info(path, path, info)
    return path


class Camera:
    """Sends pictures of a steady rate; each is answered before the next one."""

    def __init__(self, client):
        self.client, self.number = client, 0
        self.publisher = client.publisher("image", Image)
        self.infos = client.publisher("camera_info", CameraInfo)

    def send(self, pixels, inbox):
        """The answer to a picture."""
        self.number += 1
        message = Image(height=HEIGHT, width=WIDTH, step=3 * WIDTH, encoding="rgb8")
        message.data = array("B", pixels.tobytes())
        message.header.frame_id = "camera_optical"
        message.header.stamp.sec, rest = divmod(self.number, RATE)
        message.header.stamp.nanosec = rest * 10**9 // RATE
        message.header.stamp.sec += 1000
        self.infos.publish(CameraInfo(
            header=message.header, height=HEIGHT, width=WIDTH, k=K, distortion_model="plumb_bob",
            d=[0.0] * 5,
        ))  # fmt: skip
        return self.client.exchange(self.publisher, message, inbox)


@pytest.fixture(scope="module")
def node(start_node, taught):
    # Only an alarm brings diagnostics within such a period.
    node = start_node(
        weights=taught, precision="float32", reliability="reliable", diagnostics_period=60.0,
        camera_height=1.0, camera_pitch=0.7, grid_length=4.0, grid_width=4.0, grid_resolution=0.2,
    )  # fmt: skip
    node.wait_for("ready")
    return node


def is_error(message):
    return message.status[0].level == DiagnosticStatus.ERROR


def test_a_strange_place_stops_all_driving_and_says_so_at_once(node, client):
    health = client.listen("/diagnostics", DiagnosticArray)
    drivable = client.listen("/segmentation/drivable", Image)
    grids = client.listen("/segmentation/drivable_grid", OccupancyGrid)
    camera = Camera(client)
    for seed in range(100, 100 + RATE):
        assert all(camera.send(known(seed), drivable).data)
    for _ in range(100):  # the projector of the grid takes a moment
        camera.send(known(7), drivable)
        if not grids.queue.empty() and 0 in grids.queue.get().data:
            break
    else:
        raise AssertionError("no free cell in a known place")
    # One strange picture is a flash.
    assert all(camera.send(strange(1), drivable).data)
    assert all(camera.send(known(2), drivable).data)
    # Half a second of them is another place.
    shown = [any(camera.send(strange(seed), drivable).data) for seed in range(RATE // 2)]
    assert not any(shown[RATE // 2 - 2 :])
    said = health.next(is_error).status[0].message
    assert "this place is unlike what the network was trained on: place score" in said
    assert "set place_check to false" in said
    while not grids.queue.empty():
        last = grids.queue.get()
    assert set(last.data) == {-1}
    # The parameter lets an owner know better, at once.
    client.change(place_check=False)
    assert all(camera.send(strange(50), drivable).data)
    health.next(lambda message: not is_error(message))
    client.change(place_check=True)
    assert not any(camera.send(strange(51), drivable).data)
    for seed in range(RATE):
        last = camera.send(known(seed), drivable)
    assert all(last.data)
    health.next(lambda message: not is_error(message))


@pytest.mark.skipif(SegmentationStats is None, reason="segnet_ros.msg is not built")
def test_the_stats_have_the_median_score(node, client):
    stats = client.listen("/segmentation/stats", SegmentationStats)
    camera = Camera(client)
    camera.number = 10 * RATE
    camera.send(known(0), stats)  # after a gap in time it counts alone
    scores = [camera.send(known(seed), stats).place_score for seed in range(1, 2 * RATE)]
    assert 0 < min(scores) <= max(scores) < 1
    camera.number += 10 * RATE
    assert camera.send(strange(0), stats).place_score > 1
