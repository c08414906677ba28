"""What tests of training share: one short training, and processes that start at once."""

from __future__ import annotations

import multiprocessing
import shutil
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from segnet_model.training.settings import TrainSettings
from segnet_model.training.trainer import train

# Modules that a training imports late; without them a process would spend seconds on them.
PRELOADED = ["segnet_model.commands.train", "segnet_model.training.trainer",
             "segnet_model.training.events", "torch._dynamo"]  # fmt: skip


@contextmanager
def one_thread():
    """Networks as small as here are slower with more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def threads():
    with one_thread():
        yield


@pytest.fixture(scope="session")
def small():
    """Settings of a training that takes half a second: 12 steps, measured after 6 and 12."""
    return TrainSettings(
        network_settings={"features": 4}, input_size=(32, 48), epochs=4, batch_size=2,
        evaluate_every=2, workers=1, device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="session")
def whole(shared_dataset, small, tmp_path_factory):
    """A whole training with these settings, to look at: its folder, its weights, its progress."""
    out, seen = tmp_path_factory.mktemp("whole") / "run", []
    with one_thread():  # made before `threads`
        path = train(shared_dataset, out, small, seen.append)
    return SimpleNamespace(out=out, path=path, seen=seen)


@pytest.fixture
def run(whole, tmp_path):
    """A copy of the folder of that training, for a test to change."""
    return shutil.copytree(whole.out, tmp_path / "run")


@pytest.fixture(scope="session")
def processes():
    """Starts processes by forking one that has imported PyTorch, and has done nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@pytest.fixture
def start(processes):
    """Start a process that runs Python code with some names; killed when the test ends."""
    started = []

    def do(code, **names):
        started.append(processes.Process(target=exec, args=(code, names)))
        started[-1].start()
        return started[-1]

    yield do
    for each in started:
        each.kill()
        each.join()
