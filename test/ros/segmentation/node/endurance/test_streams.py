"""Images for a long time, and too many: memory stays, nothing is lost, repeated or left over."""

from __future__ import annotations

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(3000)]

RELIABLE = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)
GROWTH = 20.0  # MiB
WARM_UP = 0.2  # of the time


@pytest.fixture
def node(start_node, weights):
    """Quick enough for 30 Hz, and with a queue: what is lost is the node's fault."""
    qos = {"qos_overrides./image.subscription.depth": 50}
    node = start_node(weights=weights, reliability="reliable", diagnostics_period=0.2, **qos)
    node.wait_for("ready")
    yield node
    assert node.end() == 0
    assert "Traceback" not in node.text


@pytest.fixture
def masks(client, node):
    yield client.listen("/segmentation/mask", Image, RELIABLE)
    client.forget("/segmentation/mask")


@pytest.fixture
def health(client, node):
    yield client.listen("/diagnostics", DiagnosticArray)
    client.forget("/diagnostics")


def drain(inbox):
    """The stamps of what came."""
    stamps = []
    while not inbox.queue.empty():
        stamps.append(inbox.queue.get().header.stamp.sec)
    return stamps


def settled(client, health, sent, lost=0.0):
    """The counts once all has come that was sent, but for a share, and has been dealt with."""

    def wanted(status, values):
        done = sum(int(values[name]) for name in ("processed", "dropped", "rejected", "idle"))
        came = int(values["received"]) + int(values["idle"])
        return came == done and (1 - lost) * sent <= came <= sent

    try:
        _, values = client.diagnostics(health, wanted)
    except AssertionError:
        _, values = client.diagnostics(health, lambda status, values: True)
        raise AssertionError(f"{sent} were sent, {values}") from None
    return {name: int(values[name]) for name in ("processed", "dropped", "rejected", "idle")}


def test_half_an_hour_at_30_hz(client, node, masks, health, steady_camera, taken, long):
    camera, seen, stamps = steady_camera(), [], []

    def watch(passed):
        stamps.extend(drain(masks))
        drain_all(health)
        seen.append((passed, taken(node.process.pid)))

    seconds = long(10, 1800)
    camera.run(rate=30, seconds=seconds, watch=watch)
    counts = settled(client, health, camera.sent)
    stamps += drain(masks)
    assert counts["rejected"] == 0
    assert stamps == sorted(set(stamps))  # none twice, none before an earlier one
    assert len(stamps) == counts["processed"]
    # A reliable sender of 30 Hz waits while this machine does something else for a moment.
    assert counts["dropped"] <= 0.2 * camera.sent
    warm = next(each for passed, each in seen if passed >= WARM_UP * seconds)
    last = seen[-1][1]
    print(f"\n{seconds} s at 30 Hz: {camera.sent} sent, {counts}, warm {warm}, at the end {last}")
    assert last["MiB"] - warm["MiB"] < GROWTH
    assert last["threads"] <= warm["threads"]
    assert last["files"] <= warm["files"]


def test_a_flood_of_500_hz(client, node, masks, health, steady_camera, taken, long):
    camera, seen = steady_camera(size=(120, 160)), []
    seconds = long(5, 60)

    def watch(passed):
        drain_all(masks)
        drain_all(health)
        seen.append(taken(node.process.pid))

    camera.run(rate=500, seconds=seconds, watch=watch)
    # The middleware's queue overflows where the node does not get a core for a tenth of a second.
    counts = settled(client, health, camera.sent, lost=0.1)
    print(f"\n{seconds} s at up to 500 Hz: {camera.sent} sent, {counts}, {seen[0]} to {seen[-1]}")
    assert counts["processed"] > 0
    assert counts["rejected"] == 0
    assert seen[-1]["MiB"] - seen[0]["MiB"] < GROWTH
    camera.send()
    assert masks.next(lambda mask: mask.header.stamp.sec == camera.sent)  # the newest comes out


def drain_all(inbox):
    while not inbox.queue.empty():
        inbox.queue.get()
