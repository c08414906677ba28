"""Progress of a long job: reported as a share, shown as a bar or, in a log, as lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from tqdm import tqdm

from segnet_model.base.signals import stop_on_signals
from segnet_model.base.terminal import plain, raw

ShareDone = Callable[[float], object]  # called with 0 to 1, rising
LINE_PERIOD = 30.0  # seconds between two lines in a log
DELAY = 1  # seconds before a bar appears
BAR_FORMAT = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}<{remaining}"


def no_progress(_: float) -> None:
    """Ignore the progress."""


def part_of(progress: ShareDone, begin: float, end: float) -> ShareDone:
    """The progress of a part of the work, that begins and ends at these shares of the whole."""
    return lambda share: progress(begin + (end - begin) * share)


@contextmanager
def stoppable_bar(
    title: str, stopped: str = "stopped; run the same command to go on"
) -> Iterator[ShareDone]:
    """Show a `progress_bar` for work that can be resumed.

    After Ctrl-C or SIGTERM, the next report of progress raises KeyboardInterrupt, so that the work
    stops cleanly.
    """
    with stop_on_signals() as stop_requested, progress_bar(title) as bar:

        def progress(share: float) -> None:
            bar(share)
            if stop_requested() and share < 1:
                raise KeyboardInterrupt

        try:
            yield progress
        except KeyboardInterrupt:
            print(stopped, file=sys.stderr)
            raise


@contextmanager
def progress_bar(title: str) -> Iterator[ShareDone]:
    """Show a bar on stderr during the context, after the first second; in a log, lines."""
    if not shows_bars():
        lines = LogLines()
        yield lambda share: lines.show(lambda: f"{title}: {share:.0%}{lines.left(share)}")
        return
    with tqdm(
        total=1.0,
        desc=plain(title),
        delay=DELAY,
        bar_format=BAR_FORMAT,
        file=raw(sys.stderr),
        dynamic_ncols=True,
    ) as bar:
        yield lambda share: bar.update(min(share, 1.0) - bar.n)


def shows_bars() -> bool:
    """Whether stderr is a terminal, where a line can be drawn over the one before."""
    return sys.stderr.isatty()


class LogLines:
    """Lines of progress on stderr, now and then: a bar would fill a log with its ticks."""

    def __init__(self) -> None:
        """Start the clock; the first line comes after `LINE_PERIOD`."""
        self._began = self._shown = time.monotonic()

    def show(self, line: Callable[[], str]) -> None:
        """Print the line if the last one is old enough."""
        if time.monotonic() - self._shown >= LINE_PERIOD:
            print(line(), file=sys.stderr, flush=True)
            self._shown = time.monotonic()

    def left(self, share: float) -> str:
        """The remaining time at the pace so far: ", 0:02:10 left"; empty where it is unknown."""
        if not 0 < share < 1:
            return ""
        seconds = (time.monotonic() - self._began) * (1 - share) / share
        return f", {timedelta(seconds=round(seconds))} left"
