"""The page's server over real topics and real sockets, without a browser."""

from __future__ import annotations

import asyncio
import math
import signal
import time
from functools import partial

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("segnet_ros.msg")
pytest.importorskip("aiohttp")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from live_stream import WAIT, stream
from robot import grid, jpeg

pytestmark = pytest.mark.ros
CELLS = np.array([[0, 100, -1], [1, 50, 99]])
WITHOUT_DIAGNOSTICS = """
from dataclasses import replace
from segnet_ros.live.views import VIEWS
VIEWS["diagnostics"] = replace(VIEWS["diagnostics"], kind=None)
"""


async def eventually(condition):
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def test_all_views_come_as_they_were_published(robot, port):
    def publish():
        robot.show()
        robot.lay(CELLS)
        robot.map.publish(robot_map)
        robot.measure(drivable_fraction=0.25, latency_ms=math.nan, class_fractions=[0.5, 0.5])
        robot.report(DiagnosticStatus.WARN, "no ground", "segmentation: segmentation")
        robot.report(DiagnosticStatus.OK, "fine", "planner: planner")

    async def check():
        async with stream(port) as browser:
            await browser.until(lambda: len(browser.views) == 5, publish)
            return browser.views, browser.state

    robot_map = grid(CELLS.T, frame="odom", origin=(3.0, 4.0))
    views, state = asyncio.run(check())
    assert views["overlay"][1] == jpeg((200, 30, 30))
    about, cells = views["grid"]
    assert (about["height"], about["width"], about["frame"]) == (2, 3, "base_link")
    assert (np.frombuffer(cells, np.int8).reshape(2, 3) == CELLS).all()
    about, cells = views["map"]
    assert (about["frame"], about["x"], about["y"]) == ("odom", 3.0, 4.0)
    assert (np.frombuffer(cells, np.int8).reshape(3, 2) == CELLS.T).all()
    assert views["stats"][0]["drivable_fraction"] == 0.25
    assert views["stats"][0]["latency_ms"] is None
    (status,) = views["diagnostics"][0]["status"]
    assert (status["level"], status["message"]) == (1, "no ground")
    assert status["values"] == [["state", "active"]]
    assert (state["node"], state["cameras"], state["problem"]) == ("/segmentation", [""], "")


def test_nothing_is_subscribed_to_while_no_browser_watches(robot, port):
    async def check():
        await asyncio.sleep(1.5)  # longer than a look for the node
        assert robot.watchers() == 0
        async with stream(port) as browser:
            await browser.until(lambda: robot.watchers() == 3)
            async with stream(port) as second:  # one subscription for all browsers
                await second.until(lambda: "overlay" in second.views, robot.show)
                assert robot.watchers() == 3
            await browser.ask()
            assert robot.watchers() == 3
        await eventually(lambda: robot.watchers() == 0)
        assert robot.diagnostics.get_subscription_count() == 0
        async with stream(port) as browser:  # one that dies without a word
            await browser.until(lambda: robot.watchers() == 3)
            browser.socket._response.connection.transport.abort()
            await eventually(lambda: robot.watchers() == 0)

    asyncio.run(check())


def test_a_camera_is_chosen_from_the_list(make_robot, port):
    robot = make_robot("front", "left")

    async def check():
        async with stream(port, "?camera=left") as browser:
            await browser.until(
                lambda: "overlay" in browser.views, lambda: robot.show(camera="left")
            )
            assert browser.state["cameras"] == ["front", "left"]
            assert (robot.watchers("left"), robot.watchers("front")) == (3, 0)
        async with stream(port) as browser:  # without a choice, the first
            await browser.until(
                lambda: "overlay" in browser.views, lambda: robot.show(camera="front")
            )
            assert browser.state["camera"] == "front"
        async with stream(port, "?camera=../../x") as browser:
            await browser.ask()
            assert browser.state["problem"] == (
                "/segmentation has no camera '../../x'; choose front or left"
            )
            assert robot.watchers("front") == 0

    asyncio.run(check())


