"""Several processes that train one network."""

import dataclasses
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from segnet_model.base.errors import SettingsError
from segnet_model.training.trainer import WEIGHTS_FILE, train
from segnet_model.weights.checkpoint import load_weights

# The settings of `single` on the command line, where they differ from those of `small`.
SINGLE = [
    "--set", "features=8", "--input-size", "64", "96", "--precision", "float32",
    "--evaluate-every", "4",
]  # fmt: skip


@pytest.fixture
def free_port():
    # Below those that the system gives to others, and far from those of other tests' processes.
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return str(port)
    pytest.fail("no port is free")


@pytest.fixture
def single(small):
    """Not too small, for rounding grows in what learns from little."""
    return dataclasses.replace(
        small, network_settings={"features": 8}, input_size=(64, 96), precision="float32",
        evaluate_every=4,
    )  # fmt: skip


@pytest.mark.parametrize("loss", ["cross_entropy", "cross_entropy+lovasz"])
def test_two_processes_learn_what_one_does(
    shared_dataset, tmp_path, single, start, free_port, loss
):
    settings = dataclasses.replace(single, loss=loss)
    alone = train(shared_dataset, tmp_path / "alone", settings)
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port}
    both = []
    for rank in "01":
        environment = {**common, "RANK": rank, "LOCAL_RANK": rank}
        before = f"import os; os.environ.update({environment})"
        both.append(start(tmp_path / "two", *SINGLE, "--loss", loss, before=before))
    codes = [process.wait(60) for process in both]
    assert codes == [0, 0], (tmp_path / "log").read_text()
    check_alike(alone, tmp_path / "two" / WEIGHTS_FILE)


@pytest.mark.slow  # torchrun and its processes import PyTorch, each for itself
def test_torchrun_starts_two_processes(shared_dataset, tmp_path, single, free_port):
    alone = train(shared_dataset, tmp_path / "alone", single)
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port",
        free_port, "-m", "segnet_model.cli", "train", str(shared_dataset), "--out",
        str(tmp_path / "two"), "--epochs", "4", "--batch-size", "2", "--device", "cpu",
        "--workers", "1", *SINGLE,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=Path(__file__).parents[3], env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    check_alike(alone, tmp_path / "two" / WEIGHTS_FILE)


def check_alike(alone, two):
    """The loss of each step, and the weights at the end."""
    events, expected = (read_losses(path.parent) for path in (two, alone))
    assert len(events) == 12
    np.testing.assert_allclose(events, expected, rtol=2e-3)
    one, other = (load_weights(path)[0].state_dict() for path in (alone, two))
    for name, values in one.items():
        torch.testing.assert_close(values, other[name], rtol=0.05, atol=0.02, msg=name)


def read_losses(run):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    return [event.value for event in events.Scalars("train/loss")]


def test_a_batch_that_cannot_be_shared_is_refused(shared_dataset, tmp_path, small, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SettingsError, match="batch of 3 cannot be shared by 2"):
        train(shared_dataset, tmp_path / "run", dataclasses.replace(small, batch_size=3))
