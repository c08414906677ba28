"""Whatever config/segnet.rviz shows is there at the running node, and its publishers match."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)

pytestmark = pytest.mark.ros

CONFIG = Path(__file__).parents[4] / "config" / "segnet.rviz"
DISPLAYS = yaml.safe_load(CONFIG.read_text())["Visualization Manager"]["Displays"]
SHOWN = {each["Name"]: each for each in DISPLAYS if "Topic" in each}
# The types that RViz's displays subscribe to.
TYPES = {"Camera": "sensor_msgs/msg/Image", "Image": "sensor_msgs/msg/Image"}
TYPES["Map"] = "nav_msgs/msg/OccupancyGrid"


@pytest.fixture(scope="module", params=["reliable", "best_effort"])
def node(request, start_node, weights):
    node = start_node(weights=weights, output_reliability=request.param)
    node.wait_for("ready")
    yield node
    node.end()


@pytest.mark.parametrize("name", SHOWN)
def test_a_display_gets_its_topic(client, node, wait, name):
    topic, kind = SHOWN[name]["Topic"], SHOWN[name]["Class"].partition("/")[2]
    wait(lambda: client.node.count_publishers(topic["Value"]) == 1, f"one {topic['Value']}", 40)
    (offer,) = client.node.get_publishers_info_by_topic(topic["Value"])
    assert offer.topic_type == TYPES[kind]
    asked = QoSProfile(
        depth=topic["Depth"],
        durability=DurabilityPolicy[topic["Durability Policy"].upper()],
        reliability=ReliabilityPolicy[topic["Reliability Policy"].upper().replace(" ", "_")],
    )
    assert qos_check_compatible(offer.qos_profile, asked)[0] != QoSCompatibility.ERROR
