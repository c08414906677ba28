"""Tables of parameters: a dataclass from which they are declared, judged and read.

A row of the table is a field made by `setting`; the dataclass itself holds the values of all at one
moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, field, fields
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

T = TypeVar("T")

# When a new value applies, as `ros2 param describe` tells it.
LIVE = "Applies from the next frame on."
NETWORK = (
    "A new value loads a network beside the one that runs, which goes on until the other is ready; "
    "where that fails, the old value stays."
)
CONFIGURE = "Read when the node is configured; refused from then until it is cleaned up."
START = "Read when the node starts."


def setting(
    default: T,
    applies: str,
    description: str,
    *,
    limits: tuple[float, float] | None = None,
    choices: tuple[str, ...] = (),
    fault: Callable[[Any], str] = lambda value: "",
) -> T:
    """A row of a table.

    Args:
        default: its type is the parameter's.
        applies: when a new value does, `LIVE` and so on.
        description: for people, `ros2 param describe`.
        limits: the least and the greatest value of a number.
        choices: the texts that are allowed; without, all are.
        fault: what is wrong with a value, and the mend; empty where nothing is.
    """
    about = {
        "applies": applies, "text": description, "limits": limits, "choices": choices,
        "fault": fault,
    }  # fmt: skip
    row: T = field(default=default, metadata=about)
    return row


def declare_table(node: Node, table: type[Any]) -> None:
    """Declare the rows of any dataclass whose fields are made by `setting`, as `declare` does."""
    rows = [(row.name, _value(row), _descriptor(row)) for row in fields(table)]
    node.declare_parameters("", rows)


def read_table(node: Node, table: type[T]) -> T:
    """The same for any table."""
    names = [row.name for row in fields(table)]  # type: ignore[arg-type]
    return table(**{name: plain(node.get_parameter(name).value) for name in names})


def judge_row(row: Field[Any], parameter: Parameter, configured: bool) -> str:
    """Say why a new value of a row must be refused, and the mend; empty where all is well.

    Types, limits and read-only are judged by rclpy, from the descriptor, before this is asked.
    """
    about = row.metadata
    if parameter.type_ == Parameter.Type.NOT_SET:
        return f'{parameter.name} cannot be empty or removed; set it to a value, a list to [""]'
    if about["choices"] and parameter.value not in about["choices"]:
        return f"{parameter.name} {parameter.value!r} is none of {', '.join(about['choices'])}"
    if fault := about["fault"](plain(parameter.value)):
        return f"{parameter.name}: {fault}"
    if configured and about["applies"] == CONFIGURE:
        return (
            f"{parameter.name} is read when the node is configured; "
            "deactivate and clean it up, set it, and configure it again"
        )
    return ""


def plain(value: Any) -> Any:
    """A parameter's value as a table holds it: lists as tuples, without texts that are empty."""
    if isinstance(value, str | bool | int | float):
        return value
    return tuple(item for item in value if item != "")


def _value(row: Field[Any]) -> Any:
    # rclpy takes an empty list for one of bytes, and neither YAML nor the command line can write
    # an empty list of texts; so [""] stands for it.
    return list(row.default) or [""] if isinstance(row.default, tuple) else row.default


def _descriptor(row: Field[Any]) -> ParameterDescriptor:
    about = row.metadata
    descriptor = ParameterDescriptor(
        name=row.name,
        description=f"{about['text']} {about['applies']}",
        read_only=about["applies"] == START,
    )
    if about["choices"]:
        descriptor.additional_constraints = f"one of: {', '.join(about['choices'])}"
    if about["limits"] and isinstance(row.default, float):
        low, high = about["limits"]
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    elif about["limits"]:
        low, high = about["limits"]
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
    return descriptor
