"""How far a long job is: reported as a share, shown as a bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from segnet_model.base.signals import stop_on_signals

ShareDone = Callable[[float], object]  # told 0 to 1, in rising order
BAR_FORMAT = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}<{remaining}"


def untold(_: float) -> None:
    """Tell nobody."""


@contextmanager
def stoppable_bar(
    title: str, stopped: str = "stopped; run the same command to go on"
) -> Iterator[ShareDone]:
    """A `progress_bar` for work that can be gone on with.

    Once Ctrl-C or SIGTERM asked for the end, it raises KeyboardInterrupt where it is told of
    progress, so that the work ends in good order.
    """
    with stop_on_signals() as should_stop, progress_bar(title) as bar:

        def progress(share: float) -> None:
            bar(share)
            if should_stop() and share < 1:
                raise KeyboardInterrupt

        try:
            yield progress
        except KeyboardInterrupt:
            print(stopped, file=sys.stderr)
            raise


@contextmanager
def progress_bar(title: str) -> Iterator[ShareDone]:
    """Show a bar on stderr for as long as the context lasts, if that is more than a second."""
    with tqdm(
        total=1.0, desc=title, delay=1, bar_format=BAR_FORMAT, file=sys.stderr, dynamic_ncols=True
    ) as bar:
        yield lambda share: bar.update(min(share, 1.0) - bar.n)
