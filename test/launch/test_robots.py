"""Launch arguments reach the node as parameters, and several robots do not meet."""

import time

import pytest

rclpy = pytest.importorskip("rclpy")
pytest.importorskip("launch.launch_description_sources")  # ROS's, not our folder of that name

from ament_index_python import get_package_share_directory  # noqa: E402
from launch import LaunchContext  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402
from rcl_interfaces.srv import GetParameters  # noqa: E402
from ros_client import Client  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

from segnet_model.base.options import options_of  # noqa: E402
from segnet_ros.ros.parameter_table import ros_value  # noqa: E402
from segnet_ros.segmentation.settings import NodeSettings  # noqa: E402

pytestmark = pytest.mark.ros
OPTIONS = options_of(NodeSettings)
GIVEN = {
    "drivable_classes": ("[Road, Pavement]", ["Road", "Pavement"]),
    "class_costs": ("[Pavement:60, Tree:lethal]", ["Pavement:60", "Tree:lethal"]),
    "grid_values": ("trinary", "trinary"),
    "robot_width": ("0.6", 0.6),
    "camera_height": ("1", 1.0),
    "camera_forward": ("0.3", 0.3),
    "camera_left": ("-0.1", -0.1),
    "camera_pitch": ("0.2", 0.2),
    "camera_roll": ("0.01", 0.01),
    "camera_yaw": ("-0.5", -0.5),
    "rectified": ("true", True),
    "grid_resolution": ("0.2", 0.2),
    "grid_length": ("8", 8.0),
    "grid_width": ("6", 6.0),
    "drivable_margin": ("3", 3),
    "overlay_legend": ("false", False),
    "output_size": ("[40, 20]", [40, 20]),
    "base_frame": ("robot1/base", "robot1/base"),
}


@pytest.fixture
def client():
    client = Client()
    yield client
    client.close()


def launch_arguments():
    file = f"{get_package_share_directory('segnet_ros')}/launch/segnet.launch.py"
    found = PythonLaunchDescriptionSource(file).get_launch_description(LaunchContext())
    return found.get_launch_arguments()


def test_every_parameter_is_an_argument_with_its_help():
    pytest.importorskip("launch_ros")
    arguments = launch_arguments()
    names = [each.name for each in arguments]
    assert len(set(names)) == len(names)
    described = {each.name: each.description for each in arguments}
    for name, option in OPTIONS.items():
        assert described[name].startswith(option.help)


def values(client, namespace):
    name = f"{namespace}/segmentation/get_parameters"
    got = client.call(GetParameters, name, GetParameters.Request(names=list(OPTIONS)))
    found = [rclpy.parameter.parameter_value_to_python(each) for each in got.values]
    plain = (list(each) if isinstance(each, list | tuple) else each for each in found)
    return dict(zip(OPTIONS, plain, strict=True))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_robots_have_their_own_topics_and_parameters(start, folder, client):
    given = [f"{name}:={text}" for name, (text, _) in GIVEN.items()]
    start("segnet.launch.py", "namespace:=robot1", "image:=raw", *given)
    start("segnet.launch.py", "namespace:=robot2", "image:=/robot2/raw")
    weights = str(folder / "tiny.safetensors")
    defaults = {name: ros_value(option.default) for name, option in OPTIONS.items()}
    defaults["weights"] = weights
    assert values(client, "/robot1") == {**defaults, **{n: v for n, (_, v) in GIVEN.items()}}
    assert values(client, "/robot2") == defaults
    masks = {n: client.listen(f"/robot{n}/segmentation/mask", Image) for n in (1, 2)}
    cameras = {n: client.publisher(f"/robot{n}/raw", Image) for n in (1, 2)}
    for number, camera in cameras.items():
        image = Image(height=40, width=60, encoding="rgb8", step=180, data=bytes(40 * 180))
        image.header.stamp.sec = number
        mask = client.exchange(camera, image, masks[number])
        assert (mask.width, mask.height) == ((40, 20) if number == 1 else (60, 40))
    time.sleep(0.5)
    for number, inbox in masks.items():
        assert {m.header.stamp.sec for m in inbox.queue.queue} <= {number}


BRINGUP = """
from ament_index_python import get_package_share_directory
from launch import LaunchDescription
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

FILE = get_package_share_directory("segnet_ros") + "/launch/segnet.launch.py"

def segnet(**given):
    source = PythonLaunchDescriptionSource(FILE)
    return IncludeLaunchDescription(source, launch_arguments=given.items())

def generate_launch_description():
    first = segnet(namespace="robot1", camera_height="1.5", max_rate="2")
    second = segnet(namespace="robot2", max_rate="3")
    return LaunchDescription([{}])
"""
TOGETHER, APART = "first, second", "GroupAction([first]), GroupAction([second])"


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("how", [TOGETHER, APART], ids=["together", "apart"])
def test_a_camera_height_that_leaks_to_the_next_robot_is_named(start, folder, client, how):
    (folder / "robots.launch.py").write_text(BRINGUP.format(how))
    start(str(folder / "robots.launch.py"))
    found = {name: values(client, name) for name in ("/robot1", "/robot2")}
    assert [each["max_rate"] for each in found.values()] == [2.0, 3.0]
    said = (
        "camera_height:=1.5 may be meant for an include before this one alone"
        in (folder / "log").read_text()
    )
    assert said == (found["/robot2"]["camera_height"] == 1.5) == (how == TOGETHER)
