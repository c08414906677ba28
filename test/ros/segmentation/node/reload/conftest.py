"""The node with networks that each say one class everywhere, so that a mask tells whose it is."""

from __future__ import annotations

import time
from array import array
from contextlib import contextmanager
from itertools import groupby
from threading import Event, Thread

import pytest

pytest.importorskip("rclpy")
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from segnet_ros.segmentation.messages import ClassMap

NODE = "/segmentation"
RELIABLE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL, reliability=ReliabilityPolicy.RELIABLE
)
PAUSE = 0.01  # seconds between a mask and the next image
# Holds the loading of each network up while the file GATE is not there.
GATED = """
import os, time
from segnet_model.inference.predictor import Predictor
load = Predictor.load
def gated(*arguments, **how):
    print("loading", flush=True)
    while not os.path.exists({gate!r}):
        time.sleep(0.005)
    return load(*arguments, **how)
Predictor.load = gated
"""
KINDS = {int: (2, "integer_value"), str: (4, "string_value"), list: (9, "string_array_value")}


@pytest.fixture(scope="module")
def gate(folder):
    return folder / "open"


@pytest.fixture(scope="session")
def gated():
    """Python that lets each loading wait for a file of this path."""
    return lambda gate: f"exec({GATED.format(gate=str(gate))!r})"


@pytest.fixture(scope="module")
def node(start_node, networks, gate, gated):
    gate.touch()
    node = start_node(
        before=gated(gate),
        weights=networks[0],
        precision="float32",
        reliability="reliable",
        diagnostics_period=0.1,
    )
    node.wait_for("ready")
    return node


@pytest.fixture(scope="module")
def camera(node, client):
    """A publisher, once its images come out as masks."""
    camera = client.publisher("image", Image, RELIABLE)
    masks = client.listen(f"{NODE}/mask", Image)
    client.exchange(camera, picture_of(1), masks)
    client.forget(f"{NODE}/mask")
    return camera


def picture_of(stamp):
    message = Image(height=48, width=64, encoding="mono8", step=64, data=array("B", bytes(48 * 64)))
    message.header.stamp.sec = stamp
    return message


@pytest.fixture(scope="session")
def picture():
    return picture_of


class Operator:
    """Who changes the node's parameters."""

    def __init__(self, client):
        self.client = client

    def change(self, **values):
        """Set parameters together."""
        request = SetParametersAtomically.Request(parameters=parameters_of(values))
        name = f"{NODE}/set_parameters_atomically"
        return self.client.call(SetParametersAtomically, name, request).result

    def begin_change(self, **values):
        """Set parameters one after another, as `ros2 param set` does; a future of the answer."""
        request = SetParameters.Request(parameters=parameters_of(values))
        return self.ask(SetParameters, f"{NODE}/set_parameters", request)

    def ask(self, kind, name, request):
        return self.client.ask(kind, name, request)

    def reload(self):
        return self.client.call(Trigger, f"{NODE}/reload_weights", Trigger.Request())

    @property
    def weights(self):
        request = GetParameters.Request(names=["weights"])
        answer = self.client.call(GetParameters, f"{NODE}/get_parameters", request)
        return answer.values[0].string_value

    def class_map(self):
        """What somebody hears who comes late."""
        message = self.client.listen(f"{NODE}/class_map", ClassMap, LATCHED).next()
        self.client.forget(f"{NODE}/class_map")
        return message


def parameters_of(values):
    changes = []
    for name, value in values.items():
        kind, field = KINDS[type(value)]
        changes.append(Parameter(name=name, value=ParameterValue(type=kind, **{field: value})))
    return changes


@pytest.fixture
def operator(client, camera, networks, gate):
    """Leaves the node as it was found."""
    operator = Operator(client)
    yield operator
    gate.touch()
    first = {"weights": str(networks[0]), "uncertainty": "none", "drivable_classes": [""]}
    assert operator.change(**first).successful


def answer_of(mask):
    """The class that a mask says everywhere."""
    (answer,) = set(mask.data)
    return answer


class Stream:
    """Images one after another, each with a stamp of its own, and what the node says meanwhile.

    The next one goes when the last one's mask is there: at a steady rate, a busy machine would
    let the newer image take the place of one that still waits, as it should.

    Attributes:
        sent: how many went out; the n-th has stamp `first + n`.
        heard: ("mask", stamp, class) and ("map", path), in the order in which they came.
    """

    def __init__(self, client, camera, first, wait):
        self.camera, self.first, self._wait = camera, first, wait
        self.sent = 0
        self.heard = []
        if ClassMap is not None:  # before the masks, so that it is read first where both are there
            client.node.create_subscription(
                ClassMap,
                f"{NODE}/class_map",
                lambda message: self.heard.append(("map", message.weights)),
                LATCHED,
            )
        client.node.create_subscription(
            Image,
            f"{NODE}/mask",
            lambda mask: self.heard.append(("mask", mask.header.stamp.sec, answer_of(mask))),
            RELIABLE,
        )

    def publish(self, ended):
        """Send images until something has ended, or one does not come back."""
        while not ended.is_set():
            self.camera.publish(picture_of(self.first + self.sent))
            self.sent += 1
            self._wait(lambda: len(self.masks) >= self.sent, f"mask {self.sent}")
            ended.wait(PAUSE)

    def next_answer(self):
        """The class of an image that goes out from now on."""
        # One more, because the next one may be on its way already.
        stamp = self.first + self.sent + 1
        self._wait(lambda: stamp in dict(self.masks), f"the mask of {stamp}")
        return dict(self.masks)[stamp]

    @property
    def masks(self):
        """Stamp and class of each, without those sent before to get acquainted."""
        masks = [each[1:] for each in self.heard if each[0] == "mask"]
        return [mask for mask in masks if mask[0] >= self.first]

    @property
    def phases(self):
        """The classes in the order in which they were said, without repetitions."""
        return [answer for answer, _ in groupby(answer for _, answer in self.masks)]

    def check_whole(self):
        """Each image came out once, in order."""
        stamps = [stamp for stamp, _ in self.masks]
        assert stamps == list(range(self.first, self.first + self.sent))


@pytest.fixture
def stream(client, camera, wait):
    """Call it for a context in which images go out, each of which has to come back once."""
    used = []

    @contextmanager
    def run():
        subscriptions = list(client.node.subscriptions)
        stream = Stream(client, camera, 10_000 * (len(used) + 1), wait)
        used.append([s for s in client.node.subscriptions if s not in subscriptions])
        wait(lambda: warmed(stream), "a mask")
        ended = Event()
        publishing = Thread(target=stream.publish, args=(ended,))
        publishing.start()
        try:
            yield stream
        finally:
            ended.set()
            publishing.join()
        time.sleep(0.05)  # in which one that came twice would show
        stream.check_whole()

    yield run
    for subscription in (s for new in used for s in new):
        client.node.destroy_subscription(subscription)


def warmed(stream):
    """Send an image until one comes back: only then does the node know who listens."""
    heard = {each[0] for each in stream.heard}
    if heard >= ({"mask"} if ClassMap is None else {"mask", "map"}):
        stream.heard = [each for each in stream.heard if each[0] == "map"]
        return True
    stream.camera.publish(picture_of(2))
    time.sleep(0.1)
    return False
