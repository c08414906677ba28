"""Options that do nothing beside others: refused, as nobody would notice that they are ignored."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from segnet_model.base.errors import SettingsError


@dataclass(frozen=True)
class Unused:
    """Options that have no effect in some command lines.

    Attributes:
        names: of the options, as in the parsed arguments.
        where: whether they have none, from the arguments.
        reason: completes "--risk ", with the mend.
    """

    names: Collection[str]
    where: Callable[[argparse.Namespace], bool]
    reason: str


def refuse_unused(args: argparse.Namespace, rules: Iterable[Unused]) -> None:
    """Raise SettingsError for the first option that is given and has no effect."""
    for rule in rules:
        if rule.where(args):
            refuse_given(args, rule.names, rule.reason)


def refuse_given(args: argparse.Namespace, names: Collection[str], reason: str) -> None:
    """Raise SettingsError for the first of these options that is given.

    Args:
        args: of a command; its `parser` knows the defaults, which count as not given.
        names: as in `Unused`.
        reason: the same.
    """
    for action in args.parser._actions:  # argparse has no public list of them
        is_given = action.option_strings and getattr(args, action.dest, None) != action.default
        if action.dest in names and is_given:
            raise SettingsError(f"{action.option_strings[0]} {reason}")
