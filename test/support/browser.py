"""A headless Chromium, driven by its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import shutil
import time
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from programs import Programs

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MISSING = f"none of {', '.join(NAMES)} is installed (Debian: apt install chromium)"
START = 60.0  # seconds
# Root, as in a container, has no sandbox; nothing but our own page is opened.
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--remote-debugging-port=0", "--window-size=1400,1100", "about:blank",
)  # fmt: skip


def program():
    """Path of a Chromium; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab."""

    def __init__(self, socket):
        self._socket, self._number = socket, 0
        self.errors = []  # that the page's scripts raised, and what was blocked

    async def call(self, method, **parameters):
        """Call a method of the protocol, and wait for its result."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        await self._socket.send_json(request)
        while True:
            message = await self._socket.receive_json(timeout=START)
            about = message.get("params", {})
            if about.get("entry", {}).get("level") == "error" or "exceptionDetails" in about:
                self.errors.append(about)
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    async def open(self, url):
        await self.call("Runtime.enable")
        await self.call("Log.enable")
        await self.call("Page.navigate", url=url)

    async def evaluate(self, expression):
        """The value of an expression in the page."""
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def wait_for(self, expression, seconds=20.0):
        """Wait until an expression in the page is true."""
        until = time.monotonic() + seconds
        while not await self.evaluate(f"!!({expression})"):
            assert time.monotonic() < until, (expression, self.errors, await self.text())
            await asyncio.sleep(0.05)

    async def text(self):
        return await self.evaluate("document.body && document.body.innerText")

    async def screenshot(self):
        """A PNG file of the whole page."""
        found = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(found["data"])


@asynccontextmanager
async def chromium(programs: Programs, profile: Path):
    """Run a Chromium with a new profile, which ends with pytest; yields its page."""
    command = [program(), f"--user-data-dir={profile}", *FLAGS]
    with profile.with_suffix(".log").open("w") as log:
        process = programs.execute(*command, output=log, HOME=str(profile))
    try:
        port = await _port(profile / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                (tab,) = [t for t in await answer.json() if t["type"] == "page"]
            url = tab["webSocketDebuggerUrl"]
            async with session.ws_connect(url, max_msg_size=64 << 20) as socket:
                yield Page(socket)
    finally:
        process.end()


async def _port(file):
    until = time.monotonic() + START
    while not (file.is_file() and file.read_text().strip()):
        assert time.monotonic() < until, "Chromium did not start"
        await asyncio.sleep(0.05)
    return file.read_text().split()[0]
