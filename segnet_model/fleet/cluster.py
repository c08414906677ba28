"""Ray: of this machine alone, or a cluster that somebody started."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from segnet_model.base.errors import SettingsError
from segnet_model.base.optional import require

STORE_BYTES = 128 << 20  # of Ray's object store here: bags and answers never go through it
LOOPBACK = "127.0.0.1"
ANSWER_S = 10.0  # seconds in which the head of a cluster answers


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Connect to a cluster during the context.

    Args:
        address: of its head, or "auto" for the one of this machine; None starts Ray here, for this
            program alone and reachable from this machine alone.

    Raises:
        SettingsError: there is no cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent home
    ray = require("ray", "fleet")
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address is None:
            ray.init(
                "local", include_dashboard=False, object_store_memory=STORE_BYTES,
                _node_ip_address=LOOPBACK, **quiet,
            )  # fmt: skip
        else:
            _check_reached(address)
            ray.init(address, **quiet)
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        raise SettingsError(
            f"there is no Ray at {address or 'this machine'}: {error}; start one with "
            "`ray start --head`, or leave --address out to run on this machine alone"
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


def _check_reached(address: str) -> None:
    """Connect to HOST:PORT once: Ray tries for five minutes, and then ends the program by itself.

    Raises:
        OSError: nothing answers.
        OverflowError: there is no such port.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
