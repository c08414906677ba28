"""Works done by threads, a bounded number at a time."""

from __future__ import annotations

from threading import Event, Lock

import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.extraction.png_pool import PngPool


def nothing() -> None:
    """Do it."""


def fail() -> None:
    raise DatasetError("the disk is full")


def test_all_is_done_in_order_and_told_in_this_thread() -> None:
    done: list[int] = []
    told: list[int] = []
    lock = Lock()

    def work(number: int) -> None:
        with lock:
            done.append(number)

    with PngPool(3) as pool:
        for number in range(50):
            pool.put(lambda number=number: work(number), lambda number=number: told.append(number))
    assert sorted(done) == told == list(range(50))


def test_only_so_many_wait() -> None:
    let_go = Event()
    running: list[int] = []
    with PngPool(2) as pool:
        for number in range(4):  # two are done, two wait: their images are what memory holds
            pool.put(lambda: bool(let_go.wait()), lambda number=number: running.append(number))
        assert running == []
        let_go.set()
        pool.put(nothing, nothing)
        assert running == [0]


def do(pool: PngPool, told: list[int], *, interrupted: bool) -> None:
    with pool:
        pool.put(nothing, lambda: told.append(0))
        pool.put(fail, lambda: told.append(1))
        pool.put(nothing, lambda: told.append(2))
        if interrupted:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("interrupted", "error"), [(False, DatasetError), (True, KeyboardInterrupt)]
)
def test_an_error_is_raised_and_the_others_are_still_told(
    interrupted: bool, error: type[BaseException]
) -> None:
    told: list[int] = []
    with pytest.raises(error):
        do(PngPool(2), told, interrupted=interrupted)
    assert told == [0, 2]
