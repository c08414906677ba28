"""What is replaced is taken over between two uses, by whoever comes to an end."""

from __future__ import annotations

import gc
import weakref
from threading import Event, Thread

import pytest

from segnet_ros.segmentation.handover import Handover


class Thing:
    """Something that a weak reference can tell the end of."""


@pytest.fixture
def taken():
    return []


@pytest.fixture
def handover(taken):
    return Handover("first", taken.append)


def test_what_is_not_in_use_is_replaced_at_once(handover, taken):
    assert (handover.current, handover.newest, taken) == ("first", "first", [])
    handover.replace("second")
    assert (handover.current, handover.newest, taken) == ("second", "second", ["second"])
    with handover.use() as thing:
        assert thing == "second"


def test_what_is_in_use_stays_until_the_use_ends(handover, taken):
    with handover.use() as thing:
        handover.replace("second")
        assert (thing, handover.current, handover.newest) == ("first", "first", "second")
        assert taken == []
    assert (handover.current, taken) == ("second", ["second"])


def test_of_those_that_wait_only_the_last_is_taken(handover, taken):
    with handover.use():
        handover.replace("second")
        handover.replace("third")
    assert (handover.current, taken) == ("third", ["third"])


def test_a_use_that_fails_hands_over_too(handover, taken):
    def fail():
        with handover.use():
            handover.replace("second")
            raise RuntimeError("bad frame")

    with pytest.raises(RuntimeError, match="bad frame"):
        fail()
    assert (handover.current, taken) == ("second", ["second"])


def test_it_is_announced_before_it_is_used():
    said = []
    handover = Handover(1, lambda thing: said.append(("announced", thing)))
    for number in (2, 3):
        with handover.use() as thing:
            handover.replace(number)
            said.append(("used", thing))
    with handover.use() as thing:
        said.append(("used", thing))
    assert said == [
        ("used", 1),
        ("announced", 2),
        ("used", 2),
        ("announced", 3),
        ("used", 3),
    ]


def test_replacing_does_not_wait_for_a_long_use(handover):
    begun, may_end = Event(), Event()

    def use():
        with handover.use():
            begun.set()
            assert may_end.wait(10)

    user = Thread(target=use)
    user.start()
    assert begun.wait(10)
    handover.replace("second")  # would hang here
    assert handover.current == "first"
    may_end.set()
    user.join(10)
    assert handover.current == "second"


def test_what_was_replaced_is_let_go():
    gc.disable()
    try:
        first = Thing()
        gone = weakref.ref(first)
        handover = Handover(first, lambda thing: None)
        del first
        with handover.use():
            handover.replace(Thing())
        assert gone() is None
    finally:
        gc.enable()


def test_no_use_meets_a_replacement(handover):
    """A busy user always has what was announced last, whatever another thread does."""
    announced = [0]
    handover = Handover(0, lambda thing: announced.append(thing))
    wrong = []
    ended = Event()

    def use():
        while not ended.is_set():
            with handover.use() as thing:
                if thing != announced[-1]:
                    wrong.append(thing)

    user = Thread(target=use)
    user.start()
    for number in range(1, 2001):
        handover.replace(number)
    ended.set()
    user.join(10)
    assert wrong == []
    assert handover.current == 2000
