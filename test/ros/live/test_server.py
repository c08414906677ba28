"""The page's server refuses all but what the page needs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

pytest.importorskip("rclpy")
aiohttp = pytest.importorskip("aiohttp")

from live_stream import WAIT, stream  # noqa: E402

from segnet_ros.live.server import MAX_BROWSERS, PAGE  # noqa: E402

pytestmark = pytest.mark.ros


async def get(port, path="/", method="GET", **headers):
    """Status, headers and text of an answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}{path}", headers=headers) as answer,
    ):
        return answer.status, answer.headers, await answer.text()


def test_only_fixed_files_are_served(port):
    async def check():
        for file in PAGE.iterdir():
            path = "/" if file.name == "index.html" else f"/{file.name}"
            status, headers, text = await get(port, path)
            assert (status, text) == (200, file.read_text())
            policy = headers["Content-Security-Policy"].split("; ")
            assert "default-src 'none'" in policy
            assert not any("unsafe" in each or "*" in each for each in policy)
            assert headers["X-Content-Type-Options"] == "nosniff"
        for path in ("/page/", "/page", "/../views.py", "/%2e%2e/views.py", "/index.html/"):
            assert (await get(port, path))[0] == 404
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            assert (await get(port, method=method))[0] == 405
            assert (await get(port, "/stream", method))[0] == 405

    asyncio.run(check())


def test_other_names_and_other_pages_are_refused(start):
    port = start("--port", "0", "--name", "robot.lan").port

    async def check():
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[",
                     "robot.lan.evil.example", "evil.example:80"):  # fmt: skip
            for path in ("/", "/page.js", "/stream"):
                assert (await get(port, path, Host=host))[0] == 403, host
        for host in ("localhost", f"localhost:{port}", "127.0.0.1", "192.168.7.7:1", "[::1]:80",
                     "Robot.LAN:80"):  # fmt: skip
            assert (await get(port, Host=host))[0] == 200, host
        for origin in (
            "http://evil.example",
            "null",
            "http://localhost:1",
            "https://127.0.0.1",
            "http://[",
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                async with stream(port, Origin=origin):
                    pass
        async with stream(port, Origin=f"http://127.0.0.1:{port}") as browser:
            await browser.ask()

    asyncio.run(check())


def test_browsers_and_their_messages_are_bounded(port):
    async def check():
        async with AsyncExitStack() as stack:
            open_ = [await stack.enter_async_context(stream(port)) for _ in range(MAX_BROWSERS)]
            refused = await stack.enter_async_context(stream(port))
            closed = await refused.socket.receive(timeout=WAIT)
            assert closed.extra == f"{MAX_BROWSERS} browsers watch already; close one"
            await open_[0].socket.send_str("x" * 1000)
            message = await open_[0].socket.receive(timeout=WAIT)
            assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            await asyncio.sleep(3)  # it waits for a farewell for a second
            again = await stack.enter_async_context(stream(port))
            await again.ask()

    asyncio.run(check())
