"""The page in a real browser, over real topics."""

from __future__ import annotations

import asyncio
import math
import signal
import time

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("segnet_ros.msg")
pytest.importorskip("aiohttp")

import browser
import cv2
from diagnostic_msgs.msg import DiagnosticStatus
from robot import grid

pytestmark = [
    pytest.mark.ros,
    pytest.mark.skipif(browser.program() is None, reason=browser.MISSING),
]
FREE, OCCUPIED, UNKNOWN = (79, 174, 90), (214, 75, 63), (107, 112, 119)
# 4 m forward, 4 m to each side, in cells of 0.5 m; columns go forward, rows to the left.
CELLS = np.full((16, 8), -1)
CELLS[:8] = 0  # all that is to the right
CELLS[:8, 4:] = 100  # but from 2 m on
CELLS[12:, :4] = 99  # dear ground, to the left

PATCH = """(() => {{
  const canvas = document.querySelector("#{view} canvas");
  const x = Math.round({x} * canvas.width), y = Math.round({y} * canvas.height);
  return Array.from(canvas.getContext("2d").getImageData(x - 6, y - 6, 12, 12).data);
}})()"""


async def color(page, view, x, y):
    """The most frequent color around a share of a canvas' width and height: no line of a meter."""
    patch = np.reshape(await page.evaluate(PATCH.format(view=view, x=x, y=y)), (-1, 4))[:, :3]
    colors, counts = np.unique(patch, axis=0, return_counts=True)
    return colors[counts.argmax()].tolist()


class Film:
    """A robot that publishes ten times a second, in the background."""

    def __init__(self, robot):
        self.robot, self._task, self.frames = robot, None, 0

    def shoot(self):
        robot = self.robot
        self.frames += 1
        robot.show((30, 160, 30))
        robot.lay(CELLS, origin=(0.0, -4.0))
        robot.map.publish(grid(CELLS, origin=(10.0, 20.0), frame="odom"))
        robot.measure(
            drivable_fraction=0.37,
            latency_ms=80.0,
            place_score=math.nan,
            frames_dropped=2 * self.frames,
        )
        robot.report(DiagnosticStatus.WARN, "no ground <b>here</b>")

    async def _run(self):
        while True:
            self.shoot()
            await asyncio.sleep(0.1)

    async def __aenter__(self):
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()


async def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


PROBLEM = "document.getElementById('problem').textContent"


def test_it_draws_what_is_published(programs, robot, port, tmp_path):
    async def check():
        async with browser.chromium(programs, tmp_path / "profile") as page, Film(robot):
            await page.open(f"http://127.0.0.1:{port}/")
            await page.wait_for("document.querySelectorAll('section.came').length === 4")
            await page.wait_for("document.querySelectorAll('#charts figure').length >= 4")
            await page.wait_for("document.querySelector('#diagnostics .warn')")
            await page.wait_for(f"{PROBLEM} === ''")
            assert await color(page, "overlay", 0.5, 0.5) == pytest.approx([30, 160, 30], abs=4)
            # Seen from above: forward is up, left is left.
            for view in ("grid", "map"):
                assert await color(page, view, 0.77, 0.64) == list(FREE), view
                assert await color(page, view, 0.77, 0.36) == list(OCCUPIED), view
                assert await color(page, view, 0.27, 0.36) == list(UNKNOWN), view
                assert await color(page, view, 0.15, 0.64) == [224, 138, 44], view
            text = await page.text()
            for said in ("WARN no ground <b>here</b>", "37 %", "80 ms"):
                assert said in text
            assert "confidence" in text
            await asyncio.sleep(1)
            assert "place score" not in text  # it is not known
            assert page.errors == []
            return await page.screenshot()

    png = asyncio.run(check())
    (tmp_path / "page.png").write_bytes(png)
    assert cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR).std() > 20


