"""A browser's end of the live page's stream."""

from __future__ import annotations

import json
import struct
import time
from contextlib import asynccontextmanager

import aiohttp

WAIT = 30.0  # seconds


class Stream:
    """A browser's end of the stream, which keeps the newest of each view."""

    def __init__(self, socket):
        self.socket, self.views, self.state = socket, {}, {}

    async def ask(self):
        """Ask once; returns the views that came."""
        await self.socket.send_str("next")
        answer = await self.socket.receive_bytes(timeout=WAIT)
        (length,) = struct.unpack_from("<I", answer)
        head = json.loads(answer[4 : 4 + length])
        start, came = 4 + length, {}
        for part in head["parts"]:
            came[part["view"]] = part, answer[start : start + part["bytes"]]
            start += part["bytes"]
        assert start == len(answer)
        self.state = head["state"]
        self.views |= came
        return came

    async def until(self, condition, meanwhile=lambda: None):
        """Ask until a condition holds."""
        end = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < end, (self.state, list(self.views))
            meanwhile()
            await self.ask()


@asynccontextmanager
async def stream(port, query="", **headers):
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{port}/stream{query}"
        async with session.ws_connect(url, headers=headers, max_msg_size=0) as socket:
            yield Stream(socket)
