"""Options: one table for Python, the command line, ROS parameters, launch arguments and YAML.

A table is a dataclass whose fields are made by `option`; a field may be another table. A value has
two forms: the one that the dataclass holds, and a plain one that a shell, YAML and ROS can write,
with an empty text for None, or ("features=32",) for {"features": 32}.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

from segnet_model.base.errors import SettingsError

T = TypeVar("T")

ABOVE_0 = math.nextafter(0.0, 1.0)  # as a limit: more than 0
BELOW_1 = math.nextafter(1.0, 0.0)  # as a limit: less than 1
MANY = 2**31 - 1  # as a limit of a whole number: none


@dataclass(frozen=True)
class Option:
    """One option of a table.

    Attributes:
        default: the plain form; its type is the option's.
        help: a sentence for people, with the unit.
        limits: the least and the greatest value of a number, both allowed; so is the default.
        choices: the texts that are allowed; without, all are.
        otherwise: description of the default in --help, if its value is not clear.
        group: heading in --help and in YAML.
        flag: on the command line, if it is not the name; options that share one are its values.
        metavar: names of the values in --help, separated by spaces.
        applies: when a node uses a new value; empty: when it starts.
        fault: the reason to refuse a value, with the mend; empty where it is good.
        read: from the plain form to the dataclass's; SettingsError where that fails.
        name: the field's.
    """

    default: Any
    help: str
    limits: tuple[float, float] | None = None
    choices: Collection[str] = ()
    otherwise: str = ""
    group: str = "options"
    flag: str = ""
    metavar: str = ""
    applies: str = ""
    fault: Callable[[Any], str] = lambda value: ""
    read: Callable[[Any], Any] = lambda value: value
    name: str = ""

    @property
    def range(self) -> str:
        """The limits in words: "0 to 1", "more than 0"; empty where there are none."""
        if self.limits is None:
            return ""
        low, high = self.limits
        least = "more than 0" if low == ABOVE_0 else f"at least {low:g}"
        if high >= MANY:
            return least
        if high == BELOW_1:
            return f"{least} and less than 1"
        return f"{least}, at most {high:g}" if low == ABOVE_0 else f"{low:g} to {high:g}"

    def reason(self, value: Any) -> str:
        """The reason to refuse a value, with the mend; empty where it is good."""
        if value is None or value == self.default:
            return ""
        if isinstance(value, float) and not math.isfinite(value):
            return f"{self.name} is {value}; give {self.range or 'a number'}"
        if self.limits and not self.limits[0] <= value <= self.limits[1]:
            most = f", at most {self.limits[1]}" if value > self.limits[1] >= MANY else ""
            return f"{self.name} is {value}; give {self.range}{most}"
        if self.choices and value not in self.choices:
            return f"{self.name} {value!r} is none of {', '.join(self.choices)}"
        fault = self.fault(value)
        return f"{self.name}: {fault}" if fault else ""


def option(default: T, help: str, *, plain: Any = None, **about: Any) -> T:
    """A field of a table.

    Args:
        default: of the dataclass.
        help: a sentence for people, with the unit.
        plain: the plain form of the default, if it is another.
        about: further attributes of `Option`.
    """
    metadata = {"option": Option(default if plain is None else plain, help, **about)}
    how: Any = (
        {"default_factory": default.copy} if isinstance(default, dict) else {"default": default}
    )
    row: T = field(metadata=metadata, **how)
    return row


def option_of(table: type[Any], name: str) -> Any:
    """A field that another table has too: the same default, help and limits."""
    (row,) = (each for each in fields(table) if each.name == name)
    return field(default=row.default, metadata=row.metadata)


def options_of(table: type[Any]) -> dict[str, Option]:
    """The options of a table by name, with those of the tables in it."""
    found: dict[str, Option] = {}
    for row in fields(table):
        if "option" in row.metadata:
            found[row.name] = replace(row.metadata["option"], name=row.name)
        elif is_dataclass(row.default_factory):
            found |= options_of(row.default_factory)
    return found


def changed(values: Any) -> list[str]:
    """The names of the options of a table, and of those in it, that have not their defaults."""
    usual, found = type(values)(), []
    for row in fields(values):
        value, default = getattr(values, row.name), getattr(usual, row.name)
        if "option" in row.metadata:
            found += [row.name] if value != default else []
        elif is_dataclass(value):
            found += changed(value)
    return found


def check_options(values: Any) -> None:
    """Check each value of a table by itself; for its `__post_init__`.

    Raises:
        SettingsError: a value is refused; names it and the mend.
    """
    for name, each in options_of(type(values)).items():
        if name in vars(values) and (reason := each.reason(getattr(values, name))):
            raise SettingsError(reason)


def from_plain(table: type[T], values: Mapping[str, Any]) -> T:
    """Make a table of plain values.

    Args:
        table: its class.
        values: by name. An option that is missing keeps its default; other names are ignored.

    Raises:
        SettingsError: a value is refused; names it and the mend.
    """
    options, arguments = options_of(table), {}
    for row in fields(table):  # type: ignore[arg-type]
        if is_dataclass(row.default_factory):
            arguments[row.name] = from_plain(row.default_factory, values)
        elif row.name in values and values[row.name] != options[row.name].default:
            arguments[row.name] = options[row.name].read(values[row.name])
    return table(**arguments)


def add_arguments(
    parser: argparse.ArgumentParser,
    table: type[Any],
    groups: dict[str, Any] | None = None,
    names: Iterable[str] = (),
    **changes: Mapping[str, Any],
) -> None:
    """Add the options of a table to a command.

    Args:
        parser: of the command.
        table: its class.
        groups: those that the command has already, by heading.
        names: the options to add; none stands for all.
        changes: attributes of an option, by its name, that differ for this command.
    """
    groups = {"options": parser} if groups is None else groups  # argparse has this heading
    for flag, sharers in _flags(table, names).items():
        heading = sharers[0].group
        if heading not in groups:
            groups[heading] = parser.add_argument_group(heading)
        changed = [replace(each, **changes.get(each.name, {})) for each in sharers]
        groups[heading].add_argument(f"--{flag}", **_argument(*changed))


def from_arguments(table: type[T], args: argparse.Namespace) -> T:
    """Make a table of the arguments from `add_arguments`; SettingsError as `from_plain`."""
    values: dict[str, Any] = {}
    for sharers in _flags(table).values():
        given = getattr(args, sharers[0].name, sharers[0].default)
        given = tuple(given) if isinstance(given, list) else given
        several = given if len(sharers) > 1 else [given]
        values |= {each.name: value for each, value in zip(sharers, several, strict=True)}
    return from_plain(table, values)


def _flags(table: type[Any], names: Iterable[str] = ()) -> dict[str, list[Option]]:
    """The options of each flag of the command line."""
    flags: dict[str, list[Option]] = {}
    options = options_of(table)
    for each in (options[name] for name in names or options):
        flags.setdefault(each.flag or each.name.replace("_", "-"), []).append(each)
    return flags


def _argument(*sharers: Option) -> dict[str, Any]:
    """The arguments of `add_argument` for the options that share a flag."""
    first, *others = sharers
    about = {"dest": first.name, "metavar": first.metavar or None}
    if others:
        default = tuple(each.default for each in sharers)
        shown, how = " ".join(map(str, default)), _several(default, first)
    elif first.default is False:
        return {"dest": first.name, "action": "store_true", "help": _help(first.help)}
    elif first.default == ():
        shown, how = "none", {"action": "append", "default": []}
    elif isinstance(first.default, tuple):
        shown, how = " ".join(map(str, first.default)), _several(first.default, first)
    else:
        shown, how = "%(default)s", {"default": first.default, "type": type(first.default)}
        how["choices"] = first.choices or None
    notes = ["may be repeated"] if first.default == () else [first.range] if first.range else []
    text = " ".join(each.help for each in sharers)
    return {**about, **how, "help": _help(text, *notes, f"default: {first.otherwise or shown}")}


def _several(default: tuple[Any, ...], option: Option) -> dict[str, Any]:
    names = tuple(option.metavar.split())
    return {"nargs": len(default), "type": type(default[0]), "default": default, "metavar": names}


def _help(text: str, *notes: str) -> str:
    text = text.rstrip(".").replace("%", "%%")
    if text[1:2].islower():  # no abbreviation
        text = text[0].lower() + text[1:]
    return f"{text} ({'; '.join(notes)})" if notes else text
