"""Images of many sizes leave no memory behind; those of a few cameras cost nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segnet_model.inference import heap
from segnet_model.inference.heap import KEPT, Heap
from segnet_model.inference.predictor import Predictor


@pytest.fixture
def trims(monkeypatch):
    calls = []
    monkeypatch.setattr(heap, "trim", lambda: calls.append(1))
    return calls


def test_a_few_sizes_in_turn_keep_their_memory(trims):
    known = Heap()
    for _ in range(5):
        for side in range(KEPT):
            known.expect((480, 640 + side))
    assert not trims


def test_each_further_size_frees_what_the_others_left(trims):
    known = Heap()
    for side in range(KEPT + 3):
        known.expect((480, 640 + side))
    assert len(trims) == 3


def test_many_cameras_of_one_size_keep_their_memory(trims, weights):
    predictor = Predictor.load(weights, "cpu")
    for count in range(1, KEPT + 3):  # as many as have an image waiting
        predictor.predict(np.zeros((count, 48, 64, 3), np.uint8))
    assert not trims


def resident():
    """Memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 / 1024


def test_freed_memory_goes_back_to_the_system():
    # Pieces below the size that the C library maps by itself, with one kept at the end of the heap.
    pieces = [np.ones(60_000, np.uint8) for _ in range(3000)]
    last = pieces.pop()
    full = resident()
    del pieces
    heap.trim()
    assert resident() < full - 120
    assert last.all()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no mallopt")
@pytest.mark.parametrize("chosen", [{}, {"MALLOC_TRIM_THRESHOLD_": "131072"}])
def test_the_memory_of_one_image_serves_the_next_unless_the_user_chose(chosen):
    code = (
        "import resource, numpy as np; from segnet_model.inference.heap import Heap; Heap()\n"
        "def image(): return [np.ones(6_000_000, np.uint8).tobytes() for _ in range(3)]\n"
        "image(); before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(10): image()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | chosen, capture_output=True, text=True
    )
    assert (int(done.stdout) > 1000) == bool(chosen), done.stdout + done.stderr
