"""The parameters of the node `segmentation`: checks, and parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from rclpy.parameter import Parameter

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import options_of
from segnet_model.base.tables import RELOAD, AnswerSettings
from segnet_model.driving.settings import GroundSettings
from segnet_ros.ros.parameter_table import plain, refusal
from segnet_ros.segmentation.settings import NodeSettings

T = TypeVar("T", AnswerSettings, GroundSettings)

TABLE = options_of(NodeSettings)


def changed(settings: NodeSettings, changes: Sequence[Parameter]) -> NodeSettings:
    """The settings after these changes; other nodes' parameters are ignored."""
    return replace(settings, **{p.name: plain(p.value) for p in changes if p.name in TABLE})


def part(settings: NodeSettings, kind: type[T]) -> T:
    """The settings of another class, from the fields of the same names."""
    return kind(**{row.name: getattr(settings, row.name) for row in fields(kind)})


def network_values(settings: NodeSettings) -> dict[str, Any]:
    """The values, by name, that choose the network and how it runs."""
    return {n: getattr(settings, n) for n, each in TABLE.items() if each.applies == RELOAD}


def affect_network(changes: Sequence[Any]) -> bool:
    """Whether any of these parameters, or messages of them, may need another network."""
    return any(p.name in TABLE and TABLE[p.name].applies == RELOAD for p in changes)


def refusals(parameters: Sequence[Parameter], configured: bool) -> str:
    """The reasons to refuse new values, with the mends; empty where all are good.

    Args:
        parameters: the new values; those outside the table are ignored.
        configured: whether the node is inactive or active.
    """
    ours = [p for p in parameters if p.name in TABLE]
    reasons = [refusal(TABLE[p.name], p, configured) for p in ours]
    return "; ".join(filter(None, reasons))


def conflict(settings: NodeSettings) -> str:
    """The reason why values do not fit each other, with the mend; empty where they fit."""
    try:
        part(settings, GroundSettings).spec  # noqa: B018
    except SettingsError as error:
        return f"grid_resolution, grid_length and grid_width: {error}"
    return ""
