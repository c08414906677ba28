"""Messages as a browser gets them; damaged ones are refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("segnet_ros.msg")

from segnet_ros.msg import SegmentationStats  # noqa: E402
from sensor_msgs.msg import CompressedImage  # noqa: E402

from segnet_model.inference.outputs import OUTPUTS  # noqa: E402
from segnet_ros.live import views  # noqa: E402
from segnet_ros.live.presence import cameras_of  # noqa: E402
from segnet_ros.live.views import VIEWS  # noqa: E402

pytestmark = pytest.mark.ros


def a_grid(cells, **about):
    from nav_msgs.msg import OccupancyGrid

    message = OccupancyGrid()
    message.info.height, message.info.width = cells.shape
    message.info.resolution = 0.1
    message.data = cells.astype(np.int8).tobytes()
    for name, value in about.items():
        setattr(message.info, name, value)
    return message


def test_each_view_is_an_output_of_the_node():
    for view in VIEWS.values():
        if not view.shared:
            assert view.kind.__name__ == OUTPUTS[view.topic].type.rpartition("/")[2]


@pytest.mark.parametrize("yaw", [0.0, 0.5, -2.0, 3.1])
def test_a_grid_keeps_its_cells_and_its_place(yaw):
    cells = np.arange(-1, 5).reshape(2, 3)
    message = a_grid(cells)
    message.info.origin.position.x, message.info.origin.position.y = 1.5, -2.0
    message.info.origin.orientation.z = math.sin(yaw / 2)
    message.info.origin.orientation.w = math.cos(yaw / 2)
    about, data = VIEWS["grid"].pack(message)
    assert (np.frombuffer(data, np.int8).reshape(about["height"], about["width"]) == cells).all()
    assert (about["x"], about["y"]) == (1.5, -2.0)
    assert about["yaw"] == pytest.approx(yaw)


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"width": 4}, "6 cells are not 2 x 4"),
        ({"resolution": 0.0}, "cannot lie so"),
        ({"resolution": math.nan}, "cannot lie so"),
        ({"width": 1 << 20, "height": 1 << 20}, "are more than"),
    ],
)
def test_a_damaged_grid_is_refused(about, reason):
    with pytest.raises(ValueError, match=reason):
        VIEWS["grid"].pack(a_grid(np.zeros((2, 3)), **about))


def test_a_huge_image_is_refused(monkeypatch):
    monkeypatch.setattr(views, "MAX_BYTES", 10)
    assert VIEWS["overlay"].pack(CompressedImage(data=bytes(10))).data == bytes(10)
    with pytest.raises(ValueError, match="11 bytes are more than 10"):
        VIEWS["overlay"].pack(CompressedImage(data=bytes(11)))


def test_stats_are_json_that_browsers_read():
    message = SegmentationStats(
        class_fractions=[0.25, 0.75], latency_ms=math.nan, total_ms=math.inf, frames_dropped=7
    )
    about, data = VIEWS["stats"].pack(message)
    read = json.loads(json.dumps(about, allow_nan=False))
    assert read["class_fractions"] == [0.25, 0.75]
    assert (read["latency_ms"], read["total_ms"], read["frames_dropped"]) == (None, None, 7)
    assert not data


def test_cameras_are_found_by_their_overlays():
    topics = ["/s/front/overlay/compressed", "/s/left/overlay/compressed", "/s/left/mask",
              "/s2/overlay/compressed", "/overlay/compressed"]  # fmt: skip
    assert cameras_of("/s", topics) == {"front", "left"}
    assert cameras_of("/s2", topics) == {""}
    assert cameras_of("/none", topics) == set()
