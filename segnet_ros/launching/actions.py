"""Actions of the launch files: arguments from the nodes' parameters, nodes, Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from ament_index_python import get_package_prefix, get_package_share_directory
from launch import LaunchContext
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    RegisterEventHandler,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
)
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch.events.process import ProcessStarted, SignalProcess
from launch.logging import get_logger
from launch_ros.actions import Node

from segnet_model.base.options import Option, options_of
from segnet_ros.launching.values import file_at, parse_value
from segnet_ros.ros import fast_dds
from segnet_ros.ros.parameter_table import constraints, ros_value

SHARE = Path(get_package_share_directory("segnet_ros"))
COMMON = {
    "namespace": ("", "Namespace of the nodes."),
    "log_level": ("info", "Log level of the nodes: debug, info, warn, error or fatal."),
}
CLOCK = {"use_sim_time": ("false", "true takes the time from /clock, as of a simulator.")}
INCLUDED = "arguments of segnet.launch.py"  # a launch configuration: those of the last include
STOP_TIMEOUT = "15"  # seconds after SIGINT; PyTorch alone takes some on a busy machine
TRANSPORT = {
    "transport_profile": (
        str(fast_dds.default_profile()),
        "Fast DDS profile with room for large images, for every node that this file starts. Other "
        "programs need it too. It is not set where it is empty, or where the environment names "
        "another one.",
    ),
}


def arguments(texts: dict[str, tuple[str, str]]) -> list[DeclareLaunchArgument]:
    """Launch arguments from name -> (default, description)."""
    return [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in texts.items()
    ]


def table_arguments(table: type[Any], names: Iterable[str]) -> list[DeclareLaunchArgument]:
    """A launch argument for each named parameter; empty keeps the value of params_file."""
    options = options_of(table)
    return arguments({name: ("", _describe(options[name])) for name in names})


def _describe(option: Option) -> str:
    default = option.otherwise or json.dumps(ros_value(option.default)).strip('"')
    sentences = (
        option.help,
        constraints(option),
        f"Empty: as in params_file{default and f', else {default}'}.",
    )
    return " ".join(filter(None, sentences))


def handle_interrupts(context: LaunchContext) -> list[RegisterEventHandler]:
    """Make Ctrl-C end programs that are just starting, too; goes before the first node.

    Launch gets signals through `signal.set_wakeup_fd`. Python's own handler also raises
    KeyboardInterrupt, anywhere: during the start of a program, launch then loses that program,
    never ends it, and waits for it for ever. A terminal's Ctrl-C does not reach programs that
    start a moment later.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _ignore_while_running)
    return [RegisterEventHandler(OnProcessStart(on_start=_stop_late_process))]


def _ignore_while_running(number: int, frame: FrameType | None) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # launch has ended
        signal.default_int_handler(number, frame)


def _stop_late_process(event: ProcessStarted, context: LaunchContext) -> EmitEvent | None:
    if not context.is_shutdown:
        return None
    ours = matches_action(event.action)
    return EmitEvent(event=SignalProcess(signal_number=signal.SIGINT, process_matcher=ours))


def node(context: LaunchContext, executable: str, **more: Any) -> Node:
    """A node of this package, with the arguments that all launch files share."""
    values = context.launch_configurations
    more = {"sigterm_timeout": STOP_TIMEOUT, **more}
    return Node(
        package="segnet_ros",
        executable=executable,
        name=executable,
        namespace=values["namespace"],
        ros_arguments=["--log-level", values["log_level"]],
        output="screen",
        **more,
    )


def parameters(context: LaunchContext, table: type[Any], names: Iterable[str]) -> list[Any]:
    """The parameters of a node: the file `params_file`, overridden by launch arguments.

    Raises:
        SettingsError: a text does not fit its parameter, or there is no such file.
    """
    values = context.launch_configurations
    options = options_of(table)
    given = {n: parse_value(n, values[n], options[n].default) for n in names if values[n]}
    # ROS cannot read an empty file of parameters.
    return [*filter(None, [file_at("params_file", values), given])]


def clock(context: LaunchContext) -> list[dict[str, bool]]:
    """The parameter `use_sim_time`, if the argument says so."""
    simulated = parse_value("use_sim_time", context.launch_configurations["use_sim_time"], False)
    return [{"use_sim_time": True}] if simulated else []


def program(name: str) -> str:
    """The path of a program of this package, which knows the Python that it was built with."""
    return str(Path(get_package_prefix("segnet_ros"), "lib", "segnet_ros", name))


def set_transport_profile(context: LaunchContext) -> list[SetEnvironmentVariable]:
    """Set the Fast DDS profile for programs that start after this, unless the user has set one.

    Raises:
        SettingsError: there is no such file.
    """
    profile = file_at("transport_profile", context.launch_configurations)
    if not profile:
        return []
    chosen = fast_dds.environment(profile, context.environment)
    return [SetEnvironmentVariable(name, value) for name, value in chosen.items()]


def warn_of_shared_arguments(
    context: LaunchContext, names: Iterable[str]
) -> list[SetLaunchConfiguration]:
    """Warn where the arguments of an include before this one may hold here, too.

    Launch keeps the arguments of an include for all that follows in its scope: without a word, a
    second robot would have the camera height of the first.
    """
    values = context.launch_configurations
    given = {name: values[name] for name in names if values[name]}
    before = json.loads(values.get(INCLUDED, "{}"))
    if same := [f"{n}:={text}" for n, text in given.items() if before.get(n) == text]:
        get_logger("segnet").warning(
            f"{', '.join(same)} may be meant for an include before this one alone; put each into a "
            "GroupAction, which keeps its arguments to itself"
        )
    return [SetLaunchConfiguration(INCLUDED, json.dumps(given))]
