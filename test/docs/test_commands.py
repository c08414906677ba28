"""Every command that the guides and the help texts show is one that `segnet` takes."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from segnet_model.cli import COMMANDS, EPILOG, _parser

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "segnet_model" / "weights" / "README.md",
]


def of_blocks(text):
    """The lines of `segnet` in a shell's text, each joined over its breaks and without comments."""
    lines = re.findall(r"(?:^ *|&& |segnet_ros )(segnet .*)", text.replace("\\\n", " "), re.M)
    return [shlex.split(line.split(" && ")[0], comments=True)[1:] for line in lines]


def shown(page):
    text = page.read_text()
    blocks = "".join(re.findall(r"^```.*?\n(.*?)^```", text, re.M | re.S))
    for name, value in re.findall(r'^([A-Z])="(.*?)"$', blocks, re.M | re.S):  # of the shell
        blocks = re.sub(rf"\${name}\b", lambda _, value=value: value, blocks)
    return of_blocks(blocks)


def refused(words):
    """Whether the parser refuses the words; it exits for --help, too."""
    try:
        _parser(words).parse_args([word for word in words if word != "..."])
    except SystemExit as end:
        return end.code != 0
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page(page):
    assert not [words for words in shown(page) if refused(words)]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_commands_of_a_help_text(command):
    module = f"segnet_model.commands.{command.replace('-', '_')}"
    text = importlib.import_module(module).EPILOG if command else EPILOG
    indented = "".join(re.findall(r"^  .*\n", text, re.M))
    assert not [words for words in of_blocks(indented) if refused(words)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_options_that_a_sentence_names(page, capsys):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    for quoted in re.findall(r"`(segnet [^`]+)`", text):
        refused(shlex.split(quoted)[1:])  # as a whole often, since a sentence leaves arguments out
        assert not re.search("there is no|invalid choice", capsys.readouterr().err), quoted
