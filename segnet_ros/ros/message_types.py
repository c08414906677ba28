"""Message classes by their names, and the text that defines them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ament_index_python import PackageNotFoundError, get_package_share_directory

FIELD_TYPE = re.compile(r"^\s*([A-Za-z][A-Za-z0-9_/]*)(?:<=\d+)?(?:\[[<=\d]*\])?\s+[A-Za-z]")


def message_class(name: str) -> Any | None:
    """The class of e.g. "sensor_msgs/msg/Image"; None where its package is not installed."""
    package, _, short = name.partition("/msg/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), short)
    except (ImportError, AttributeError):
        return None


def type_name(kind: type) -> str:
    """The name of a message class, as `message_class` takes it."""
    return f"{kind.__module__.partition('.')[0]}/msg/{kind.__name__}"


def install_command(name: str) -> str:
    """The command that installs the package of a message type."""
    package = name.partition("/")[0].replace("_", "-")
    return f"sudo apt install ros-$ROS_DISTRO-{package}"


def has_header(kind: Any) -> bool:
    """Whether messages of a class begin with a std_msgs/Header."""
    fields = kind.get_fields_and_field_types()
    return next(iter(fields.values()), None) == "std_msgs/Header"


def definitions(name: str, known: Callable[[str], bool]) -> dict[str, str]:
    """The .msg texts of a type and of all types within it that are not known.

    Args:
        name: e.g. "segnet_ros/msg/ClassMap".
        known: whether a type needs no text.

    Raises:
        LookupError: the package is not installed, or came without its .msg files.
    """
    found: dict[str, str] = {}
    wanted = [name]
    while wanted:
        each = wanted.pop()
        if each not in found and not known(each):
            found[each] = _text(each)
            wanted += _field_types(found[each], each.partition("/")[0])
    return found


def _text(name: str) -> str:
    package, _, short = name.partition("/msg/")
    try:
        return (Path(get_package_share_directory(package)) / "msg" / f"{short}.msg").read_text()
    except (PackageNotFoundError, OSError) as error:
        raise LookupError(f"no definition of {name}: {error}") from None


def _field_types(text: str, package: str) -> list[str]:
    """Full names of the message types among a definition's fields."""
    names = [match[1] for line in text.splitlines() if (match := FIELD_TYPE.match(line))]
    # Basic types are written small.
    return [_full(name, package) for name in names if "/" in name or name[0].isupper()]


def _full(name: str, package: str) -> str:
    parts = name.split("/")
    return f"{parts[0] if len(parts) > 1 else package}/msg/{parts[-1]}"
