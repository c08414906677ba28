"""Definitions of message types that come with a recording and mean harm."""

import pytest

from segnet_model.bags.copy import copy_topics
from segnet_model.bags.messages import IMAGE
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import WeightsError


@pytest.mark.parametrize(
    "text",
    [
        "module a { module msg { const long X = " + "(" * 20_000 + "1; }; };",
        "module a { module msg { const long X = 1 << 99999999999; }; };",
        "module a { module msg { const long X = " + "9" * 9999 + "; }; };",
        "module " * 100_000,
        "uint8 x\n" * 100_000,
        "a/msg/B b\n",
        "string X='+open('ran','w')+'\nuint8 x",
        "uint8[999999999999] x\n",
        "@" * 1000,
    ],
    ids=range(9),
)
def test_definitions_run_nothing_and_are_copied(tmp_path, text, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "bag"
    with BagWriter(source) as bag:
        start = "=" * 80 + "\nIDL: a/msg/B\n" if "module" in text else ""
        bag.add_copied("/strange", "a/msg/B", start + text, "unknown", ())
        bag.write_raw("/image", IMAGE, b"", 1)
    file = next(source.glob("*.mcap"))

    def work():
        with BagReader(file) as bag, BagWriter(tmp_path / "copy") as writer:
            copy_topics(bag, writer)
        raise WeightsError("copied")

    refused("copied", work)
    assert not (tmp_path / "ran").exists()
