"""Untrusted JSON and YAML, read with limits on length, depth and growth.

A few lines of YAML with nested aliases expand to gigabytes, and brackets alone need forty times
their length in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from segnet_model.base.errors import SettingsError
from segnet_model.base.near import near

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MAX_JSON = 1 << 20  # characters; ours have a few thousand
MAX_YAML = 1 << 16  # characters; a label set of 255 classes has half of it
MAX_DEPTH = 32
_ODD = re.compile(r"\\u[dD][89a-fA-F]")  # bytes of a path that are not UTF-8; libyaml refuses them


def read_json(text: str, most: int = MAX_JSON) -> Any:
    """Read JSON of at most `most` characters; SettingsError if it is invalid or too long."""
    if len(text) > most:
        raise SettingsError(f"{len(text)} characters of JSON; at most {most} are read")
    try:
        return json.loads(text)
    except RecursionError:
        raise SettingsError("JSON within JSON within JSON, too deep to be read") from None
    except ValueError as error:
        raise SettingsError(str(error)) from None


def load_yaml(file: Path | Traversable) -> Any:
    """Read a YAML file of plain values, of at most `MAX_YAML` bytes.

    Raises:
        OSError: the file cannot be read.
        SettingsError: the YAML is invalid, or refused by `check_yaml`.
    """
    if file.is_dir():
        raise SettingsError("it is a folder; name the YAML file in it")
    if not file.is_file():  # a pipe never ends
        raise SettingsError("there is no such file")
    with file.open("rb") as stream:
        data = stream.read(MAX_YAML + 1)
    try:
        return read_yaml(data.decode())
    except UnicodeDecodeError as error:
        raise SettingsError(f"{error}; save it as UTF-8") from None


def read_yaml(text: str, most: int = MAX_YAML, *, typed: bool = True) -> Any:
    """Read YAML of plain values.

    Args:
        text: the YAML.
        most: how many characters of it are read.
        typed: False leaves each value the text that it is: "no" is neither a flag nor lost.

    Raises:
        SettingsError: it is invalid, or refused by `check_yaml`.
    """
    check_yaml(text, most)
    try:
        return yaml.load(text, _loader(text) if typed else _Texts)
    except (yaml.YAMLError, ValueError) as error:  # ValueError of numbers
        raise SettingsError(str(error)) from None


def named_value(values: Any, name: str, owner: str = "it") -> Any:
    """Return values[name]; TypeError with a readable reason if there is none."""
    if not isinstance(values, dict):
        raise TypeError(f"{owner} is {kind_of(values)} and has no {name}")
    if name not in values:
        raise TypeError(f"{owner} has no {name}")
    return values[name]


def plain_text(value: Any) -> str:
    """Convert a value to text; TypeError for a list, whose text may have any length, or a flag.

    A fraction is refused, too: as a name, 1.10 was another than 1.1.
    """
    if isinstance(value, bool):  # YAML's yes, no, on and off
        raise TypeError(f"a name is {value}, a flag in YAML; write it in quotes")
    if isinstance(value, float):
        raise TypeError(f"a name is {value}, a number in YAML; write it in quotes")
    if not isinstance(value, str | int):
        raise TypeError(f"a name is {kind_of(value)}")
    return str(value)


def check_names(values: dict[str, Any], known: Sequence[str], owner: str) -> None:
    """Raise SettingsError if a name of the values is not among the known ones."""
    for name in values:
        if name not in known:
            raise SettingsError(
                f"{owner} has no {str(name)[:40]!r}{near(str(name), known)}; it has "
                f"{', '.join(known)}"
            )


def flag(values: dict[str, Any], name: str, owner: str) -> bool:
    """Return values[name], or False without it; SettingsError unless it is true or false."""
    value = values.get(name, False)
    if not isinstance(value, bool):
        shown = f"{value!r:.40}, {kind_of(value)}" if value is not None else "empty"
        raise SettingsError(f"{name} of {owner} is {shown}; write true or false, without quotes")
    return value


def whole_number(value: Any, owner: str) -> int:
    """Return the value; SettingsError unless it is a whole number."""
    if type(value) is not int:
        shown = f"{value!r:.40}" if isinstance(value, str | float | bool) else kind_of(value)
        raise SettingsError(f"{owner} is {shown}, not a whole number without quotes")
    return value


def kind_of(value: Any) -> str:
    """The type of a value from YAML or JSON, in words for people."""
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a set of named values"
    return "text" if isinstance(value, str) else f"a {type(value).__name__}"


def check_yaml(text: str, most: int = MAX_YAML) -> None:
    """Raise SettingsError for YAML that is longer than `most` characters, deep, or has aliases."""
    if len(text) > most:
        raise SettingsError(f"{len(text)} characters of YAML; at most {most} are read")
    depth = 0
    try:
        for event in yaml.parse(text, _loader(text)):
            if isinstance(event, yaml.AliasEvent):
                raise SettingsError(
                    f"an alias, *{str(event.anchor)[:40]}, which may stand for much; write it out"
                )
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise SettingsError(f"lists more than {MAX_DEPTH} deep; write them flat")
    except yaml.YAMLError as error:
        raise SettingsError(str(error)) from None


class _NoTwins:
    """Part of a YAML loader that refuses two values of one name, of which only one would count."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in names:
                line = key.start_mark.line + 1
                raise SettingsError(f"line {line} has {key.value[:40]!r} a second time; keep one")
            names.add(key.value)
        return super().construct_mapping(node, deep)  # type: ignore[misc]


def _whole(loader: Any, node: Any) -> int | str:
    """A whole number; text where YAML would read another: 010 as 8, 1:30 as 90, 1_0 as 10."""
    value: str = loader.construct_scalar(node)
    return int(value) if re.fullmatch(r"[-+]?(0|[1-9]\d*)", value) else value


class _Plain(_NoTwins, yaml.SafeLoader):
    pass


class _Texts(_NoTwins, yaml.BaseLoader):
    pass


# Ten times as fast, but deep lists overflow its stack, so `check_yaml` comes first.
class _Quick(_NoTwins, yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    pass


for _each in (_Plain, _Quick):
    _each.add_constructor("tag:yaml.org,2002:int", _whole)


def _loader(text: str) -> Any:
    return _Plain if _ODD.search(text) else _Quick
