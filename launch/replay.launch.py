"""Plays a recording to the node `segmentation`, and records its answers if asked to.

ros2 launch segnet_ros replay.launch.py bag:=drive rviz:=true
ros2 launch segnet_ros replay.launch.py bag:=drive record:=answers lockstep:=true

All of it ends when one of its programs does, the player first of all. Answers that are in the bag
already are played as /recorded/segmentation/mask and so on, beside the new ones.
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
from segnet_ros.launching.values import typed

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
LAST_WORDS = 2.0  # seconds for the last image's answers
START_TIMEOUT = 90.0  # seconds that a network may take to load
RECORDER_PATIENCE = "60"  # seconds to finish the bag


def generate_launch_description() -> LaunchDescription:
    """List the arguments and what is started with them."""
    segnet = str(launching.SHARE / "launch" / "segnet.launch.py")
    return LaunchDescription(
        [
            *launching.arguments(ARGUMENTS),
            OpaqueFunction(function=look_into_bag),
            RegisterEventHandler(OnProcessExit(on_exit=end)),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(segnet)),
            OpaqueFunction(function=record),
            OpaqueFunction(function=play),
        ]
    )


def end(event, context):
    """Once, and not when the end has begun: launch waits for ever for a timer started twice."""
    if context.is_shutdown:
        return None
    return [TimerAction(period=LAST_WORDS, actions=[Shutdown(reason="the replay is over")])]


def look_into_bag(context):
    """The node is to listen to what the bag holds."""
    values = context.launch_configurations
    # Before anything starts: launch leaves behind what runs when a later text is refused.
    for name, default in TYPES.items():
        typed(name, values[name] or "[]", default)
    if not values["bag"]:
        raise BagError("bag:= is empty; name a rosbag2 folder, a .mcap or a .db3 file")
    # With the Python that the nodes get, since this one may lack what reading bags takes.
    program = ["python3", "-m", "segnet_ros.bags.summary"]
    asked = [values["bag"], values["image"], f"{_inside(values)}/segmentation"]
    done = subprocess.run([*program, *asked], capture_output=True, text=True)
    if done.returncode:
        raise BagError(done.stderr.strip())
    return [SetLaunchConfiguration(*pair) for pair in json.loads(done.stdout).items()]


def record(context):
    """The recorder, if a bag for it is named."""
    values = context.launch_configurations
    if not values["record"]:
        return []
    settings = {"out": values["record"], "prefix": f"{_inside(values)}/segmentation"}
    if values["record_topics"]:
        settings["topics"] = typed("record_topics", values["record_topics"], ())
    return [
        launching.node(
            context, "bag_recorder", parameters=[settings], sigterm_timeout=RECORDER_PATIENCE
        )
    ]


def play(context):
    """The player; the topics keep their names, but for answers, which the node gives anew."""
    values = context.launch_configurations
    settings = {
        "bag": values["bag"],
        "topic": values["image"],
        "rate": typed("rate", values["rate"], 1.0),
        "aside": f"{_inside(values)}/segmentation",
        "start_timeout": START_TIMEOUT,
        **{name: typed(name, values[name], False) for name in ("loop", "restamp")},
    }
    if typed("lockstep", values["lockstep"], False):
        settings["wait_for"] = f"{_inside(values)}/segmentation/mask"
    if values["record"]:  # whose ears open only after the node has spoken
        topics = typed("record_topics", values["record_topics"] or "[]", ())
        settings["heard"] = next(iter(topics), f"{_inside(values)}/segmentation/mask")
    return [launching.node(context, "bag_player", parameters=[settings])]


def _inside(values):
    namespace = values.get("namespace", "").strip("/")  # declared only after the bag
    return f"/{namespace}" if namespace else ""
