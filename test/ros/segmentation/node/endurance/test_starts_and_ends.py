"""Again and again: transitions, a killed node, and two nodes in one process."""

from __future__ import annotations

import signal
import threading
import time

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from segnet_ros.segmentation.node import SegmentationNode

pytestmark = [pytest.mark.ros, pytest.mark.timeout(1800)]

CYCLE = (
    Transition.TRANSITION_CONFIGURE,
    Transition.TRANSITION_ACTIVATE,
    Transition.TRANSITION_DEACTIVATE,
    Transition.TRANSITION_CLEANUP,
)
GROWTH = 20.0  # MiB
WAIT = 20.0  # seconds


def test_a_hundred_lives(client, start_node, weights, steady_camera, taken, long, wait):
    node = start_node(weights=weights, autostart="false", cameras=["front", "rear"])
    client.listen("/segmentation/front/mask", Image)

    def live():
        for transition in CYCLE:
            request = ChangeState.Request(transition=Transition(id=transition))
            assert client.call(ChangeState, "/segmentation/change_state", request).success
            if transition == Transition.TRANSITION_ACTIVATE:
                steady_camera("front/image", size=(60, 80)).send()

    live()
    live()
    before = taken(node.process.pid)
    cycles = long(5, 100)
    for _ in range(cycles):
        live()
    after = taken(node.process.pid)
    print(f"\n{cycles} cycles: {before} to {after}")
    assert after["MiB"] - before["MiB"] < GROWTH
    for what in ("threads", "files"):  # a thread may end a little after the service's answer
        wait(lambda what=what: taken(node.process.pid)[what] <= before[what], f"the end of {what}")
    assert node.end() == 0
    assert "Traceback" not in node.text


@pytest.mark.slow
def test_a_node_that_was_killed_comes_back_to_those_who_listen(
    client, start_node, weights, steady_camera, long
):
    masks = client.listen("/killed/mask", Image)
    for _ in range(long(2, 10)):
        node = start_node("-r", "__node:=killed", "-r", "image:=/killed/image", weights=weights)
        node.wait_for("ready")
        camera = steady_camera("/killed/image", size=(60, 80))
        while not masks.queue.empty():
            masks.queue.get()
        until = time.monotonic() + WAIT
        while masks.queue.empty():  # the two may take a while to find each other
            assert time.monotonic() < until, node.text
            camera.run(rate=10, seconds=0.5)
        node.process.send_signal(signal.SIGKILL)
        assert node.wait() == -signal.SIGKILL
        client.node.destroy_publisher(camera.publisher)


@pytest.fixture
def two(client, weights):
    """Two nodes in this process, spun by one thread."""
    nodes = [
        SegmentationNode(
            context=client.context,
            parameter_overrides=[
                Parameter("weights", value=str(weights)), Parameter("precision", value="float32"),
            ],
            cli_args=["--ros-args", "-r", f"__node:={name}", "-r", f"image:=/{name}/image"],
        )
        for name in ("one", "two")
    ]  # fmt: skip
    executor = SingleThreadedExecutor(context=client.context)
    for node in nodes:
        executor.add_node(node)
        assert node.start()
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield nodes
    executor.shutdown()
    thread.join(10)
    for node in nodes:
        node.destroy_node()


def test_two_nodes_in_one_process_do_not_disturb_each_other(client, two, steady_camera):
    before = threading.active_count()
    inboxes = {name: client.listen(f"/{name}/mask", Image) for name in ("one", "two")}
    cameras = {name: steady_camera(f"/{name}/image", size=(60, 80)) for name in inboxes}
    for name, camera in cameras.items():
        camera.run(rate=20, seconds=1)
        last = camera.sent
        camera.send()
        assert inboxes[name].next(lambda m, last=last: m.header.stamp.sec >= last)
    two[0].trigger_deactivate()
    cameras["two"].send()
    last = cameras["two"].sent
    assert inboxes["two"].next(lambda m: m.header.stamp.sec == last)
    two[0].trigger_activate()
    assert threading.active_count() <= before
