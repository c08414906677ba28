"""Text of strangers on a terminal, in a log and in a table.

A file name, a topic or the metadata of a weights file may hold escape sequences, and a terminal
obeys them: it hides lines, or fills the clipboard (OSC 52). Whatever a command prints goes through
here, and so does each line that a node logs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from segnet_model.base.errors import reading


def plain(text: object) -> str:
    """The text on one line, with Python's escapes for all that is not printed, as a line end."""
    shown = str(text)
    return shown if shown.isprintable() else "".join(map(_shown, shown))


def escaped(text: object) -> str:
    """As `plain`, but lines and tabs stay; a further line is indented, to be none of ours."""
    return "\n  ".join(_lines(str(text)))


def _lines(text: str) -> list[str]:
    """The lines of a text, as `plain` but for tabs."""
    return ["\t".join(map(plain, line.split("\t"))) for line in text.split("\n")]


def _shown(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


class Terminal:
    """A text stream whose terminal obeys nothing but the ends of lines.

    Characters that its encoding lacks are written as escapes, too.

    Attributes:
        raw: the stream itself, for what has to move the cursor: a progress bar.
    """

    def __init__(self, raw: IO[str]) -> None:
        """Wrap a stream."""
        self.raw = raw

    def write(self, text: str) -> int:
        """Write text, with escapes."""
        kept = "\n".join(_lines(text))
        encoding = getattr(self.raw, "encoding", None) or "utf-8"
        with reading(getattr(self.raw, "name", "output")):
            self.raw.write(kept.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Write what waits to be written."""
        with reading(getattr(self.raw, "name", "output")):
            self.raw.flush()

    def writelines(self, lines: list[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def __eq__(self, other: object) -> bool:
        """Whether both write to one stream: tqdm moves a bar away before others write there."""
        return self.raw is raw(other)

    def __hash__(self) -> int:
        return hash(self.raw)


@contextmanager
def terminal() -> Iterator[None]:
    """Let this process print by `Terminal` during the context."""
    _open_closed()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Terminal(before[0]), Terminal(before[1])
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            forget_output()
        sys.stdout, sys.stderr = before


def raw(stream: Any) -> Any:
    """The stream within a `Terminal`."""
    return stream.raw if isinstance(stream, Terminal) else stream


def forget_output() -> None:
    """Send what was not printed yet to nowhere, so that no flush at the end can fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):  # of a stream without a file
        os.dup2(nowhere, raw(sys.stdout).fileno())
    os.close(nowhere)


def _open_closed() -> None:
    """Open what the shell closed (>&-), or the next file would take its place, and our prints."""
    for number, mode in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest number that is free, this one
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process
            setattr(sys, name, nowhere)
