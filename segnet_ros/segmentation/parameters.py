"""The parameters of the node `segmentation`: declared, judged and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from rclpy.node import Node
from rclpy.parameter import Parameter

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import options_of
from segnet_model.base.tables import RELOAD, AnswerSettings
from segnet_model.driving.settings import GroundSettings
from segnet_ros.ros.parameter_table import declare_table, judge_option, plain, read_table
from segnet_ros.segmentation.settings import Settings

T = TypeVar("T", AnswerSettings, GroundSettings)

TABLE = options_of(Settings)


def declare(node: Node) -> None:
    """Declare every parameter of the table on a node.

    Raises:
        ParameterException: a value from outside (command line, YAML) is refused.
    """
    declare_table(node, Settings)


def read(node: Node) -> Settings:
    """The values that a node's parameters have now."""
    return read_table(node, Settings)


def changed(settings: Settings, changes: Sequence[Parameter]) -> Settings:
    """The settings after these changes; names that are not of the table are let pass."""
    return replace(settings, **{p.name: plain(p.value) for p in changes if p.name in TABLE})


def part(settings: Settings, kind: type[T]) -> T:
    """Those of the values that another class of settings has too, under the same names."""
    return kind(**{row.name: getattr(settings, row.name) for row in fields(kind)})


def of_network(settings: Settings) -> dict[str, Any]:
    """The values that say which network runs and how it is asked, by name."""
    return {n: getattr(settings, n) for n, each in TABLE.items() if each.applies == RELOAD}


def concern_network(changes: Sequence[Any]) -> bool:
    """Whether any of these parameters or their messages may ask for another network."""
    return any(p.name in TABLE and TABLE[p.name].applies == RELOAD for p in changes)


def judge(parameters: Sequence[Parameter], configured: bool) -> str:
    """Say why new values must be refused.

    Args:
        parameters: the new values; names that are not of the table are let pass.
        configured: whether the node is inactive or active.

    Returns:
        The reasons and the mends; empty where all is well.
    """
    ours = [p for p in parameters if p.name in TABLE]
    reasons = [judge_option(TABLE[p.name], p, configured) for p in ours]
    return "; ".join(filter(None, reasons))


def conflict(settings: Settings) -> str:
    """Why values that are right one by one cannot go together, with the mend; empty if they can."""
    try:
        part(settings, GroundSettings).spec  # noqa: B018
    except SettingsError as error:
        return f"grid_resolution, grid_length and grid_width: {error}"
    return ""
