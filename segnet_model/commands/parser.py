"""argparse's parser, which names an option that does not exist before it misreads the others."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from segnet_model.base.near import near

MORE = {"--init": "weights to start from go to", "--compare": "other weights go to"}
NUMBER = re.compile(r"-\.?\d")


class CommandParser(argparse.ArgumentParser):
    """A parser of one command.

    argparse takes the value of an option that it does not know for the next argument, as the
    weights, and complains of these.
    """

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse, after a look at the names of the options."""
        words = list(sys.argv[1:] if args is None else args)
        takes_all = any(each.nargs == argparse.REMAINDER for each in self._actions)
        if self._subparsers is not None or takes_all:  # the command's own parser looks
            return super().parse_known_args(words, namespace)
        self._check_options(words)
        found, rest = super().parse_known_args(words, namespace)
        if rest:
            self.error(self._too_many(rest[0]))
        return found, rest

    def _check_given(self, name: str, value: str, equals: str) -> None:
        if not value:  # of a variable that is not set; it would count as not given
            self.error(f"{name} is empty; give it a value, or leave it away")
        if equals and value.partition("/")[0] == "~":
            self.error(f"{name}={value}: the shell leaves this ~ as it is; write {name} {value}")

    def _too_many(self, word: str) -> str:
        names = " and ".join(each.dest for each in self._actions if not each.option_strings)
        taken = f"the command takes {names}" if names else "the command takes options alone"
        more = [
            f"; {text} {name}" for name, text in MORE.items() if name in self._option_string_actions
        ]
        return f"{word} is one too many: {taken}{''.join(more)}"

    def _check_options(self, words: Sequence[str]) -> None:
        known = self._option_string_actions
        for word, following in zip(words, [*words, "--"][1:], strict=True):
            if word == "--":
                return
            name, equals, value = word.partition("=")
            if name in known and known[name].nargs != 0:
                self._check_given(name, value if equals else following, equals)
            is_option = len(word) > 1 and word[0] == "-" and not NUMBER.match(word)
            if not is_option or name in known or name[:2] in known:
                continue
            if not (name.startswith("--") and any(each.startswith(name) for each in known)):
                self.error(f"there is no option {name}{_near(name, known)}; see --help")


def _near(name: str, known: Iterable[str]) -> str:
    """The option that may be meant: of a similar name, or of the same first letter or word."""
    short = name.lstrip("-")
    longer = [each for each in known if short.startswith(each.lstrip("-")) and each != "-h"]
    shorter = [each for each in known if each.startswith(f"--{short}")]
    found = min([*longer, *shorter], key=len, default="")
    return f" (do you mean {found!r}?)" if found else near(name, known)
