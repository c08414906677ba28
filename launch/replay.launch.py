"""Plays a recording to the node `segmentation`, and can record its outputs.

ros2 launch segnet_ros replay.launch.py bag:=drive rviz:=true
ros2 launch segnet_ros replay.launch.py bag:=drive record:=answers lockstep:=true

All programs end when one of them does, usually the player. Outputs that are in the bag already are
played as /recorded/segmentation/mask and so on, beside the new ones.
"""

import json
import subprocess

from launch import LaunchDescription
from launch.actions import (
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    SetLaunchConfiguration,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.launch_description_sources import PythonLaunchDescriptionSource

from segnet_model.base.errors import BagError
from segnet_ros.launching import actions as launching
from segnet_ros.launching.values import node_name, parse_value

ARGUMENTS = {
    "bag": ("", "Recording: a rosbag2 folder, .mcap or .db3 file."),
    "image": ("", "Image topic of the bag. Empty: its only image topic."),
    "rate": ("1.0", "Speed of the playback; 2.0 is twice as fast."),
    "loop": ("false", "true starts again at the end."),
    "restamp": ("false", "true stamps the images with the time of publication."),
    "lockstep": ("false", "true waits for the mask of each image, so that no image is dropped."),
    "record": ("", "Bag to record the outputs to: the path of a new folder. Empty: none."),
    "record_topics": ("", "Topics to record, as in [/a, /b]. Empty: every output of the node."),
}
TYPES = {"rate": 1.0, "loop": False, "restamp": False, "lockstep": False, "record_topics": ()}
DRAIN_TIME = 2.0  # seconds for the answer to the last image
START_TIMEOUT = 90.0  # seconds to load a network
RECORDER_STOP_TIMEOUT = "60"  # seconds to finish the bag


def generate_launch_description() -> LaunchDescription:
    """The arguments, the checks and the programs."""
    segnet = str(launching.SHARE / "launch" / "segnet.launch.py")
    return LaunchDescription(
        [
            *launching.arguments(ARGUMENTS),
            OpaqueFunction(function=read_bag),
            RegisterEventHandler(OnProcessExit(on_exit=end)),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(segnet)),
            OpaqueFunction(function=record),
            OpaqueFunction(function=play),
        ]
    )


def end(event, context):
    """Shut down, once: launch waits for ever for a timer that is started twice."""
    if context.is_shutdown:
        return None
    return [TimerAction(period=DRAIN_TIME, actions=[Shutdown(reason="the replay is over")])]


def read_bag(context):
    """Set the node's image topic and transport to those of the bag."""
    values = context.launch_configurations
    # Before anything starts: launch leaves programs behind when it refuses a later text.
    for name, default in TYPES.items():
        parse_value(name, values[name] or "[]", default)
    if not values["bag"]:
        raise BagError("bag:= is empty; name a rosbag2 folder, a .mcap or a .db3 file")
    # A program, since the Python of `ros2 launch` may lack the packages that read bags.
    bag = [values["bag"], values["image"], _node(values)]
    done = subprocess.run([launching.program("bag_summary"), *bag], capture_output=True, text=True)
    if done.returncode:
        raise BagError(done.stderr.strip())
    return [SetLaunchConfiguration(*pair) for pair in json.loads(done.stdout).items()]


def record(context):
    """The recorder, if `record` names a bag."""
    values = context.launch_configurations
    if not values["record"]:
        return []
    settings = {"out": values["record"], "prefix": _node(values)}
    if values["record_topics"]:
        settings["topics"] = parse_value("record_topics", values["record_topics"], ())
    return [
        launching.node(
            context, "bag_recorder", parameters=[settings], sigterm_timeout=RECORDER_STOP_TIMEOUT
        )
    ]


def play(context):
    """The player; recorded outputs of the node get other names, because it publishes new ones."""
    values = context.launch_configurations
    settings = {
        "bag": values["bag"],
        "topic": values["image"],
        "rate": parse_value("rate", values["rate"], 1.0),
        "aside": _node(values),
        "start_timeout": START_TIMEOUT,
        **{name: parse_value(name, values[name], False) for name in ("loop", "restamp")},
    }
    if parse_value("lockstep", values["lockstep"], False):
        settings["wait_for"] = f"{_node(values)}/mask"
    if values["record"]:  # the recorder subscribes only after the node has published
        topics = parse_value("record_topics", values["record_topics"] or "[]", ())
        settings["heard"] = next(iter(topics), f"{_node(values)}/mask")
    return [launching.node(context, "bag_player", parameters=[settings])]


def _node(values):
    return node_name(values.get("namespace", ""))  # declared after `read_bag`
