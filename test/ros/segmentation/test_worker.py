"""The worker: the newest item wins, everything is counted, and nothing ends the thread."""

from __future__ import annotations

import threading
from queue import Queue

import pytest

from segnet_ros.segmentation.worker import MAX_REASONS, OTHER, Counts, Worker

WAIT = 20.0  # seconds, after which a test has failed


def single(job):
    """A job for one source's items, as one that a worker takes."""
    return lambda items: job(items[""]) or {}


class Gate:
    """A job that says when it has begun and waits for `open`."""

    def __init__(self):
        self.begun = Queue()
        self._go = threading.Semaphore(0)

    def __call__(self, item):
        self.begun.put(item)
        assert self._go.acquire(timeout=WAIT)

    def open(self, times=1):
        for _ in range(times):
            self._go.release()


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def worker(gate):
    worker = Worker(single(gate), on_error=lambda source, error: None)
    yield worker
    gate.open(100)
    assert worker.stop(WAIT)


def test_only_the_newest_waiting_item_is_done(worker, gate):
    worker.submit(1)
    assert gate.begun.get(timeout=WAIT) == 1
    for item in (2, 3, 4):  # 2 and 3 are pushed out while 1 is being done
        worker.submit(item)
    gate.open(2)
    assert gate.begun.get(timeout=WAIT) == 4
    assert worker.stop(WAIT)
    assert gate.begun.empty()
    assert worker.counts() == Counts(received=4, processed=2, dropped=2)


def test_submit_does_not_wait_for_the_job(worker, gate):
    worker.submit(1)
    gate.begun.get(timeout=WAIT)
    done = threading.Thread(target=worker.submit, args=[2])
    done.start()
    done.join(WAIT)
    assert not done.is_alive()
    assert worker.counts() == Counts(received=2)


def test_an_exception_is_counted_and_reported_and_the_next_item_is_done():
    done, errors = Queue(), Queue()

    def job(item):
        if item < 0:
            raise ValueError(item)
        done.put(item)

    worker = Worker(single(job), lambda source, error: errors.put(error))
    worker.submit(-1)
    error = errors.get(timeout=WAIT)
    assert isinstance(error, ValueError)
    assert error.args == (-1,)
    worker.submit(2)
    assert done.get(timeout=WAIT) == 2
    assert worker.stop(WAIT)
    assert worker.counts() == Counts(received=2, processed=1, reasons={"ValueError": 1})


def test_a_callback_that_fails_does_not_end_the_thread():
    done = Queue()

    def job(item):
        done.put(item)
        raise RuntimeError

    def on_error(source, error):
        raise OSError("the log is full")

    worker = Worker(single(job), on_error)
    for item in (1, 2):
        worker.submit(item)
        assert done.get(timeout=WAIT) == item
    assert worker.stop(WAIT)
    assert worker.counts().failed == 2


def test_reasons_are_bounded():
    errors = Queue()

    def job(item):
        raise ValueError(item)

    worker = Worker(single(job), lambda source, error: errors.put(error), reason=str)
    for item in range(MAX_REASONS + 5):
        worker.submit(item)
        errors.get(timeout=WAIT)
    assert worker.stop(WAIT)
    reasons = worker.counts().reasons
    assert len(reasons) == MAX_REASONS + 1
    assert reasons[OTHER] == 5
    assert reasons["0"] == 1


def test_stop_ends_the_running_job_and_drops_waiting_items(worker, gate):
    worker.submit(1)
    gate.begun.get(timeout=WAIT)
    worker.submit(2)
    assert not worker.stop(timeout=0.05)  # the job still runs
    gate.open()
    assert worker.stop(WAIT)
    assert gate.begun.empty()
    assert worker.counts() == Counts(received=2, processed=1, dropped=1)


def test_items_after_stop_are_dropped(worker, gate):
    assert worker.stop(WAIT)
    worker.submit(1)
    assert gate.begun.empty()
    assert worker.counts() == Counts(received=1, dropped=1)


def test_stop_leaves_no_thread(gate):
    before = set(threading.enumerate())
    worker = Worker(single(gate), on_error=lambda source, error: None)
    (ours,) = set(threading.enumerate()) - before
    assert worker.stop(WAIT)
    assert not ours.is_alive()


def test_counts_are_complete_under_load():
    ran = threading.Event()

    def job(items):
        ran.set()
        return {}

    worker = Worker(job, on_error=lambda source, error: None)
    senders = [
        threading.Thread(target=lambda: [worker.submit(i) for i in range(2000)]) for _ in range(4)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(WAIT)
    assert ran.wait(WAIT)  # a busy machine may not have given the thread a core yet
    assert worker.stop(WAIT)
    counts = worker.counts()
    assert counts.received == 8000
    assert counts.processed + counts.dropped == 8000
    assert counts.processed >= 1


def test_waiting_items_of_several_sources_are_one_call_and_counted_apart():
    begun, errors, go = Queue(), Queue(), threading.Semaphore(0)

    def job(items):
        begun.put(items)
        assert go.acquire(timeout=WAIT)
        return {source: ValueError("bad") for source, item in items.items() if item < 0}

    worker = Worker(job, lambda *what: errors.put(what), sources=("left", "right"))
    worker.submit(1, "left")
    assert begun.get(timeout=WAIT) == {"left": 1}
    worker.submit(2, "right")
    worker.submit(3, "left")
    worker.submit(-4, "right")  # pushes out 2, and nothing of the left
    go.release()
    assert begun.get(timeout=WAIT) == {"left": 3, "right": -4}
    go.release()
    source, error = errors.get(timeout=WAIT)
    assert source == "right"
    assert isinstance(error, ValueError)
    assert worker.stop(WAIT)
    assert worker.counts("left") == Counts(received=2, processed=2)
    assert worker.counts("right") == Counts(received=2, dropped=1, reasons={"ValueError": 1})


def test_an_exception_of_the_job_counts_for_all_its_items():
    begun, go = Queue(), threading.Semaphore(0)

    def job(items):
        begun.put(items)
        assert go.acquire(timeout=WAIT)
        if len(items) == 2:
            raise RuntimeError
        return {}

    worker = Worker(job, lambda source, error: None, sources=("left", "right"))
    worker.submit(1, "left")
    begun.get(timeout=WAIT)
    worker.submit(2, "left")
    worker.submit(3, "right")
    go.release(2)
    assert len(begun.get(timeout=WAIT)) == 2
    assert worker.stop(WAIT)
    assert worker.counts("left") == Counts(2, 1, 0, {"RuntimeError": 1})
    assert worker.counts("right") == Counts(1, 0, 0, {"RuntimeError": 1})
