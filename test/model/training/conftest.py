"""Fixtures of training: a short training, in this process or in others."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from segnet_model.training.settings import TrainSettings
from segnet_model.training.trainer import train

# The settings of `small` on the command line.
SMALL = [
    "--set", "features=4", "--input-size", "32", "48", "--epochs", "4", "--batch-size", "2",
    "--evaluate-every", "2", "--workers", "1", "--device", "cpu",
]  # fmt: skip
ONE_THREAD = "import torch; torch.set_num_threads(1)\n"


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


@pytest.fixture
def start(programs, shared_dataset, tmp_path):
    """Start `segnet train` with the settings of `small` or others; killed when the test ends.

    Its output is in the file "log".
    """
    started = []

    def do(out, *options, before=""):
        with (tmp_path / "log").open("a") as log:
            started.append(programs.fork(
                "segnet_model.cli", "train", str(shared_dataset), "--out", str(out), *SMALL,
                *options, before=ONE_THREAD + before, output=log,
            ))  # fmt: skip
        return started[-1]

    yield do
    for each in started:
        each.end()
