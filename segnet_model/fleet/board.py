"""The table of a fleet in the terminal; in a log, a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from segnet_model.base.optional import require
from segnet_model.base.progress import LogLines, shows_bars
from segnet_model.base.terminal import plain, raw
from segnet_model.fleet.job import Outcome, Task
from segnet_model.fleet.pool import Member

MOST_ROWS = 24  # workers that are shown, and half as many failures
BAR = 20  # characters


class Board:
    """Counts tasks and shows them.

    Attributes:
        finished: number of tasks that are done.
        faulty: number of them in whose input something is wrong.
        set_aside: the last error of each task that is set aside, by its input's address.
    """

    def __init__(self, title: str, total: int, live: Any = None) -> None:
        """Show a job's tasks.

        Args:
            title: the job.
            total: number of tasks.
            live: of rich; None in a log.
        """
        self._title, self._total, self._live = title, total, live
        self._lines = LogLines()
        self._members: Sequence[Member] = ()
        self._waiting = total
        self._retried: dict[str, str] = {}
        self.finished = self.faulty = 0
        self.set_aside: dict[str, str] = {}

    def look(self, members: Sequence[Member], waiting: int) -> None:
        """Show the workers."""
        self._members, self._waiting = list(members), waiting
        if self._live is None:
            share = self.finished / max(1, self._total)
            self._lines.show(lambda: f"{self.line()}{self._lines.left(share)}")
        else:
            self._live.update(self.table())

    def done(self, task: Task, outcome: Outcome) -> None:
        """Count a task that is done."""
        self.finished += 1
        self.faulty += outcome.faulty
        self._retried.pop(task.input.address, None)

    def failed(self, task: Task, error: str, last: bool) -> None:
        """Note a failed try."""
        (self.set_aside if last else self._retried)[task.input.address] = error
        if last:
            self._retried.pop(task.input.address, None)
        if self._live is None:
            what = "is set aside" if last else "is tried again"
            print(plain(f"{task.input.address} {what}: {error}"), file=sys.stderr, flush=True)

    def line(self) -> str:
        """The counts in a line."""
        running = sum(each.attempt is not None for each in self._members)
        starting = sum(each.ready is None for each in self._members)
        parts = [
            f"{self._title}: {self.finished} of {self._total} done",
            f"{running} running", f"{self._waiting} waiting",
        ]  # fmt: skip
        parts += [f"{starting} starting"] if starting else []
        parts += [f"{len(self._retried)} to be tried again"] if self._retried else []
        parts += [f"{len(self.set_aside)} set aside"] if self.set_aside else []
        return ", ".join(parts)

    def table(self) -> Any:
        """The counts, what each worker does, and the failures, as a table of rich."""
        rich = require("rich.table", "fleet")
        text = require("rich.text", "fleet").Text  # names are no markup
        table = rich.Table(title=text(self.line()), box=None, title_justify="left", expand=True)
        for name, how in (("input", {"ratio": 2}), ("where", {"ratio": 1}), ("", {"ratio": 2})):
            table.add_column(name, overflow="ellipsis", no_wrap=True, **how)
        for row in self._rows():
            table.add_row(*(text(plain(each)) for each in row))
        return table

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        busy = [each for each in self._members if each.attempt and each.ready]
        for each in busy[:MOST_ROWS]:
            assert each.attempt is not None
            assert each.ready is not None
            bar = "━" * round(BAR * each.share)
            yield each.attempt.task.input.address, each.ready.host, f"{bar} {each.share:.0%}"
        if len(busy) > MOST_ROWS:
            yield f"... and {len(busy) - MOST_ROWS} more", "", ""
        for what, errors in (("set aside", self.set_aside), ("again", self._retried)):
            for address, error in list(errors.items())[-MOST_ROWS // 2 :]:
                yield address, what, error


@contextmanager
def board(title: str, total: int) -> Iterator[Board]:
    """Show a board on stderr during the context."""
    if not shows_bars():
        yield Board(title, total)
        return
    console = require("rich.console", "fleet").Console(file=raw(sys.stderr))
    live = require("rich.live", "fleet").Live(
        console=console, refresh_per_second=2, redirect_stdout=False, redirect_stderr=False
    )
    with live:
        yield Board(title, total, live)
