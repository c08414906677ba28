"""An object in use is replaced between two uses."""

from __future__ import annotations

import gc
import weakref
from threading import Event, Thread

import pytest

from segnet_ros.segmentation.handover import Handover


class Thing:
    """Something that a weak reference can tell the end of."""


@pytest.fixture
def switched():
    return []


@pytest.fixture
def handover(switched):
    return Handover("first", switched.append)


def test_an_unused_object_is_replaced_at_once(handover, switched):
    assert (handover.current, handover.newest, switched) == ("first", "first", [])
    handover.replace("second")
    assert (handover.current, handover.newest, switched) == ("second", "second", ["second"])
    with handover.use() as thing:
        assert thing == "second"


def test_an_object_in_use_stays_until_the_end_of_the_use(handover, switched):
    with handover.use() as thing:
        handover.replace("second")
        assert (thing, handover.current, handover.newest) == ("first", "first", "second")
        assert switched == []
    assert (handover.current, switched) == ("second", ["second"])


def test_only_the_last_replacement_is_used(handover, switched):
    with handover.use():
        handover.replace("second")
        handover.replace("third")
    assert (handover.current, switched) == ("third", ["third"])


def test_a_failed_use_switches_too(handover, switched):
    def fail():
        with handover.use():
            handover.replace("second")
            raise RuntimeError("bad frame")

    with pytest.raises(RuntimeError, match="bad frame"):
        fail()
    assert (handover.current, switched) == ("second", ["second"])


def test_on_switch_is_called_before_the_first_use():
    calls = []
    handover = Handover(1, lambda thing: calls.append(("announced", thing)))
    for number in (2, 3):
        with handover.use() as thing:
            handover.replace(number)
            calls.append(("used", thing))
    with handover.use() as thing:
        calls.append(("used", thing))
    assert calls == [
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


def test_a_replaced_object_is_released():
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


def test_no_object_changes_during_a_use(handover):
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
