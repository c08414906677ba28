"""The stream to a browser: at each request, all that is new since the last one.

A browser asks again once it has drawn, so a slow one, or a slow network, gets fewer frames and
never old ones.
"""

from __future__ import annotations

import asyncio
import json
import struct
from contextlib import suppress
from typing import Any

from aiohttp import web

from segnet_ros.live.views import Part
from segnet_ros.live.watch import Newest, Watch

STATE_PERIOD = 1.0  # seconds between two answers, where no message comes
TOGETHER = 0.02  # seconds; the outputs of a frame come one after the other


class Browser:
    """What one browser shows, and has seen of it."""

    def __init__(self, watch: Watch, camera: str | None) -> None:
        """Take the source, and the camera's name; None for the node's first one."""
        self._watch, self._given = watch, camera
        self._seen: dict[str, int] = {}

    @property
    def camera(self) -> str:
        """The name of the camera."""
        return next(iter(self._watch.cameras), "") if self._given is None else self._given

    def new(self) -> dict[str, Newest]:
        """The newest message of each view that the browser has not seen."""
        newest = self._watch.newest(self.camera)
        return {view: m for view, m in newest.items() if m.number > self._seen.get(view, 0)}

    def answer(self) -> bytes:
        """All that is new, as `encoded`."""
        new = self.new()
        self._seen |= {view: each.number for view, each in new.items()}
        return encoded(self._state(), {view: each.part for view, each in new.items()})

    def _state(self) -> dict[str, Any]:
        camera = self.camera
        ages = {view: round(age, 1) for view, age in self._watch.ages(camera).items()}
        return {
            "node": self._watch.target, "camera": camera, "cameras": self._watch.cameras,
            "problem": self._watch.problem(camera), "ages": ages,
        }  # fmt: skip


class Streams:
    """The streams to all browsers; what none of them shows is not subscribed to."""

    def __init__(self, watch: Watch, max_rate: float) -> None:
        """Take the source, and the most answers per second to a browser."""
        self._watch, self._pause = watch, 1 / max_rate
        self._browsers: dict[Browser, web.WebSocketResponse] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._browsers)

    def notify(self) -> None:
        """Wake the streams after a new message; called in the server's thread."""
        self._news.set()
        self._news = asyncio.Event()

    async def close(self) -> None:
        """End all streams."""
        await asyncio.gather(*(stream.close() for stream in self._browsers.values()))

    async def serve(self, stream: web.WebSocketResponse, camera: str | None) -> None:
        """Answer a browser until it leaves.

        Args:
            stream: open.
            camera: its name; None for the first one.
        """
        browser = Browser(self._watch, camera)
        self._browsers[browser] = stream
        try:
            async for _ in stream:
                pause = asyncio.create_task(asyncio.sleep(self._pause))
                await self._wait(browser)
                await stream.send_bytes(browser.answer())
                await pause
        except (asyncio.TimeoutError, ConnectionError):  # it has gone without a word
            pass
        finally:
            del self._browsers[browser]
            self._follow()

    async def _wait(self, browser: Browser) -> None:
        """Wait for a message, at most STATE_PERIOD."""
        clock = asyncio.get_running_loop().time
        end = clock() + STATE_PERIOD
        self._follow()
        while not browser.new() and (left := end - clock()) > 0:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)
        await asyncio.sleep(TOGETHER)

    def _follow(self) -> None:
        self._watch.watch({browser.camera for browser in self._browsers})


def encoded(state: dict[str, Any], parts: dict[str, Part]) -> bytes:
    """One answer: the length of its JSON as uint32, little-endian, its JSON, and all data.

    Args:
        state: of the node and of the stream.
        parts: by view; the JSON has their order and the length of the data of each.
    """
    described = [
        {"view": view, "bytes": len(part.data), **part.about} for view, part in parts.items()
    ]
    head = json.dumps({"state": state, "parts": described}, allow_nan=False).encode()
    return b"".join((struct.pack("<I", len(head)), head, *(each.data for each in parts.values())))
