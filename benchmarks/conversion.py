"""What messages cost us beside the network and the middleware: to arrays, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import Report, time_together
from benchmarks.streams import SIZES, ros_is_here, text_of
from segnet_model.images.encodings import ENCODINGS, decode_image

MARKS = dict(zip(SIZES, (0.3, None, 4.0), strict=True))  # ms, by (height, width)
ROUNDS = 25
FRAME_ID = "camera_front_optical_frame"


def run(report: Report) -> None:
    """Time each way of a message, and each encoding."""
    if not ros_is_here(report):
        return
    rows, rounds = [], report.amount(ROUNDS, 5)
    for size, mark in MARKS.items():
        times = time_together(_ways(size), rounds)
        rows += [{"size": text_of(size), "": way, "ms": 1e3 * s} for way, s in times.items()]
        if mark:
            for way, name in (("in, in place", "in"), ("out, one copy", "out")):
                report.add(
                    f"conversion: {name} at {text_of(size)}", 1e3 * times[way], "ms", at_most=mark
                )
    report.table("an rgb8 image between a serialized message and an array", rows)
    _decode_all(report, SIZES[-1], rounds // 4)


def _ways(size: tuple[int, int]) -> dict[str, Callable[[], object]]:
    from rclpy.serialization import deserialize_message, serialize_message
    from sensor_msgs.msg import Image
    from std_msgs.msg import Header

    from segnet_ros.ros.image_conversion import parse, serialize, to_message, to_rgb

    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    header = Header(frame_id=FRAME_ID)
    data = serialize(pixels, "rgb8", header)
    return {
        "in, in place": lambda: to_rgb(parse(data)),
        "in, by way of rclpy's message": lambda: to_rgb(deserialize_message(data, Image)),
        "out, one copy": lambda: serialize(pixels, "rgb8", header),
        "out, by way of rclpy's message": lambda: serialize_message(
            to_message(pixels, "rgb8", header)
        ),
    }


def _decode_all(report: Report, size: tuple[int, int], rounds: int) -> None:
    times = time_together({name: _decoding(name, size) for name in ENCODINGS}, rounds)
    rows = [{"encoding": name, "ms": 1e3 * seconds} for name, seconds in times.items()]
    report.table(f"{text_of(size)} pixels of each encoding to RGB", rows)
    slowest = max(times, key=times.__getitem__)
    report.add(
        f"conversion: slowest encoding at {text_of(size)}", 1e3 * times[slowest], "ms",
        at_most=MARKS[size], note=slowest,
    )  # fmt: skip


def _decoding(encoding: str, size: tuple[int, int]) -> Callable[[], Any]:
    kind = ENCODINGS[encoding]
    height, width = size
    step = width * kind.channels * kind.depth
    data = np.random.default_rng(0).bytes(int(height * kind.rows) * step)
    return lambda: decode_image(data, height=height, width=width, encoding=encoding, step=step)
