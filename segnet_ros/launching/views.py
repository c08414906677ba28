"""Actions that show a node's outputs: RViz, and the page for browsers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ament_index_python import PackageNotFoundError, get_package_prefix
from launch import LaunchContext
from launch.logging import get_logger, launch_config
from launch_ros.actions import Node

from segnet_ros.launching import actions
from segnet_ros.launching.values import (
    file_at,
    node_name,
    node_value,
    parse_value,
    rviz_for_cameras,
    rviz_remappings,
)

RVIZ = {
    "rviz": ("false", "true starts RViz with the node's outputs, of each camera."),
    "rviz_config": (
        str(actions.SHARE / "config" / "segnet.rviz"),
        "Configuration file of RViz, with topics as /segmentation/overlay. base_frame is the fixed "
        "frame of the default one.",
    ),
}
LIVE = {
    "live": ("false", "true shows the node's outputs in browsers, for a robot without a screen."),
    "live_host": (
        "127.0.0.1",
        "Address of the page; 0.0.0.0 is every network.",
    ),
    "live_port": ("8080", "Port of the page."),
}


def rviz(context: LaunchContext, table: type[Any]) -> list[Node]:
    """RViz, if the argument says so and it is installed.

    Args:
        context: has the launch arguments.
        table: the parameters of the node that is shown, a dataclass of options.

    Raises:
        SettingsError: an argument does not fit, or a file is missing.
    """
    values = context.launch_configurations
    if not parse_value("rviz", values["rviz"], False):
        return []
    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        get_logger("segnet").error("rviz2 is not installed; sudo apt install ros-$ROS_DISTRO-rviz2")
        return []
    file = file_at("rviz_config", values)
    config = yaml.safe_load(Path(file).read_text()) if file else None
    cameras = [name for name in node_value(values, table, "cameras") if name]
    ours = file == RVIZ["rviz_config"][0]  # in another one, the fixed frame is its owner's choice
    remappings = rviz_remappings(config, values["namespace"], *cameras[:1])
    if ours and len(cameras) > 1:
        several = rviz_for_cameras(config, values["namespace"], cameras)
        file, remappings = _kept("segnet.rviz", several), []
    frame = ["-f", node_value(values, table, "base_frame")] if ours else []
    return [
        Node(
            package="rviz2",
            executable="rviz2",
            namespace=values["namespace"],  # so that several robots' have different names
            arguments=["-d", file, *frame],
            parameters=actions.clock(context),
            remappings=remappings,
        )
    ]


def _kept(name: str, document: Any) -> str:
    """The path of a new YAML file beside the log of this launch."""
    path = Path(launch_config.get_log_file_path(name))
    path.write_text(yaml.safe_dump(document))
    return str(path)


def live(context: LaunchContext) -> list[Node]:
    """The page for browsers, if the argument says so.

    Raises:
        SettingsError: an argument does not fit.
    """
    values = context.launch_configurations
    if not parse_value("live", values["live"], False):
        return []
    port = parse_value("live_port", values["live_port"], 0)
    shown = node_name(values["namespace"])
    arguments = ["--node", shown, "--host", values["live_host"], "--port", str(port)]
    return [actions.node(context, "live", arguments=arguments)]
