"""Starts the node `segmentation`, which configures and activates itself.

ros2 launch segnet_ros segnet.launch.py image:=/camera/image_raw rviz:=true
ros2 launch segnet_ros segnet.launch.py live:=true
ros2 launch segnet_ros segnet.launch.py cameras:=[front,left] image:=[/front/raw,/left/raw]
ros2 launch segnet_ros segnet.launch.py camera_height:=1.2 camera_pitch:=0.1 namespace:=robot1

Every parameter of the node is a launch argument.
"""

from launch import LaunchDescription
from launch.actions import OpaqueFunction

from segnet_model.base.options import options_of
from segnet_ros.launching import actions as launching
from segnet_ros.launching import views
from segnet_ros.launching.values import camera_remappings
from segnet_ros.segmentation.settings import NodeSettings

PARAMETERS = tuple(options_of(NodeSettings))
ARGUMENTS = {
    "image": (
        "/camera/image_raw",
        "Image topic; with several cameras, a list in the order of cameras.",
    ),
    "camera_info": (
        "",
        "CameraInfo topic, or a list. Empty: camera_info beside the image topic.",
    ),
    "params_file": (
        str(launching.SHARE / "config" / "segnet.yaml"),
        "YAML file with the node's parameters; launch arguments override it.",
    ),
}


def generate_launch_description() -> LaunchDescription:
    """The arguments, the node, RViz and the page for browsers."""
    return LaunchDescription(
        [
            *launching.arguments(ARGUMENTS),
            *launching.table_arguments(NodeSettings, PARAMETERS),
            *launching.arguments(launching.COMMON),
            *launching.arguments(launching.CLOCK),
            *launching.arguments(views.RVIZ),
            *launching.arguments(views.LIVE),
            *launching.arguments(launching.TRANSPORT),
            OpaqueFunction(function=launching.handle_interrupts),
            OpaqueFunction(function=launching.set_transport_profile),
            OpaqueFunction(function=launching.warn_of_shared_arguments, args=[PARAMETERS]),
            # First, because launch leaves programs behind when it refuses a later text.
            OpaqueFunction(function=views.rviz, args=[NodeSettings]),
            OpaqueFunction(function=views.live),
            OpaqueFunction(function=start),
        ]
    )


def start(context):
    """The node."""
    parameters = launching.parameters(context, NodeSettings, PARAMETERS)
    return [
        launching.node(
            context,
            "segmentation",
            parameters=[*parameters, *launching.clock(context)],
            remappings=camera_remappings(context.launch_configurations),
        )
    ]
