import threading
import time

import pytest

from segnet_model.recordings.prefetch import THREAD_NAME, prefetch


def threads():
    return [each for each in threading.enumerate() if each.name == THREAD_NAME]


def test_the_items_come_in_their_order_none_included():
    items = [0, None, "x", *range(50)]
    assert list(prefetch(iter(items))) == items
    assert not threads()


def test_work_overlaps():
    """The next item is begun while this one is in hand; one after the other would hang here."""
    begun = [threading.Event() for _ in range(6)]

    def slow():
        for i in range(5):
            begun[i].set()
            yield i
        begun[5].set()

    for i in prefetch(slow()):
        assert begun[i + 1].wait(20)


def test_no_more_than_asked_for_is_made_ahead():
    made = []

    def items():
        for i in range(100):
            made.append(i)
            yield i

    found = prefetch(items(), 2)
    next(found)
    time.sleep(0.3)
    assert len(made) <= 4  # one taken, two waiting, one in hand
    found.close()


def test_an_error_comes_where_its_item_would():
    def items():
        yield 1
        raise ValueError("broken")

    found = prefetch(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="broken"):
        next(found)
    assert not threads()


def test_who_leaves_early_leaves_no_thread_and_no_open_iterator():
    closed = threading.Event()

    def items():
        try:
            while True:
                yield bytes(1000)
        finally:
            closed.set()

    found = prefetch(prefetch(items()))
    next(found)
    found.close()
    assert closed.is_set()
    assert not threads()
