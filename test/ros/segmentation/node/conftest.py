"""The node in a process of its own, and a client that talks to it over real topics."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from queue import Empty, Queue
from threading import Thread

import pytest
import torch

pytest.importorskip("rclpy")
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import GetParameters
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from sensor_msgs.msg import Image

from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import ModelInfo, save_weights

WAIT = 20.0  # seconds, after which a test has failed; a busy machine starts a node in five
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


class Inbox:
    """What came on a topic and was not looked at yet."""

    def __init__(self):
        self.queue = Queue()

    def next(self, wanted=lambda message: True, timeout=WAIT):
        """The next message that is wanted; those before it are forgotten."""
        until = time.monotonic() + timeout
        seen = 0
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.queue.get(timeout=left)
            except Empty:
                break
            if wanted(message):
                return message
            seen += 1
        raise AssertionError(f"no such message within {timeout:g} s, but {seen} others")


class Client:
    """A ROS node in this process, with an executor in a thread."""

    def __init__(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("client", context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = Thread(target=self._spin, daemon=True)
        self._thread.start()
        self._listening = defaultdict(list)
        self._clients = {}

    def _spin(self):
        with suppress(ExternalShutdownException):
            self._executor.spin()

    def listen(self, topic, kind, qos=10):
        inbox = Inbox()
        subscription = self.node.create_subscription(kind, topic, inbox.queue.put, qos)
        self._listening[topic].append(subscription)
        return inbox

    def forget(self, topic):
        for subscription in self._listening.pop(topic, []):
            self.node.destroy_subscription(subscription)

    def publisher(self, topic, kind, qos=1):
        """A publisher, once the node listens to it."""
        publisher = self.node.create_publisher(kind, topic, qos)
        wait_until(lambda: publisher.get_subscription_count() > 0, f"a listener on {topic}")
        return publisher

    def exchange(self, publisher, message, inbox):
        """Send an image until its answer comes: before all have found each other, some are lost."""
        for _ in range(40):
            publisher.publish(message)
            with suppress(AssertionError):
                return inbox.next(lambda m: m.header.stamp == message.header.stamp, timeout=0.5)
        raise AssertionError(f"no answer to the image of {message.header.stamp}")

    def call(self, kind, name, request):
        future = self.ask(kind, name, request)
        wait_until(future.done, f"an answer of {name}")
        return future.result()

    def ask(self, kind, name, request):
        """Call a service without waiting for the answer: a future."""
        if name not in self._clients:
            self._clients[name] = self._known(kind, name)
        assert self._clients[name].wait_for_service(WAIT), f"no service {name}"
        return self._clients[name].call_async(request)

    def _known(self, kind, name):
        """A client that the server has found: an answer to another goes nowhere, on a busy machine.

        The middleware tells of endpoints in order: who answers a later one knows this one too.
        """
        client = self.node.create_client(kind, name)
        assert client.wait_for_service(WAIT), f"no service {name}"
        later = self.node.create_client(GetParameters, f"{name.rpartition('/')[0]}/get_parameters")
        assert later.wait_for_service(WAIT), f"no parameters of {name}"
        asked = []

        def answered():
            asked.append(later.call_async(GetParameters.Request()))
            with suppress(AssertionError):
                wait_until(asked[-1].done, "an answer", 0.5)
            return any(future.done() for future in asked)

        wait_until(answered, f"any answer of the node of {name}")
        self.node.destroy_client(later)
        return client

    def diagnostics(self, inbox, wanted):
        """The next diagnostic status of the node that is wanted, with its values as a dict."""
        found = inbox.next(lambda message: wanted(*unpacked(message)))
        return unpacked(found)

    def close(self):
        self._executor.shutdown()
        self._thread.join(WAIT)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


def unpacked(message: DiagnosticArray):
    (status,) = message.status
    return status, {item.key: item.value for item in status.values}


def wait_until(condition, what, seconds=WAIT):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what} did not come within {seconds:g} s"
        time.sleep(0.01)


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
