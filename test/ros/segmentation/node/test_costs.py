"""Costs of classes in ~/drivable_grid, set while the node runs."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from gray_camera import image, info
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo

pytestmark = pytest.mark.ros

ROAD = 3


@pytest.fixture(scope="module")
def node(start_node, save_constant, folder):
    """Sees road wherever it looks, all of it below the horizon."""
    node = start_node(
        weights=save_constant(folder / "road.safetensors", ROAD), camera_height=1.2,
        camera_pitch=0.6, camera_forward=0.3, grid_resolution=0.5, grid_length=4.0, grid_width=4.0,
    )  # fmt: skip
    node.wait_for("ready")
    return node


@pytest.fixture(scope="module")
def look(client, camera):
    """Call it for the values of the grid's middle row, of an image of some second."""
    grids = client.listen("/segmentation/drivable_grid", OccupancyGrid)
    calibration = client.publisher("camera_info", CameraInfo)
    for _ in range(100):
        calibration.publish(info())
        camera.publish(image(1))
        with suppress(AssertionError):
            grids.next(timeout=0.2)
            break

    def row(seconds):
        found = client.exchange(camera, image(seconds), grids)
        return (
            np.array(found.data, np.int8).reshape(found.info.height, found.info.width)[4].tolist()
        )

    return row


@pytest.fixture(scope="module")
def change(client, node):
    """Call it to set parameters; returns the reason where they are refused."""

    def set_parameters(**values):
        results = client.set_parameters(**values)
        return "; ".join(each.reason for each in results if not each.successful)

    return set_parameters


def test_the_grid_has_the_cost_of_the_ground_as_the_parameters_say(look, change):
    # By hand: the lowest row looks down by 0.6 + atan(59.5 / 120) = 1.06, and meets the ground at
    # 0.3 + 1.2 / tan 1.06 = 0.97 m, so the first cell of half a meter is out of view, and the
    # second one almost: enough to be occupied, and not to be free.
    assert look(10) == [-1, -1, 0, 0, 0, 0, 0, 0]
    assert change(class_costs=["Road:60"]) == ""
    assert look(11) == [-1, -1, 60, 60, 60, 60, 60, 60]
    assert change(grid_values="trinary") == ""
    assert look(12) == [-1, -1, 0, 0, 0, 0, 0, 0]
    assert change(grid_values="scale") == ""
    assert change(class_costs=["Road:unknown"]) == ""
    assert look(13) == [-1] * 8
    assert change(class_costs=["Road:lethal"]) == ""
    assert look(14) == [-1, 100, 100, 100, 100, 100, 100, 100]
    assert change(class_costs=[""]) == ""
    assert look(15) == [-1, -1, 0, 0, 0, 0, 0, 0]


def test_a_contradiction_is_refused_with_its_reason(look, change):
    assert "write it as Grass:80" in change(class_costs=["Road"])
    assert "no class ['Raod'] in label set 'camvid'" in change(class_costs=["Raod:60"])
    assert change(drivable_classes=["Road"]) == ""
    reason = change(class_costs=["Pavement:60"])
    assert "class 'Pavement' has the cost 60, and the drivable classes ['Road'] leave it" in reason
    assert change(drivable_classes=[""]) == ""
    assert "grid_values 'raw' is none of scale, trinary" in change(grid_values="raw")
    assert look(20) == [-1, -1, 0, 0, 0, 0, 0, 0]
