"""The web server of the page: fixed files and one stream, all of it to be read only."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web

from segnet_model.base.errors import SettingsError
from segnet_ros.live.stream import Streams

if TYPE_CHECKING:  # aiohttp 3.8 lacks them
    from aiohttp.typedefs import Handler, Middleware

PAGE = Path(__file__).with_name("page")
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
MAX_BROWSERS = 8
MAX_REQUEST = 16  # bytes of a message from a browser
PING_PERIOD = 5.0  # seconds between two signs of life that a browser must give
MAX_PAUSE = 15.0  # seconds until a browser that asks for nothing is given up
# Only what this server sends may be run, shown and asked for, and no other page may frame it.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "segnet_ros",
}


def application(streams: Streams, names: Collection[str]) -> web.Application:
    """The server's answers to a browser.

    Args:
        streams: answer the requests for a stream.
        names: as of `names_of`.
    """
    app = web.Application(middlewares=[_guard(names)])
    app.on_response_prepare.append(_add_headers)
    app.on_shutdown.append(lambda _: streams.close())
    app.router.add_get("/stream", _stream(streams), allow_head=False)
    for file in (each for each in PAGE.iterdir() if each.suffix in TYPES):  # no editor's copy
        path = "/" if file.name == "index.html" else f"/{file.name}"
        app.router.add_get(path, _fixed(file.read_bytes(), TYPES[file.suffix]))
    return app


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve during the context; yields the port, where 0 stood for any.

    Raises:
        SettingsError: the system lets nobody listen there; says the mend.
    """
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SettingsError(_reason(error, host, port)) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; stop the other program, or give another --port"
    if error.errno == errno.EACCES:
        return f"port {port} is for root; give --port 1024 or more"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{host} is no address of this computer; `ip address` lists them for --host"
    return f"cannot listen on {host}, port {port}: {error.strerror or error}"


def is_local(host: str) -> bool:
    """Whether nobody but this computer reaches a server that listens on a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def names_of(host: str, further: Collection[str] = ()) -> frozenset[str]:
    """Names by which browsers may call the server, besides IP addresses.

    Args:
        host: that the server is bound to.
        further: names that the user gives.
    """
    own = socket.gethostname()
    return frozenset(n.lower() for n in ("localhost", host, own, f"{own}.local", *further))


def _guard(names: Collection[str]) -> Middleware:
    """Refuses requests by another name.

    A page of strangers could make its own name lead here (DNS rebinding), and read the answers. An
    address cannot be led elsewhere.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_allowed(request.host, names):
            raise web.HTTPForbidden(
                text="this page is not served by that name; use the address, or start it with "
                "--name and the name\n"
            )
        return await handler(request)

    return guard


def _is_allowed(host: str, names: Collection[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name in names
    return True


def _stream(streams: Streams) -> Handler:
    async def stream(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")  # no browser leaves it out
        if origin is not None and origin.partition("://")[2] != request.host:
            raise web.HTTPForbidden(text="the pages of other servers may not read this stream\n")
        opened = web.WebSocketResponse(
            timeout=1.0, heartbeat=PING_PERIOD, receive_timeout=MAX_PAUSE, max_msg_size=MAX_REQUEST,
            compress=False,
        )  # fmt: skip
        await opened.prepare(request)
        if len(streams) >= MAX_BROWSERS:  # a page learns no other reason than that of a close
            reason = f"{MAX_BROWSERS} browsers watch already; close one"
            await opened.close(code=WSCloseCode.TRY_AGAIN_LATER, message=reason.encode())
            return opened
        await streams.serve(opened, request.query.get("camera"))
        return opened

    return stream


def _fixed(content: bytes, kind: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type=kind, charset="utf-8")

    return answer


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