def test_robots_are_told_apart_by_their_namespaces(make_robot, start):
    first, second = (make_robot("front", namespace=name) for name in ("/one", "/two"))
    port = start("--port", "0", "--node", "/two/segmentation").port

    def publish():
        for robot, name in ((first, "one"), (second, "two")):
            robot.show(camera="front")
            robot.report(DiagnosticStatus.OK, name, f"{name}/segmentation: segmentation of front")

    async def check():
        async with stream(port) as browser:
            await browser.until(lambda: browser.views.keys() >= {"overlay", "diagnostics"}, publish)
            assert browser.views["diagnostics"][0]["status"][0]["message"] == "two"
            assert (first.watchers("front"), second.watchers("front")) == (0, 3)

    asyncio.run(check())


def test_silence_is_said_without_diagnostics_installed(robot, start):
    port = start("--port", "0", before=WITHOUT_DIAGNOSTICS).port

    async def check():
        async with stream(port) as browser:
            await browser.until(lambda: "overlay" in browser.views, robot.show)
            await browser.until(lambda: browser.state["problem"])
            assert browser.state["problem"] == (
                "no image for 3 s, and no diagnostics; check that /segmentation runs"
            )

    asyncio.run(check())


def test_silence_and_absence_are_said_and_end(make_robot, port):
    robot = make_robot()

    async def check():
        async with stream(port) as browser:
            await browser.until(lambda: "overlay" in browser.views, robot.show)
            assert browser.state["problem"] == ""
            await browser.until(lambda: browser.state["problem"])
            assert browser.state["problem"] == (
                "no image for 3 s, and no diagnostics; check that /segmentation runs"
            )
            report = partial(robot.report, DiagnosticStatus.OK, "idle")
            await browser.until(
                lambda: "the diagnostics say why" in browser.state["problem"], report
            )
            await browser.until(lambda: not browser.state["problem"], robot.show)
            robot.close()
            await browser.until(lambda: "there is no node /segm" in browser.state["problem"])
            browser.views.clear()
            again = make_robot()
            await browser.until(lambda: "overlay" in browser.views, again.show)
            await browser.until(lambda: not browser.state["problem"], again.show)

    asyncio.run(check())


def test_a_node_without_outputs_can_still_say_why(new_node, port):
    node = new_node("segmentation")
    diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
    status = DiagnosticStatus(name="segmentation: segmentation", level=b"\2", message="no weights")

    async def check():
        async with stream(port) as browser:
            await browser.until(
                lambda: browser.views and "is not configured yet" in browser.state["problem"],
                lambda: diagnostics.publish(DiagnosticArray(status=[status])),
            )
            assert browser.views["diagnostics"][0]["status"][0]["message"] == "no weights"

    asyncio.run(check())


def test_a_damaged_message_is_named_once_and_left_out(robot, start):
    program = start("--port", "0")
    damaged = grid(CELLS)
    damaged.info.width = 1000

    def publish():
        robot.publishers["", "drivable_grid"].publish(damaged)
        robot.show()

    async def check():
        async with stream(program.port) as browser:
            await browser.until(lambda: "overlay" in browser.views, publish)
            for _ in range(5):
                publish()
                await browser.ask()
            assert "grid" not in browser.views
            await browser.until(lambda: "grid" in browser.views, lambda: robot.lay(CELLS))

    asyncio.run(check())
    assert program.text.count("the grid cannot be shown: 6 cells are not 2 x 1000") == 1


def test_a_slow_browser_gets_the_newest_and_no_old_ones(robot, port):
    async def check():
        async with stream(port) as browser:
            await browser.until(lambda: "overlay" in browser.views, robot.show)
            for red in range(0, 200, 10):
                robot.show((red, 0, 0))
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
            await browser.ask()
            assert browser.views["overlay"][1] == jpeg((190, 0, 0))
            assert "overlay" not in await browser.ask()

    asyncio.run(check())


def test_the_rate_is_bounded(robot, start):
    port = start("--port", "0", "--max-rate", "4").port

    async def check():
        async with stream(port) as browser:
            await browser.until(lambda: "overlay" in browser.views, robot.show)
            began, came = time.monotonic(), 0
            while time.monotonic() < began + 3:
                robot.show()
                came += "overlay" in await browser.ask()
            assert 6 <= came <= 13  # 4 per second, on a busy machine fewer

    asyncio.run(check())


def test_it_ends_at_once_while_a_browser_watches(robot, start):
    program = start("--port", "0")

    async def check():
        async with stream(program.port) as browser:
            await browser.until(lambda: "overlay" in browser.views, robot.show)
            program.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(program.process.wait, 20) == 0

    asyncio.run(check())
    assert "Traceback" not in program.text
