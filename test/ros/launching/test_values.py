"""Launch arguments become parameters and topics."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")

from segnet_model.base.errors import SettingsError
from segnet_ros.launching.values import camera_remappings, parse_value, rviz_for_cameras


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
        ("[Pavement:60, 'Grass:80']", (), ["Pavement:60", "Grass:80"]),
        ("[]", (), []),
    ],
)
def test_a_launch_argument_has_its_parameters_type(text, default, value):
    result = parse_value("name", text, default)
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
        ("Road", (), "a list"),
        ("5", (), "a list"),
        ("[Grass: 80]", (), "a list of texts, as in .*'Grass:80'"),
        ("[1]", (), "a list of texts"),
    ],
)
def test_a_wrong_launch_argument_is_named_with_the_mend(text, default, mend):
    with pytest.raises(SettingsError, match=f"rate:=.* is not {mend}"):
        parse_value("rate", text, default)


def remapped(cameras="", image="/camera/image_raw", camera_info=""):
    return camera_remappings({"cameras": cameras, "image": image, "camera_info": camera_info})


def test_camera_info_defaults_to_the_topic_beside_the_images():
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
def test_a_wrong_number_of_topics_is_refused(image, info):
    with pytest.raises(SettingsError, match="for 2 cameras; give a list with one for each"):
        remapped("[front, left]", image, info)


def test_rviz_has_the_displays_of_each_camera_and_the_shared_ones_once():
    file = Path(__file__).parents[3] / "config" / "segnet.rviz"
    config = yaml.safe_load(file.read_text())
    before = config["Visualization Manager"]["Displays"]
    found = rviz_for_cameras(config, "/robot1/", ["front", "left", "rear"])
    displays = found["Visualization Manager"]["Displays"]
    names = [each["Name"] for each in displays]
    assert len(set(names)) == len(names)
    for name in ("Meters", "Robot", "Map"):
        assert names.count(name) == 1
    topics = {each["Name"]: each["Topic"]["Value"] for each in displays if "Topic" in each}
    inside = "/robot1/segmentation"
    assert topics.pop("Map") == f"{inside}/drivable_map"
    assert topics == {
        f"{each['Name']}, {camera}": each["Topic"]["Value"].replace(
            "/segmentation", f"{inside}/{camera}"
        )
        for each in before
        if "Topic" in each and each["Name"] != "Map"
        for camera in ("front", "left", "rear")
    }
    (drawn,) = (each for each in displays if each["Name"] == "Grid in the image, left")
    assert drawn["Visibility"]["Grid, left"] is True
    assert config == yaml.safe_load(file.read_text())  # the file's own document stays
