"""Every command under a fuzzer of its own arguments: a sentence each, whatever is given.

The arguments come from the commands' parsers, so that a new one is tried as well. Files are empty,
of another kind or missing, so that no long work begins.
"""

from __future__ import annotations

import argparse
import re

import numpy as np
import pytest

from segnet_model import cli
from segnet_model.base.errors import SettingsError
from segnet_model.datasets import drives
from segnet_model.evaluation import self_test
from segnet_model.images.files import write_png

ODD = "caf\udce9\x1b]52;c;aGk=\a"  # not UTF-8, and a sequence that fills the clipboard
NUMBERS = ("nan", "inf", "-inf", "-1", "1e400", str(2**70), "", "0x10", "½")
TEXTS = ("", ODD, "a" * 5000, "/proc/self/mem", "~nosuchuser/x")
SENTENCE = re.compile(r"^segnet[ \w-]*: \S", re.MULTILINE)


def parser_of(command):
    """The parser of one command."""
    found = cli._parser([command])
    (commands,) = (a for a in found._actions if isinstance(a, argparse._SubParsersAction))
    return commands.choices[command]


def number_type(action):
    """Whether an argument takes numbers."""
    with_numbers = action.type in (int, float) or getattr(action.type, "__name__", "") == "read"
    return with_numbers and not action.choices


def words(action, value):
    """The argument with this value, as often as it needs."""
    count = action.nargs if isinstance(action.nargs, int) else 1
    values = [] if action.nargs == 0 else [value] * count
    # With "=", a value that begins with "-" is no option.
    if action.option_strings and count == 1 and values:
        return [f"{action.option_strings[-1]}={value}"]
    return [*action.option_strings[-1:], *values]


def needed(parser, tmp_path, but):
    """What a command cannot do without, except for one argument: an empty file for each."""
    (tmp_path / "empty").write_bytes(b"")
    found = []
    for action in parser._actions:
        if action is but or not (action.required or not action.option_strings):
            continue
        value = next(iter(action.choices)) if action.choices else tmp_path / "empty"
        found += words(action, str(tmp_path / "out" if action.dest == "out" else value))
    groups = [group for group in parser._mutually_exclusive_groups if group.required]
    for group in groups:
        if but not in group._group_actions:
            found += words(group._group_actions[0], str(tmp_path / "out"))
    return found


def run(arguments):
    try:
        return cli.main(arguments)
    except SystemExit as end:
        return end.code


@pytest.fixture
def idle(monkeypatch):
    """Refuses the long work of the commands that need no input."""

    def refuse(*given):
        raise SettingsError("enough for a test")

    for name in ("write_drive", "write_dataset"):
        monkeypatch.setattr(drives, name, refuse)
    monkeypatch.setattr(self_test, "self_test", refuse)


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("command", cli.COMMANDS)
def test_whatever_is_given_a_sentence_comes(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    parser = parser_of(command)
    for action in parser._actions:
        if action.nargs == 0 or action.dest == "help":
            continue
        for value in NUMBERS if number_type(action) else TEXTS:
            given = [command, *words(action, value), *needed(parser, tmp_path, action)]
            code = run(given)
            said = capsys.readouterr()
            assert code == 2 or (code == 1 and said.out), (given, code, said)  # 1: of check
            assert code == 1 or SENTENCE.search(said.err), (given, said)
            assert "error in segnet itself" not in said.err, (given, said)
            assert not re.search(r"[^\n\t -\U0010ffff]|[\x7f-\x9f]", said.err + said.out), given


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_numbers_are_finite(command, capsys):
    """Refused as they are read, or by the table of their options."""
    parser = parser_of(command)
    for action in parser._actions:
        if action.type is float:  # of an option: its table has the limits
            continue
        if number_type(action) and action.type is not int:
            for value in ("nan", "inf", str(10**400)):
                with pytest.raises(argparse.ArgumentTypeError):
                    action.type(value)


@pytest.mark.parametrize("topic", ["/", "a b", "/\x1b[2J", "/camera//image", "=1+1", "/bild/grün"])
def test_a_topic_that_ros_has_not_is_refused(topic, tmp_path, capsys):
    (tmp_path / "images").mkdir()
    write_png(tmp_path / "images" / "1.png", np.zeros((8, 8, 3), np.uint8))
    given = ["bag", str(tmp_path / "images"), "--out", str(tmp_path / "bag"), f"--topic={topic}"]
    assert cli.main(given) == 2
    assert "is no name of a topic; give one as /camera/image_raw" in capsys.readouterr().err
    assert not (tmp_path / "bag").exists()


def test_an_empty_topic_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["bag", str(tmp_path), "--out", str(tmp_path / "bag"), "--topic="])
    assert "--topic is empty; give it a value, or leave it away" in capsys.readouterr().err
    assert not (tmp_path / "bag").exists()
