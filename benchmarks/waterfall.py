"""The way of a frame in the node, step by step: what it costs beside the network.

Beside it the way of the Nav2 tutorial with the same network: cv_bridge's copies, NumPy's softmax.
And the whole way, from a message to the mask's, of our node and of a plain one with eager PyTorch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.harness import Report, time_together
from benchmarks.streams import SIZES, ros_is_here, text_of
from benchmarks.subjects import image
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.driving import GroundProjector
from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose
from segnet_model.inference.answer import Answer
from segnet_model.inference.predictor import Predictor
from segnet_model.networks.inputs import network_size, resize_image

# Milliseconds beside the network, by (height, width): with all outputs, and with the mask alone.
MARKS = {(360, 480): (4.0, 1.5), (1080, 1920): (25.0, 8.0)}
ROUNDS = 25
CAMERA_HEIGHT, CAMERA_PITCH = 1.0, 0.15  # meters, radians
IN, NETWORK, PREDICTOR, OUT = "message to pixels", "network", "predictor", "mask to message"
GRID, REST, PEER = "ground grid", "the other outputs", "Nav2 tutorial, beside its network"


def run(report: Report) -> None:
    """Time each step at each size."""
    if not ros_is_here(report):
        return
    predictor = Predictor.load(DEFAULT_WEIGHTS, "cpu")
    rows, ways = [], []
    for size in SIZES:
        seconds = time_together(_steps(predictor, size), report.amount(ROUNDS, 3))
        ms = {step: 1e3 * each for step, each in seconds.items()}
        ms["labels, confidence, uncertainty"] = ms[PREDICTOR] - ms[NETWORK]
        alone = ms[IN] + ms[PREDICTOR] - ms[NETWORK] + ms[OUT]
        rows += [{"size": text_of(size), "step": step, "ms": each} for step, each in ms.items()]
        every, mask = MARKS.get(size, (None, None))
        where = f"beside the network at {text_of(size)}"
        report.add(f"{where}: mask alone", alone, "ms", at_most=mask)
        report.add(f"{where}: all outputs", alone + ms[GRID] + ms[REST], "ms", at_most=every)
        report.add(f"{where}: mask alone, share of the Nav2 tutorial's", alone / ms[PEER])
        ways += _ways(report, predictor, size)
    report.table(f"{DEFAULT_WEIGHTS}, {predictor.engine.name} {predictor.precision}", rows)
    report.table("from the message of an image to the mask's, network included", ways)


def _ways(report: Report, predictor: Predictor, size: tuple[int, int]) -> list[dict[str, Any]]:
    """The whole way of a frame, by the clock and in time of all processor cores together."""
    calls, rounds = _whole(predictor, size), report.amount(ROUNDS, 3)
    wall, cores = (
        time_together(calls, rounds, clock) for clock in (time.perf_counter, time.process_time)
    )
    ours, plain = calls
    name = f"from message to mask at {text_of(size)}, share of {plain}'s"
    report.add(name, wall[ours] / wall[plain], at_most=1.0)
    report.add(f"{name}, processor time", cores[ours] / cores[plain])
    return [
        {"size": text_of(size), "way": way, "ms": 1e3 * wall[way], "processor ms": 1e3 * cores[way]}
        for way in calls
    ]


def _whole(predictor: Predictor, size: tuple[int, int]) -> dict[str, Callable[[], object]]:
    from rclpy.serialization import deserialize_message, serialize_message
    from sensor_msgs.msg import Image
    from std_msgs.msg import Header

    from benchmarks.plain_node import answered, by_torch
    from segnet_ros.ros.image_conversion import parse, serialize, to_rgb
    from segnet_ros.segmentation.messages import message

    data = serialize(cv2.resize(image(), size[::-1]), "rgb8", Header(frame_id="camera"))
    classify = by_torch(DEFAULT_WEIGHTS)

    def ours() -> object:
        frame = parse(data)
        pixels = to_rgb(frame)
        answer = Answer(pixels, predictor.predict(pixels), predictor.info.labels)
        return message("mask", answer, frame.header)

    def plain() -> object:
        return serialize_message(answered(deserialize_message(data, Image), classify))

    return {"our node": ours, "plain node with PyTorch": plain}


def _steps(predictor: Predictor, size: tuple[int, int]) -> dict[str, Callable[[], object]]:
    from std_msgs.msg import Header

    from segnet_ros.ros.image_conversion import parse, serialize, to_rgb
    from segnet_ros.segmentation.messages import TYPES, message

    header = Header(frame_id="camera")
    pixels = cv2.resize(image(), size[::-1])
    data = serialize(pixels, "rgb8", header)
    small = torch.from_numpy(
        resize_image(pixels, predictor.engine.size or network_size(size, predictor.info.input_size))
    )[None]
    found, labels, ground = predictor.predict(pixels), predictor.info.labels, _ground(size)
    answer = Answer(pixels, found, labels, bound=predictor.bound, ground=ground)
    others = TYPES.keys() - {"mask", "drivable_grid", "stats", "camera_info"}

    def grid() -> np.ndarray:
        return ground.grid(found.labels, found.uncertainty, labels, predictor.bound)

    cells = grid()

    def network() -> None:
        with torch.inference_mode():
            predictor.engine.logits(small)

    def publish(names: set[str]) -> None:
        fresh = replace(answer)  # nothing is computed yet
        vars(fresh)["cost_grid"] = cells  # but the grid, which is a step of its own
        for name in names:
            message(name, fresh, header)

    return {
        IN: lambda: to_rgb(parse(data)),
        NETWORK: network,
        PREDICTOR: lambda: predictor.predict(pixels),
        OUT: lambda: publish({"mask"}),
        GRID: grid,
        REST: lambda: publish(set(others)),
        PEER: _peer(data, predictor.predict_unscaled(pixels[None]).probabilities[0].numpy()),
    }


def _ground(size: tuple[int, int]) -> GroundProjector:
    height, width = size
    lens = Lens(width, height, (0.75 * width,) * 2, ((width - 1) / 2, (height - 1) / 2))
    return GroundProjector(lens, CameraPose.mounted(CAMERA_HEIGHT, CAMERA_PITCH), GridSpec())


def _peer(data: bytes, probabilities: np.ndarray) -> Callable[[], Any]:
    """What `plain_node` does between the messages, but for the network, whose logits are given."""
    from rclpy.serialization import deserialize_message, serialize_message
    from sensor_msgs.msg import Image

    from benchmarks.plain_node import cv2_to_imgmsg, imgmsg_to_cv2, softmax

    logits = np.ascontiguousarray(np.log(probabilities + 1e-9).transpose(1, 2, 0))

    def segment() -> None:
        pixels = imgmsg_to_cv2(deserialize_message(data, Image))
        cv2.resize(pixels, logits.shape[1::-1])
        mask = softmax(logits).argmax(axis=2).astype(np.uint8)
        large = cv2.resize(mask, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        serialize_message(cv2_to_imgmsg(large))

    return segment
