"""Messages of a recording from a time on."""

from __future__ import annotations

import pytest

from segnet_model.bags.reader import BagReader
from segnet_model.bags.writer import BagWriter
from segnet_model.datasets.sources import BagSource

TIMES = [*range(100, 3000, 100), 1500, 1501]  # those at the end came late


@pytest.fixture(params=["mcap", "sqlite3"])
def bag(request, tmp_path):
    """Messages of two topics, in 30 chunks of an mcap."""
    with BagWriter(tmp_path / "bag", request.param) as writer:
        for time in TIMES:
            writer.write_compressed("/camera", time, "camera", bytes(1 << 18), "jpeg")
            writer.write_compressed("/other", time, "camera", b"x", "jpeg")
    return tmp_path / "bag"


@pytest.mark.parametrize("since", [0, 100, 101, 1500, 2900, 9000])
@pytest.mark.parametrize("topics", [(), ("/camera",)])
def test_messages_since_are_those_of_all_that_came_then(bag, since, topics):
    with BagReader(bag) as reader:
        everything = [raw for raw in reader.messages(*topics) if raw.receive_ns >= since]
        assert list(reader.messages(*topics, since_ns=since)) == everything


def test_a_part_does_not_read_what_is_before_it(bag, monkeypatch):
    """And has the same frames as before."""
    from segnet_model.bags import reader

    read, unpack = [], reader.unpack_message
    monkeypatch.setattr(reader, "unpack_message", lambda data: read.append(1) or unpack(data))
    with BagSource(bag, "/camera") as source:
        part = source.between(2500, 2700)
        assert [raw.receive_ns for raw in part.messages("/camera")] == [2500, 2600]
    assert len(read) == 3
