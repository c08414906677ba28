"""config/foxglove.json shows topics that the node has, of types that its panels show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
messages = pytest.importorskip("segnet_ros.msg")

pytestmark = pytest.mark.ros
LAYOUT = json.loads((Path(__file__).parents[4] / "config" / "foxglove.json").read_text())
PANELS = LAYOUT["configById"]
IMAGES = {"sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"}


def shown():
    """Each topic of the panels, with the types that the panel can show."""
    for name, panel in PANELS.items():
        kind = name.partition("!")[0]
        if kind == "Image":
            yield panel["imageMode"]["imageTopic"], IMAGES
        elif kind == "3D":
            yield from ((topic, {"nav_msgs/msg/OccupancyGrid"}) for topic in panel["topics"])
        elif kind == "Plot":
            for path in panel["paths"]:
                yield path["value"].partition(".")[0], {"segnet_ros/msg/SegmentationStats"}
        else:
            assert kind == "DiagnosticSummary"
            yield panel["topicToRender"], {"diagnostic_msgs/msg/DiagnosticArray"}


def strings(value):
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return [value] if isinstance(value, str) else []


def leaves(place):
    if isinstance(place, str):
        return [place]
    assert place["direction"] in ("row", "column")
    assert 0 < place["splitPercentage"] < 100
    return leaves(place["first"]) + leaves(place["second"])


def test_every_topic_is_published_by_the_node(client, start_node, weights, wait):
    start_node(weights=weights).wait_for("ready")
    topics = dict(shown())
    assert {text.partition(".")[0] for text in strings(PANELS) if text[0:1] == "/"} == set(topics)

    def published():
        try:
            of_node = client.node.get_publisher_names_and_types_by_node("segmentation", "/")
        except RuntimeError:  # it is not found yet
            return {}
        return {topic: set(types) for topic, types in of_node}

    wait(lambda: topics.keys() <= published().keys(), f"publishers of {sorted(topics)}")
    for topic, types in topics.items():
        assert published()[topic] <= types


def test_every_number_is_a_field_of_the_stats():
    fields = messages.SegmentationStats.get_fields_and_field_types()
    values = [path["value"] for name, panel in PANELS.items() for path in panel.get("paths", ())]
    assert len(values) > 4
    for value in values:
        assert fields[value.partition(".")[2]] == "float", value


def test_every_panel_has_one_place():
    assert sorted(leaves(LAYOUT["layout"])) == sorted(PANELS)
