"""The cluster that a fleet works on."""

import socket

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.fleet.cluster import cluster

ray = pytest.importorskip("ray")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("where", ["127.0.0.1:{}", "nowhere.invalid:{}", "127.0.0.1:99999"])
def test_an_address_at_which_nothing_answers_is_refused_at_once(where, monkeypatch):
    """Ray itself tries for five minutes, and ends the program without a word."""
    monkeypatch.setattr(ray, "init", lambda *_, **__: pytest.fail("Ray was asked"))
    address = where.format(free_port())
    with (
        pytest.raises(SettingsError, match=f"there is no Ray at {address}: .*; start one with"),
        cluster(address),
    ):
        pass
