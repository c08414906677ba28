"""The files in config/ agree with the nodes, and launch arguments become parameters."""

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")

from segnet_model.base.errors import SettingsError
from segnet_ros.launching.values import camera_remappings, typed
from segnet_ros.ros.parameter_file import parameter_file
from segnet_ros.ros.qos import profile
from segnet_ros.segmentation.messages import OUTPUTS
from segnet_ros.segmentation.settings import Settings
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


def test_rviz_can_hear_the_node():
    reliability = profile(Settings().output_reliability, 1).reliability
    for display in DISPLAYS:
        assert display["Topic"]["Durability Policy"] == "Volatile"
        assert display["Topic"]["Reliability Policy"] == reliability.name.title()


def test_every_panel_of_rviz_has_its_place():
    state = bytes.fromhex(RVIZ["Window Geometry"]["QMainWindow State"])
    panels = [*RVIZ["Panels"], *DISPLAYS]
    for panel in panels:
        name = panel["Name"].encode("utf-16-be")
        assert len(name).to_bytes(4, "big") + name in state, panel["Name"]
        assert RVIZ["Window Geometry"][panel["Name"]] == {"collapsed": False}


@pytest.mark.parametrize(
    ("name", "node", "table"),
    [
        ("segnet.yaml", "segmentation", Settings),
        ("trainer.yaml", "trainer", TrainerSettings),
    ],
)
def test_a_parameter_file_is_that_of_the_table(name, node, table):
    assert (CONFIG / name).read_text() == parameter_file(node, table), (
        "run scripts/parameter_files.py"
    )


def test_the_parameter_file_names_every_parameter_with_its_default():
    document = yaml.safe_load((CONFIG / "segnet.yaml").read_text())
    given = document["/**"]["ros__parameters"]
    defaults = {row.name: row.default for row in fields(Settings)}
    assert given == {
        **defaults,
        "cameras": [""],
        "drivable_classes": [""],
        "trusted_networks": [""],
        "output_size": [0, 0],
    }


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [
        ("1", "text", "1"),
        ("1", 0.5, 1.0),
        ("1e-3", 0.5, 1e-3),
        ("7", 1, 7),
        ("true", False, True),
        ("[64, 96]", (0, 0), [64, 96]),
        ("['features=8']", (), ["features=8"]),
    ],
)
def test_a_launch_argument_has_its_parameters_type(text, default, value):
    result = typed("name", text, default)
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "default", "mend"),
    [
        ("many", 0.5, "a number"),
        ("1.5", 1, "a whole number"),
        ("true", 1, "a whole number"),
        ("1", True, "true or false"),
        ("64", (0, 0), "a list"),
        ("[64", (0, 0), "a list"),
    ],
)
def test_a_wrong_launch_argument_is_named_with_the_mend(text, default, mend):
    with pytest.raises(SettingsError, match=f"rate:=.* is not {mend}"):
        typed("rate", text, default)


def remapped(cameras="", image="/camera/image_raw", camera_info=""):
    return camera_remappings({"cameras": cameras, "image": image, "camera_info": camera_info})


def test_the_calibration_is_looked_for_beside_the_images():
    assert remapped() == [("image", "/camera/image_raw"), ("camera_info", "/camera/camera_info")]
    assert remapped(image="/raw")[1] == ("camera_info", "/camera_info")
    assert remapped(image="raw")[1] == ("camera_info", "camera_info")  # in the node's namespace
    compressed = remapped(image="/camera/image_raw/compressed")
    assert compressed[1] == ("camera_info", "/camera/camera_info")
    assert remapped(camera_info="/calib")[1] == ("camera_info", "/calib")


def test_several_cameras_have_topics_in_their_order():
    found = remapped("[front, left]", "[/front/raw, /left/raw]")
    assert found == [
        ("front/image", "/front/raw"),
        ("front/camera_info", "/front/camera_info"),
        ("left/image", "/left/raw"),
        ("left/camera_info", "/left/camera_info"),
    ]
    assert remapped("[one]", "/raw")[0] == ("one/image", "/raw")
    assert remapped("['']", "/raw")[0] == ("image", "/raw")  # as the parameter has it


@pytest.mark.parametrize(
    ("image", "info"), [("/raw", ""), ("[/a, /b, /c]", ""), ("[/a, /b]", "/c")]
)
def test_not_as_many_topics_as_cameras_are_refused(image, info):
    with pytest.raises(SettingsError, match="for 2 cameras; give a list with one for each"):
        remapped("[front, left]", image, info)
