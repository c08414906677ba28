"""Tables of options: their two forms, their checks, and the command line."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, field

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.base.options import (
    ABOVE_0,
    BELOW_1,
    MANY,
    Option,
    add_arguments,
    check_options,
    from_arguments,
    from_plain,
    option,
    options_of,
)


@dataclass(frozen=True)
class Inner:
    low: float = option(0.5, "Lowest.", flag="span", metavar="LOW HIGH", group="inner")
    high: float = option(1.5, "Highest, in %.", flag="span", group="inner")


@dataclass(frozen=True)
class Outer:
    name: str | None = option(None, "Name.", plain="", otherwise="the file's", metavar="NAME")
    size: tuple[int, int] | None = option(None, "Size.", plain=(0, 0), metavar="HEIGHT WIDTH")
    pairs: dict[str, str] = option(
        {}, "Pairs.", plain=(), read=lambda given: dict(each.split("=") for each in given)
    )
    how: str = option("fast", "How.", choices=("fast", "slow"))
    share: float = option(0.5, "Share.", limits=(0.0, BELOW_1))
    count_all: int = option(3, "Count.", limits=(1, MANY), fault=lambda n: "odd" if n == 13 else "")
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        check_options(self)


def parsed(*arguments: str) -> Outer:
    parser = argparse.ArgumentParser()
    add_arguments(parser, Outer)
    return from_arguments(Outer, parser.parse_args(arguments))


def test_the_options_of_a_table_are_those_of_the_tables_in_it_too():
    assert list(options_of(Outer)) == [
        "name", "size", "pairs", "how", "share", "count_all", "low", "high"
    ]  # fmt: skip
    assert options_of(Outer)["count_all"].name == "count_all"


def test_defaults_are_the_dataclass_s():
    assert parsed() == from_plain(Outer, {}) == Outer()
    plain = {name: each.default for name, each in options_of(Outer).items()}
    assert from_plain(Outer, plain) == Outer()
    assert (Outer().name, Outer().size, Outer().pairs) == (None, None, {})


def test_plain_values_become_the_dataclass_s():
    values = {"name": "x", "size": (2, 3), "pairs": ("a=b",), "high": 2.0, "other": 1}
    assert from_plain(Outer, values) == Outer(
        name="x", size=(2, 3), pairs={"a": "b"}, inner=Inner(high=2.0)
    )


def test_the_command_line_has_every_option():
    found = parsed(
        "--name", "x", "--size", "2", "3", "--pairs", "a=b", "--pairs", "c=d", "--how", "slow",
        "--share", "0.25", "--count-all", "7", "--span", "1", "2",
    )  # fmt: skip
    assert found == Outer("x", (2, 3), {"a": "b", "c": "d"}, "slow", 0.25, 7, Inner(1.0, 2.0))


def test_help_has_groups_ranges_and_defaults(capsys):
    parser = argparse.ArgumentParser()
    mine = parser.add_argument_group("inner")
    add_arguments(parser, Outer, {"inner": mine})
    text = " ".join(parser.format_help().split())
    assert text.count("inner:") == 1
    assert "--name NAME name (default: the file's)" in text
    assert "--pairs PAIRS pairs (may be repeated; default: none)" in text
    assert "--share SHARE share (at least 0 and less than 1; default: 0.5)" in text
    assert "--span LOW HIGH lowest. Highest, in % (default: 0.5 1.5)" in text


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (None, ""),
        ((0.0, 1.0), "0 to 1"),
        ((-1.6, 1.6), "-1.6 to 1.6"),
        ((1, MANY), "at least 1"),
        ((0.0, math.inf), "at least 0"),
        ((ABOVE_0, math.inf), "more than 0"),
        ((ABOVE_0, 8.0), "more than 0, at most 8"),
        ((0.0, BELOW_1), "at least 0 and less than 1"),
    ],
)
def test_limits_in_words(limits, words):
    assert Option(0.0, "help", limits=limits).range == words


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"share": 1.0}, "share is 1.0; give at least 0 and less than 1"),
        ({"share": -0.1}, "share is -0.1; give at least 0"),
        ({"share": math.nan}, "share is nan; give at least 0"),
        ({"count_all": 0}, "count_all is 0; give at least 1"),
        ({"how": "soon"}, "how 'soon' is none of fast, slow"),
        ({"count_all": 13}, "count_all: odd"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_the_mend(values, reason):
    with pytest.raises(SettingsError, match=reason):
        Outer(**values)
    with pytest.raises(SettingsError, match=reason):
        from_plain(Outer, values)
