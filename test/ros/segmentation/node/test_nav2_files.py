"""The files of config/nav2 name topics, types, profiles and classes that the running node has.

How Nav2 subscribes is written down here from its sources.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ament_index_python import get_package_share_directory
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
    qos_profile_sensor_data,
)
from ros_client import wait_until

from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_ros.ros.message_types import message_class
from segnet_ros.ros.qos import publisher_qos
from segnet_ros.segmentation.messages import ClassMap
from segnet_ros.segmentation.settings import NodeSettings

pytestmark = pytest.mark.ros

FOLDER = Path(__file__).parents[4] / "config" / "nav2"
FILES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))}
RELIABLE = QoSProfile(depth=10)
KEPT = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
SOURCES = {"LaserScan": "sensor_msgs/msg/LaserScan", "PointCloud2": "sensor_msgs/msg/PointCloud2"}
IMAGE, LABELS = "sensor_msgs/msg/Image", "vision_msgs/msg/LabelInfo"
SPEED_LIMIT = "nav2_msgs/msg/SpeedLimit"


def costmaps():
    """The parameters of every costmap, by file."""
    return {
        name: content["local_costmap"]["local_costmap"]["ros__parameters"]
        for name, content in FILES.items()
        if "local_costmap" in content
    }


def layers():
    """Each file's name with each of its layers."""
    return [(name, found[each]) for name, found in costmaps().items() for each in found["plugins"]]


def subscriptions():
    """Topic, type and profile of all that Nav2 subscribes to with these files."""
    controller = FILES["speed_limit"]["controller_server"]["ros__parameters"]
    found = [(controller["speed_limit_topic"], SPEED_LIMIT, RELIABLE)]
    for _, layer in layers():
        plugin = layer["plugin"].rpartition("::")[2]
        sources = [layer[each] for each in layer.get("observation_sources", "").split()]
        if plugin == "StaticLayer":
            latched = layer.get("map_subscribe_transient_local", True)
            kind = "nav_msgs/msg/OccupancyGrid"
            found.append((layer["map_topic"], kind, KEPT if latched else RELIABLE))
        for each in sources:
            if plugin == "ObstacleLayer":
                found.append((each["topic"], SOURCES[each["data_type"]], qos_profile_sensor_data))
            else:
                found += [
                    (each["segmentation_topic"], IMAGE, qos_profile_sensor_data),
                    (each["confidence_topic"], IMAGE, qos_profile_sensor_data),
                    (each["labels_topic"], LABELS, KEPT),
                ]
    return found


@pytest.fixture(scope="module")
def node(start_node):
    """With the default weights, whose classes the files name."""
    node = start_node()
    node.wait_for("ready")
    return node


def test_every_file_is_installed():
    installed = Path(get_package_share_directory("segnet_ros")) / "config" / "nav2"
    assert {path.name for path in installed.iterdir()} == {f"{name}.yaml" for name in FILES}
    assert FILES.keys() >= {
        "drivable_grid", "drivable_map", "obstacle_layer", "semantic_layer", "speed_limit",
    }  # fmt: skip


def test_every_plugin_is_one_of_nav2():
    plugins = {layer["plugin"] for _, layer in layers()}
    assert plugins == {
        "nav2_costmap_2d::StaticLayer",
        "nav2_costmap_2d::ObstacleLayer",
        "nav2_costmap_2d::InflationLayer",
        "semantic_segmentation_layer::SemanticSegmentationLayer",
    }


def test_what_is_unknown_stays_unknown():
    for name, found in costmaps().items():
        assert found["track_unknown_space"] is True, name  # beside plugins
    for name, layer in layers():
        assert "track_unknown_space" not in layer, name  # where Nav2 never reads it


@pytest.mark.parametrize(("topic", "kind", "requested"), subscriptions())
def test_the_node_publishes_what_nav2_subscribes_to(node, client, topic, kind, requested):
    if message_class(kind) is None:
        pytest.skip(f"the package of {kind} is not installed")

    def offers():
        found = client.node.get_publishers_info_by_topic(topic)
        return [each for each in found if each.node_name == "segmentation"]

    wait_until(offers, f"the node's publisher of {topic}")
    (offer,) = offers()
    assert offer.topic_type == kind
    found, why = qos_check_compatible(offer.qos_profile, requested)
    assert found != QoSCompatibility.ERROR, why  # a warning means that something is not known


@pytest.mark.skipif(ClassMap is None, reason="segnet_ros.msg is not built")
def test_the_semantic_layer_names_every_class_once_and_only_drivable_ground_is_free(node, client):
    inbox = client.listen("/segmentation/class_map", ClassMap, publisher_qos(latched=True))
    classes = inbox.next().classes
    camera = costmaps()["semantic_layer"]["semantic_layer"]["camera"]
    kinds = {name: camera[name] for name in camera["class_types"]}
    named = [each for kind in kinds.values() for each in kind["classes"]]
    assert sorted(named) == sorted(each.name for each in classes)
    free = {name for kind in kinds.values() if kind["max_cost"] == 0 for name in kind["classes"]}
    assert free == {each.name for each in classes if each.drivable}


def test_the_windows_hold_the_grid():
    for name in ("drivable_grid", "obstacle_layer"):
        found, spec = costmaps()[name], GridSpec()
        assert found["rolling_window"] is True
        assert min(found["width"], found["height"]) >= 2 * spec.x_max


def test_the_window_of_the_map_is_the_nodes():
    found, settings = costmaps()["drivable_map"], NodeSettings()
    assert found["rolling_window"] is True
    assert found["width"] == found["height"] == settings.map_size
    assert found["resolution"] == settings.grid_resolution
    assert found["global_frame"] == settings.map_frame
    assert found["robot_base_frame"] == settings.base_frame


def test_the_obstacle_layer_takes_points_on_the_ground_and_clears_no_ground_before_the_view():
    layer = costmaps()["obstacle_layer"]["obstacle_layer"]
    points, scan = (layer[name] for name in layer["observation_sources"].split())
    for each in (layer, points, scan):
        assert each["min_obstacle_height"] < 0 < each["max_obstacle_height"]
    assert (points["marking"], points["clearing"]) == (True, False)
    assert (scan["marking"], scan["clearing"], scan["inf_is_valid"]) == (False, True, True)
    # The camera of the guide's example, 1.2 m up and 0.1 rad down, sees 49 degrees in height.
    lens = Lens(width=640, height=480, focal=(525, 525), center=(319.5, 239.5))
    projector = GroundProjector(lens, CameraPose.mounted(1.2, pitch=0.1), GridSpec())
    assert projector.scan.blind <= scan["raytrace_min_range"] <= 1.2 * projector.scan.blind