@pytest.mark.slow
def test_it_says_what_is_missing_and_recovers_by_itself(programs, make_robot, start, tmp_path):
    robot, program = make_robot(), start("--port", "0")
    port = program.port
    stale = "document.getElementById('overlay').matches('.stale')"

    async def check():
        async with browser.chromium(programs, tmp_path / "profile") as page:
            await page.open(f"http://127.0.0.1:{port}/")
            async with Film(robot):
                await page.wait_for(f"document.querySelector('#overlay.came') && {PROBLEM} === ''")
            await page.wait_for(f"/^no image for [3-5] s/.test({PROBLEM})")
            assert await page.evaluate(stale)
            robot.close()
            await page.wait_for(f"{PROBLEM}.startsWith('there is no node /segmentation')")
            again = make_robot()
            async with Film(again):
                await page.wait_for(f"{PROBLEM} === ''")
                assert not await page.evaluate(stale)
                program.process.send_signal(signal.SIGTERM)
                await page.wait_for(f"{PROBLEM}.startsWith('no connection')")
                await asyncio.to_thread(lambda: start("--port", str(port)).port)
                await page.wait_for(f"{PROBLEM} === ''")

    asyncio.run(check())


def test_an_image_that_cannot_be_decoded_is_not_passed_off_as_new(programs, robot, port, tmp_path):
    note = "document.querySelector('#overlay.stale small')?.textContent"

    async def check():
        async with browser.chromium(programs, tmp_path / "profile") as page:
            await page.open(f"http://127.0.0.1:{port}/")
            async with Film(robot):
                await page.wait_for("document.querySelector('#overlay.came')")
            robot.show(file=b"\xff\xd8 no picture")
            await page.wait_for(f"{note} === 'the image cannot be decoded'")
            robot.show()
            await page.wait_for("document.querySelector('#overlay:not(.stale)')")
            assert page.errors == []

    asyncio.run(check())


def test_old_diagnostics_are_called_old(programs, robot, port, tmp_path):
    old = "document.getElementById('diagnostics').dataset.old"

    async def check():
        async with browser.chromium(programs, tmp_path / "profile") as page:
            await page.open(f"http://127.0.0.1:{port}/")
            async with Film(robot):
                await page.wait_for("document.querySelector('#diagnostics .warn')")
                assert await page.evaluate(old) is None
            await page.wait_for(f"/^no diagnostics for [3-5] s; the last:/.test({old})")
            await page.wait_for(f"{PROBLEM}.includes(', and no diagnostics; check that')")

    asyncio.run(check())


def test_a_hidden_page_costs_the_node_nothing(programs, robot, port, tmp_path):
    hide = (
        "Object.defineProperty(document, 'hidden', {{configurable: true, get: () => {0}}});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )

    async def check():
        async with browser.chromium(programs, tmp_path / "profile") as page, Film(robot):
            await page.open(f"http://127.0.0.1:{port}/")
            await page.wait_for("document.querySelector('#overlay.came')")
            assert robot.watchers() == 3
            await page.evaluate(hide.format("true"))
            await until(lambda: robot.watchers() == 0)
            await page.evaluate(hide.format("false"))
            await until(lambda: robot.watchers() == 3)
            await page.wait_for(f"{PROBLEM} === ''")

    asyncio.run(check())


def test_another_camera_is_chosen(programs, make_robot, port, tmp_path):
    robot = make_robot("front", "left")

    async def check():
        async with browser.chromium(programs, tmp_path / "profile") as page:
            await page.open(f"http://127.0.0.1:{port}/")
            await page.wait_for("document.querySelectorAll('#camera option').length === 2")
            await page.evaluate(
                "const s = document.getElementById('camera'); s.value = 'left';"
                "s.dispatchEvent(new Event('change'))"
            )
            await until(lambda: (robot.watchers("left"), robot.watchers("front")) == (3, 0))
            robot.show((10, 20, 200), "left")
            await page.wait_for("document.querySelector('#overlay.came')")
            assert await color(page, "overlay", 0.5, 0.5) == pytest.approx([10, 20, 200], abs=6)
            assert await page.evaluate("document.getElementById('camera').value") == "left"

    asyncio.run(check())
