"""The files in config/ agree with the nodes."""

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")

from segnet_ros.ros.parameter_file import parameter_file
from segnet_ros.ros.qos import profile
from segnet_ros.segmentation.messages import OUTPUTS
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.trainer.settings import TrainerSettings

CONFIG = Path(__file__).parents[2] / "config"
RVIZ = yaml.safe_load((CONFIG / "segnet.rviz").read_text())
DISPLAYS = RVIZ["Visualization Manager"]["Displays"]


def test_rviz_shows_topics_of_the_node():
    shown = [display["Topic"]["Value"] for display in DISPLAYS]
    assert {"overlay", "color", "uncertainty", "drivable"} <= OUTPUTS.keys()
    assert shown == [
        f"/segmentation/{name}" for name in ("overlay", "color", "uncertainty", "drivable")
    ]
    assert {display["Class"] for display in DISPLAYS} == {"rviz_default_plugins/Image"}


def test_rviz_has_the_qos_of_the_node():
    reliability = profile(NodeSettings().output_reliability, 1).reliability
    for display in DISPLAYS:
        assert display["Topic"]["Durability Policy"] == "Volatile"
        assert display["Topic"]["Reliability Policy"] == reliability.name.title()


def test_every_panel_of_rviz_has_a_place():
    state = bytes.fromhex(RVIZ["Window Geometry"]["QMainWindow State"])
    panels = [*RVIZ["Panels"], *DISPLAYS]
    for panel in panels:
        name = panel["Name"].encode("utf-16-be")
        assert len(name).to_bytes(4, "big") + name in state, panel["Name"]
        assert RVIZ["Window Geometry"][panel["Name"]] == {"collapsed": False}


@pytest.mark.parametrize(
    ("name", "node", "table"),
    [
        ("segnet.yaml", "segmentation", NodeSettings),
        ("trainer.yaml", "trainer", TrainerSettings),
    ],
)
def test_a_parameter_file_is_generated_from_the_table(name, node, table):
    assert (CONFIG / name).read_text() == parameter_file(node, table), (
        "run scripts/parameter_files.py"
    )


def test_the_parameter_file_names_every_parameter_with_its_default():
    document = yaml.safe_load((CONFIG / "segnet.yaml").read_text())
    given = document["/**"]["ros__parameters"]
    defaults = {row.name: row.default for row in fields(NodeSettings)}
    assert given == {
        **defaults,
        "cameras": [""],
        "drivable_classes": [""],
        "trusted_networks": [""],
        "output_size": [0, 0],
    }
