"""Progress of a long job: reported as a share, shown as a bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from segnet_model.base.signals import stop_on_signals

ShareDone = Callable[[float], object]  # called with 0 to 1, rising
BAR_FORMAT = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}<{remaining}"


def no_progress(_: float) -> None:
    """Ignore the progress."""


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
    """Show a bar on stderr during the context, after the first second."""
    with tqdm(
        total=1.0, desc=title, delay=1, bar_format=BAR_FORMAT, file=sys.stderr, dynamic_ncols=True
    ) as bar:
        yield lambda share: bar.update(min(share, 1.0) - bar.n)
