"""Trains a network from a labeled folder or recording, and ends when it is trained.

ros2 launch segnet_ros train.launch.py dataset:=my_yard out:=runs/yard
ros2 launch segnet_ros train.launch.py bag:=drive labels_topic:=/labels out:=runs/yard

With source:=live it learns without labels while the robot drives, until it is stopped:

ros2 launch segnet_ros train.launch.py source:=live image_topic:=/camera/image_raw out:=runs/yard

Ctrl-C stops after the step under way; the same command resumes from there.
"""

from launch import LaunchDescription
from launch.actions import OpaqueFunction

from segnet_model.base.options import options_of
from segnet_ros.launching import actions as launching
from segnet_ros.trainer.settings import TrainerSettings

PARAMETERS = tuple(options_of(TrainerSettings))
ARGUMENTS = {
    "params_file": (
        str(launching.SHARE / "config" / "trainer.yaml"),
        "YAML file with the node's parameters; launch arguments override it.",
    ),
}
# Seconds from Ctrl-C to SIGTERM, which would lose the steps since the last saved state. The step
# under way may be the evaluation of all validation images.
STOP_TIMEOUT = "600"


def generate_launch_description() -> LaunchDescription:
    """The arguments and the node."""
    return LaunchDescription(
        [
            *launching.table_arguments(TrainerSettings, PARAMETERS),
            *launching.arguments(ARGUMENTS),
            *launching.arguments(launching.COMMON),
            OpaqueFunction(function=launching.handle_interrupts),
            OpaqueFunction(function=start),
        ]
    )


def start(context):
    """The node."""
    return [
        launching.node(
            context,
            "trainer",
            parameters=launching.parameters(context, TrainerSettings, PARAMETERS),
            sigterm_timeout=STOP_TIMEOUT,
        )
    ]
