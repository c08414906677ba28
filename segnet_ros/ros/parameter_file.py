"""YAML files of parameters, made from a table of options."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import Any

from segnet_model.base.options import Option, options_of
from segnet_ros.ros.parameter_table import START, constraints, ros_value, summary

WIDTH = 100
INDENT = "    "


def parameter_file(node: str, table: type[Any]) -> str:
    """A YAML file with every parameter of a node: its help, and its default.

    Args:
        node: its name, for the first line.
        table: a dataclass of options.
    """
    groups: dict[str, list[Option]] = {}
    for option in options_of(table).values():
        groups.setdefault(option.group, []).append(option)
    lines = [f"# Parameters of the node `{node}` and their defaults.", "/**:", "  ros__parameters:"]
    for heading, options in groups.items():
        lines += [*_heading(heading, options), *(line for each in options for line in _entry(each))]
    return "\n".join([*lines, ""]).replace("parameters:\n\n", "parameters:\n")


def _heading(heading: str, options: list[Option]) -> list[str]:
    applies = " ".join(dict.fromkeys(option.applies or START for option in options))
    return ["", *_comment(f"--- {heading.capitalize()}. {applies}"), ""]


def _entry(option: Option) -> list[str]:
    value = json.dumps(ros_value(option.default))  # JSON is YAML
    text = f"{summary(option)} {constraints(option)}"
    return [*_comment(text), f"{INDENT}{option.name}: {value}"]


def _comment(text: str) -> list[str]:
    prefix = f"{INDENT}# "
    return wrap(text, WIDTH, initial_indent=prefix, subsequent_indent=prefix)
