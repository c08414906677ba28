"""Whatever is sent or asked for, the node lives, counts it, and still knows its trade."""

from __future__ import annotations

import time
from array import array

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from segnet_model.images.encodings import ENCODINGS
from segnet_ros.segmentation.parameters import TABLE

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(3600)]

NODE = "/segmentation"
DEPTH = 2000
RELIABLE = QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy.RELIABLE)
PAUSE = 0.003  # seconds between two images, or most would be dropped for newer ones
GROWTH = 20.0  # MiB

NUMBERS = some.one_of(some.integers(0, 40), some.integers(0, 2**32 - 1))
IMAGES = some.fixed_dictionaries(
    {
        "height": NUMBERS,
        "width": NUMBERS,
        "step": NUMBERS,
        "encoding": some.one_of(some.sampled_from(sorted(ENCODINGS)), some.text(max_size=20)),
        "is_bigendian": some.integers(0, 255),
        "data": some.binary(max_size=600),
    }
)
DAMAGES = some.lists(some.tuples(some.floats(0, 1), some.integers(0, 255)), max_size=4)


def examples(strategy, count, use):
    """Let hypothesis make so many, the same in each run, and use each."""
    checks = list(HealthCheck)
    each = settings(
        max_examples=count, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=checks,
    )  # fmt: skip
    each(given(strategy)(use))()


@pytest.fixture(scope="module")
def node(start_node, weights):
    """One that hears all that is sent."""
    qos = {"qos_overrides./image.subscription.depth": DEPTH}
    node = start_node(weights=weights, reliability="reliable", diagnostics_period=0.2, **qos)
    node.wait_for("ready")
    yield node
    assert node.end() == 0


@pytest.fixture(scope="module")
def camera(client, node):
    return client.publisher("image", Image, RELIABLE)


def good(seconds):
    message = Image(height=16, width=16, step=16, encoding="mono8", data=array("B", bytes(256)))
    message.header.stamp.sec = seconds
    return message


@pytest.fixture(scope="module")
def masks(client, camera):
    inbox = client.listen(f"{NODE}/mask", Image, RELIABLE)
    client.exchange(camera, good(1), inbox)
    return inbox


@pytest.fixture(scope="module")
def health(client, node):
    return client.listen("/diagnostics", DiagnosticArray)


class Sender:
    """Sends images, at a bearable rate."""

    def __init__(self, camera):
        self.camera, self.sent = camera, 0

    def image(self, fields):
        self.bytes(serialize_message(Image(**{**fields, "data": array("B", fields["data"])})))

    def bytes(self, data):
        self.camera.publish(data)
        self.sent += 1
        time.sleep(PAUSE)


def counts(client, health, wanted=lambda values: True):
    while not health.queue.empty():
        health.queue.get()
    _, values = client.diagnostics(health, lambda status, values: wanted(values))
    return {n: int(values[n]) for n in ("received", "processed", "dropped", "rejected", "idle")}


def check_all_are_counted(client, health, before, sent):
    """Each came, and was answered, dropped for a newer one, or rejected for a reason."""

    def done(values):
        of = {name: int(values[name]) - before[name] for name in before}
        ended = of["processed"] + of["dropped"] + of["rejected"]
        return of["received"] == ended == sent

    after = counts(client, health, done)
    return {name: after[name] - before[name] for name in before}


def check_it_knows_its_trade(camera, masks, seconds):
    camera.publish(good(seconds))
    mask = masks.next(lambda mask: mask.header.stamp.sec == seconds)
    assert (mask.height, mask.width) == (16, 16)


def test_images_whose_fields_are_anything(client, node, camera, masks, health, taken, long):
    before, memory = counts(client, health), taken(node.process.pid)
    sender = Sender(camera)
    examples(IMAGES, long(300, 10_000), sender.image)
    found = check_all_are_counted(client, health, before, sender.sent)
    print(f"\n{sender.sent} images of any fields: {found}, {taken(node.process.pid)}")
    assert found["rejected"] > 0.3 * sender.sent
    assert taken(node.process.pid)["MiB"] - memory["MiB"] < GROWTH
    check_it_knows_its_trade(camera, masks, 1001)


def test_messages_with_damaged_bytes(client, node, camera, masks, health, long):
    """As a broken cable or a foreign middleware may send them."""
    before, whole = counts(client, health), serialize_message(good(5))
    sender = Sender(camera)

    def send(damages, cut):
        data = bytearray(whole)
        for place, value in damages:
            data[int(place * (len(data) - 1))] = value
        sender.bytes(bytes(data[: max(4, int(cut * len(data)))]))

    both = some.tuples(DAMAGES, some.one_of(some.just(1.0), some.floats(0, 1)))
    examples(both, long(200, 10_000), lambda pair: send(*pair))
    found = check_all_are_counted(client, health, before, sender.sent)
    print(f"\n{sender.sent} damaged messages: {found}")
    assert found["rejected"] > 0.1 * sender.sent
    check_it_knows_its_trade(camera, masks, 1002)


# A value of each type that is sometimes the one that a parameter wants.
VALUES = some.one_of(
    some.booleans(),
    some.integers(-(2**63), 2**63 - 1),
    some.integers(-2, 40),
    some.floats(allow_nan=True, allow_infinity=True),
    some.floats(0, 1),
    some.text(max_size=12).filter(lambda text: "\0" not in text),
    some.lists(some.text("abc_/ ", max_size=6), min_size=1, max_size=3),
    some.lists(some.integers(-5, 500), min_size=1, max_size=3),
)
# What makes the node slow is left out: it is asked for often.
ROWS = [row for name, row in TABLE.items() if name not in ("uncertainty", "refine")]


def fitting(row):
    """Values that a parameter may well take."""
    low, high = row.limits or (0, 1)
    kind = type(row.default)
    if row.choices:
        return some.sampled_from(list(row.choices))
    if kind is bool:
        return some.booleans()
    if kind is int:
        return some.integers(low, min(high, 100))
    return some.floats(low, high) if kind is float else some.just(list(row.default) or [""])


CHANGES = some.sampled_from(ROWS).flatmap(
    lambda row: some.tuples(some.just(row.name), some.one_of(fitting(row), fitting(row), VALUES))
)
SETS = some.lists(CHANGES, min_size=1, max_size=4).map(dict)


def test_sets_of_parameters_are_taken_whole_or_not_at_all(client, camera, masks, long):
    def get(names):
        request = GetParameters.Request(names=names)
        values = client.call(GetParameters, f"{NODE}/get_parameters", request).values
        return [str(value) for value in values]

    tally = {True: 0, False: 0}

    def send(asked):
        names = list(asked)
        before = get(names)
        messages = [
            Parameter(name, value=value).to_parameter_msg() for name, value in asked.items()
        ]
        result = client.call(
            SetParametersAtomically,
            f"{NODE}/set_parameters_atomically",
            SetParametersAtomically.Request(parameters=messages),
        ).result
        after = get(names)
        expected = [str(m.value) for m in messages] if result.successful else before
        assert after == expected, asked
        assert result.successful or result.reason, asked
        tally[result.successful] += 1

    examples(SETS, long(100, 10_000), send)
    print(f"\nsets of parameters that were taken and refused: {tally}")
    assert min(tally.values()) > 0
    for name, value in (("enabled", True), ("max_rate", 0.0), ("output_size", [0, 0])):
        send({name: value})
    check_it_knows_its_trade(camera, masks, 1003)
