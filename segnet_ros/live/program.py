"""The program `live`: shows what the node publishes on a page for browsers."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from functools import partial
from threading import Event

import rclpy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from segnet_model.base.errors import SegNetError
from segnet_model.base.optional import require
from segnet_model.base.options import add_arguments, from_arguments
from segnet_model.base.terminal import escaped
from segnet_ros.live.settings import LiveSettings
from segnet_ros.live.watch import Watch

DESCRIPTION = """\
Show what the node publishes in a browser: overlay, grid and map of the ground, figures and
diagnostics. The page reads only. While no browser shows it, it subscribes to nothing, and the node
does no work for it.
"""
EPILOG = """\
On the robot:

  ros2 run segnet_ros live
  ros2 run segnet_ros live --node /robot1/segmentation --port 8081

On your computer, which then has the page at http://localhost:8080, encrypted and for nobody else:

  ssh -L 8080:localhost:8080 robot

In a network that you trust, without ssh; everybody in it can look through the camera:

  ros2 run segnet_ros live --host 0.0.0.0

It needs pip install 'segnet_ros[live]', which is aiohttp. The page needs no internet.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until a signal; the exit code is 1 where it could not start."""
    words = ["live", *(sys.argv[1:] if arguments is None else arguments)]
    args = _parser().parse_args(remove_ros_args(words)[1:])
    try:
        settings = from_arguments(LiveSettings, args)
        require("aiohttp", "live")
        rclpy.init(args=words, signal_handler_options=SignalHandlerOptions.NO)
        asyncio.run(_run(settings))
    except KeyboardInterrupt:
        return 130
    except SegNetError as error:
        print(f"live: {escaped(error)}", file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="live", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_arguments(parser, LiveSettings)
    return parser


async def _run(settings: LiveSettings) -> None:
    """Serve until SIGINT or SIGTERM; SettingsError where it cannot listen there."""
    from segnet_ros.live.server import application, listening, names_of
    from segnet_ros.live.stream import Streams

    loop, ended = asyncio.get_running_loop(), Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    watch = Watch(settings.node)
    streams = Streams(watch, settings.max_rate)
    app = application(streams, names_of(settings.host, settings.name))
    try:
        async with listening(app, settings.host, settings.port) as port:
            _announce(watch, settings, port)
            notify = partial(loop.call_soon_threadsafe, streams.notify)
            await asyncio.to_thread(watch.spin, ended.is_set, notify)
    finally:
        watch.destroy_node()


def _announce(watch: Watch, settings: LiveSettings, port: int) -> None:
    """Say where the page is, and who can see it."""
    from segnet_ros.live.server import is_local

    log = watch.get_logger()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    log.info(f"{settings.node} is shown at http://{host}:{port}")
    if is_local(settings.host):
        log.info(f"from another computer: ssh -L {port}:localhost:{port} USER@THIS_COMPUTER")
    else:
        log.warning(
            f"everybody who reaches {host}:{port} can look through the camera, without a password "
            "and unencrypted; where that is not meant, leave out --host and use ssh -L"
        )
