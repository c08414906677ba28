"""Files that mean harm, and what it may cost to refuse them."""

from __future__ import annotations

import re
import resource
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from segnet_model.errors import SegNetError

SECONDS, MEGABYTES = 4.0, 200  # of a processor; about one second on an idle machine
ADDRESSES = 8 << 30  # bytes beyond which the machine is not put at risk


def _status(key):
    return int(re.search(rf"{key}:\s+(\d+)", Path("/proc/self/status").read_text())[1]) >> 10


@contextmanager
def _limited():
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, ((_status("VmSize") << 20) + ADDRESSES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _refused(match, work, *, error=SegNetError, seconds=SECONDS, megabytes=MEGABYTES):
    """Do some work, which must fail as it should, soon, and before it takes much memory."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, began = _status("VmRSS"), time.process_time()
    with _limited(), pytest.raises(error, match=match) as caught:
        work()
    took, grew = time.process_time() - began, _status("VmHWM") - before
    assert took < seconds, f"{took:.1f} s"
    assert grew < megabytes, f"{grew} MB"
    return str(caught.value)


@pytest.fixture
def refused():
    return _refused


def _laughs(levels, leaf="[ha, ha]"):
    """YAML of a few lines whose last value grows ninefold with each level."""
    lines = [f"a0: &a0 {leaf}"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


def _merges(levels):
    """YAML whose merge keys grow ninefold with each level, while it is read."""
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def laughs():
    return _laughs


@pytest.fixture
def merges():
    return _merges
