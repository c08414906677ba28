"""The node in a process of its own, and what its tests share."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

pytest.importorskip("rclpy")
from ros_client import WAIT, Client, wait_until
from sensor_msgs.msg import Image

from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo

LABELS = LabelSet.load("camvid")
FEW = replace(LABELS, name="few", classes=LABELS.classes[:4])  # without Pavement
MODULE = "segnet_ros.segmentation.node"
PROGRAM = f"import sys; {{}}; from {MODULE} import main; sys.exit(main())"


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Path of small weights of CamVid's classes; they know nothing, but always say the same."""
    torch.manual_seed(3)
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (64, 96), {"features": 8})
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(path, info.build(), info)
    return path


def constant(path, answer, labels=LABELS):
    """Weights that say one class, whatever they see."""
    info = ModelInfo("segnet_basic", labels, (64, 96), {"features": 8})
    built = info.build()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.zero_()
        *_, bias = (p for p in built.parameters() if p.shape == (labels.num_classes,))
        bias[answer] = 9.0
    save_weights(path, built, info)
    return path


@pytest.fixture(scope="session")
def save_constant():
    return constant


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="module")
def networks(folder):
    """Paths by the class that they say."""
    labels = {0: LABELS, 3: FEW, 5: LABELS}
    return {n: constant(folder / f"{n}.safetensors", n, of) for n, of in labels.items()}


class NodeProcess:
    """The node `segmentation` as a user starts it."""

    def __init__(self, programs, log, *arguments, before="pass", forked=True, **parameters):
        """Start it, after some other Python; parameters are those of the node."""
        settings = [word for n, v in parameters.items() for word in ("-p", f"{n}:={v}")]
        words = ["--ros-args", *arguments, *settings]
        self.log = log
        with log.open("w") as output:
            if forked:
                self.process = programs.fork(MODULE, *words, before=before, output=output)
            else:
                command = [sys.executable, "-c", PROGRAM.format(before), *words]
                self.process = programs.execute(*command, output=output)

    @property
    def text(self):
        return self.log.read_text()

    def wait_for(self, text):
        """Wait until the log holds a text."""
        until = time.monotonic() + WAIT
        while text not in self.text:
            assert time.monotonic() < until, f"{text!r} did not come: {self.text}"
            assert self.process.poll() is None, f"the node ended: {self.text}"
            time.sleep(0.02)

    def end(self, signal_number=signal.SIGINT):
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        return self.wait()

    def wait(self):
        try:
            return self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@pytest.fixture(scope="module")
def start_node(programs, tmp_path_factory):
    """Call it to start a node, `forked=False` as a user does; all are ended after the module."""
    nodes = []

    def start(*arguments, **parameters):
        log = tmp_path_factory.mktemp("node") / "log.txt"
        nodes.append(NodeProcess(programs, log, *arguments, **parameters))
        return nodes[-1]

    yield start
    for node in nodes:
        node.end()


@pytest.fixture(scope="module")
def client():
    client = Client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def camera(node, client):
    """Publishes to the node of a module's tests."""
    return client.publisher("image", Image)


@pytest.fixture(scope="session")
def wait():
    return wait_until
