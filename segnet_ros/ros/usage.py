"""--help of a node's program, which ROS lacks: how to start it, and its parameters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from rclpy.utilities import remove_ros_args

from segnet_ros.ros.parameter_file import parameter_file


def helped(arguments: Sequence[str] | None, node: str, usage: str | None, table: type[Any]) -> bool:
    """Print the help where the arguments ask for it; False where they do not.

    Args:
        arguments: of the program; None for the command line.
        node: name of the program.
        usage: the docstring of its module, with lines to type.
        table: of its parameters.
    """
    words = remove_ros_args(sys.argv if arguments is None else arguments)
    if not {"-h", "--help"} & set(words):
        return False
    print(f"{usage}{node} --ros-args --params-file FILE\n")
    print(parameter_file(node, table), end="")
    return True
