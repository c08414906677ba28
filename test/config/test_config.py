"""The files in config/ agree with the nodes."""

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")

from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)

from segnet_model.inference.outputs import GRID, IMAGE, OUTPUTS
from segnet_ros.launching.values import SHARED
from segnet_ros.ros.parameter_file import parameter_file
from segnet_ros.ros.qos import profile, publisher_qos
from segnet_ros.segmentation.settings import RELIABILITIES, NodeSettings
from segnet_ros.trainer.settings import TrainerSettings

CONFIG = Path(__file__).parents[2] / "config"
RVIZ = yaml.safe_load((CONFIG / "segnet.rviz").read_text())
DISPLAYS = RVIZ["Visualization Manager"]["Displays"]
SHOWN = [display for display in DISPLAYS if "Topic" in display]
# The types that RViz's displays subscribe to.
DISPLAYED = {
    "rviz_default_plugins/Camera": IMAGE,
    "rviz_default_plugins/Image": IMAGE,
    "rviz_default_plugins/Map": GRID,
}


def test_rviz_shows_outputs_of_their_types():
    for display in SHOWN:
        name = display["Topic"]["Value"].removeprefix("/segmentation/")
        assert DISPLAYED[display["Class"]] == (GRID if name in SHARED else OUTPUTS[name].type)
        if display["Class"].endswith("/Map"):  # what RViz itself would make of the topic
            updates = display["Update Topic"]["Value"]
            assert updates == f"{display['Topic']['Value']}_updates"
    shown = [display["Topic"]["Value"].rpartition("/")[2] for display in SHOWN]
    assert {"overlay", "uncertainty_color", "drivable_grid", "drivable_map"} == set(shown)


def test_rviz_subscribes_to_publishers_of_every_qos():
    for display in SHOWN:
        for topic in (display["Topic"], display.get("Update Topic", display["Topic"])):
            asks = QoSProfile(
                depth=topic["Depth"],
                durability=DurabilityPolicy[topic["Durability Policy"].upper()],
                reliability=ReliabilityPolicy[
                    topic["Reliability Policy"].upper().replace(" ", "_")
                ],
            )
            latched = publisher_qos(latched=True)
            for offered in (*(profile(each, 1) for each in RELIABILITIES), latched):
                assert qos_check_compatible(offered, asks)[0] != QoSCompatibility.ERROR


def test_rvizs_frame_is_the_robots():
    frame = RVIZ["Visualization Manager"]["Global Options"]["Fixed Frame"]
    assert frame == NodeSettings().base_frame


def test_rvizs_camera_display_draws_the_ground_alone():
    (camera,) = (each for each in SHOWN if each["Class"].endswith("/Camera"))
    drawn = {name for name, visible in camera["Visibility"].items() if visible}
    three_d = {each["Name"] for each in DISPLAYS} - {camera["Name"]}
    assert set(camera["Visibility"]) == {*three_d, "Value"}
    assert {"Grid", "Map"} <= drawn
    assert not {"Meters", "Robot"} & drawn


def test_every_panel_of_rviz_has_a_place():
    state = bytes.fromhex(RVIZ["Window Geometry"]["QMainWindow State"])
    images = [each for each in SHOWN if DISPLAYED[each["Class"]] == IMAGE]
    for panel in [*RVIZ["Panels"], *images]:
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
        "class_costs": [""],
        "drivable_classes": [""],
        "trusted_networks": [""],
        "output_size": [0, 0],
    }
