"""Parameters of a node, from a table of options: to declare, check and read them."""

from __future__ import annotations

from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from segnet_model.base.options import ABOVE_0, BELOW_1, Option, from_plain, options_of
from segnet_model.base.tables import CONFIGURE

T = TypeVar("T")

# When a new value applies, besides those of `segnet_model.base.tables`.
START = "Read when the node starts."
# ROS has closed ranges only; the table itself refuses the ends.
CLOSED = {ABOVE_0: 0.0, BELOW_1: 1.0}


def declare_table(node: Node, table: type[Any]) -> None:
    """Declare a parameter for each option.

    Raises:
        ParameterException: a value from outside (command line, YAML) is refused.
    """
    options = options_of(table).values()
    node.declare_parameters("", [(o.name, ros_value(o.default), descriptor(o)) for o in options])


def read_table(node: Node, table: type[T]) -> T:
    """The present values of a node's parameters.

    Raises:
        SettingsError: values are refused.
    """
    names = options_of(table)
    return from_plain(table, {name: plain(node.get_parameter(name).value) for name in names})


def refusal(option: Option, parameter: Parameter, configured: bool) -> str:
    """The reason to refuse a new value of an option, with the mend; empty where it is good.

    rclpy has checked types and read-only before, by the descriptor.
    """
    if parameter.type_ == Parameter.Type.NOT_SET:
        return f'{parameter.name} cannot be empty or removed; set it to a value, a list to [""]'
    if reason := option.reason(plain(parameter.value)):
        return reason
    if configured and option.applies == CONFIGURE:
        return (
            f"{parameter.name} is read when the node is configured; "
            "deactivate and clean it up, set it, and configure it again"
        )
    return ""


def plain(value: Any) -> Any:
    """A parameter's value in an option's plain form: lists as tuples, without empty texts."""
    if isinstance(value, str | bool | int | float):
        return value
    return tuple(item for item in value if item != "")


def ros_value(value: Any) -> Any:
    """An option's plain form as a parameter's value, the inverse of `plain`."""
    # rclpy takes an empty list for one of bytes, and neither YAML nor the command line can write
    # an empty list of texts; so [""] stands for it.
    return list(value) or [""] if isinstance(value, tuple) else value


def summary(option: Option) -> str:
    """An option's help, and the meaning of a default such as 0 or empty."""
    if not option.otherwise:
        return option.help
    default = ros_value(option.default)
    return f"{option.help} {'Empty' if default == '' else default}: {option.otherwise}."


def constraints(option: Option) -> str:
    """An option's choices or limits as a sentence; empty where it has none."""
    if option.choices:
        return f"One of: {', '.join(option.choices)}."
    return f"Range: {option.range}." if option.range else ""


def descriptor(option: Option) -> ParameterDescriptor:
    """The ROS descriptor of an option, for `ros2 param describe`."""
    applies = option.applies or START
    about = ParameterDescriptor(
        name=option.name,
        description=f"{summary(option)} {applies}",
        read_only=applies == START,
    )
    if option.choices:
        about.additional_constraints = f"one of: {', '.join(option.choices)}"
    if option.limits and isinstance(option.default, float):
        low, high = (CLOSED.get(limit, limit) for limit in option.limits)
        low = min(low, option.default)  # which may stand for a value from elsewhere
        about.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    elif option.limits:
        low, high = map(int, option.limits)
        low = min(low, option.default)
        about.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
    return about
