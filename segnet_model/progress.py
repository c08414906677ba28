"""How far a long job is: reported as a share, shown as a bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

ShareDone = Callable[[float], object]  # told 0 to 1, in rising order
BAR_FORMAT = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}<{remaining}"


def untold(_: float) -> None:
    """Tell nobody."""


@contextmanager
def progress_bar(title: str) -> Iterator[ShareDone]:
    """Show a bar on stderr for as long as the context lasts, if that is more than a second."""
    with tqdm(
        total=1.0, desc=title, delay=1, bar_format=BAR_FORMAT, file=sys.stderr, dynamic_ncols=True
    ) as bar:
        yield lambda share: bar.update(min(share, 1.0) - bar.n)
