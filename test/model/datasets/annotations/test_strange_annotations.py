import json
import struct
import zipfile
from functools import partial

import numpy as np
import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.annotations.archives import open_export
from segnet_model.datasets.annotations.export import Target
from segnet_model.datasets.annotations.formats import open_annotations
from segnet_model.datasets.annotations.importing import import_labels
from segnet_model.datasets.annotations.labelme import paint
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")


def labelme(**values):
    return json.dumps({"imageHeight": 64, "imageWidth": 96, "shapes": [], **values}).encode()


def shape(**values):
    return {"label": "Road", "points": [[0, 0], [9, 0], [9, 9]], "shape_type": "polygon", **values}


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def many(path, count):
    """A zip of so many entries that share one file."""
    zipped(path, {"0000000.png": b""})
    data = path.read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[start:end]
    entries = b"".join(entry.replace(b"0000000", b"%07d" % i) for i in range(count))
    tail = struct.pack(
        "<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(entries), start
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + len(entries), 1)
    last = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    path.write_bytes(data[:start] + entries + tail + locator + last)
    return path


def names(path):
    with open_export(path) as source:
        return source.names


def test_a_zip_of_a_million_entries(tmp_path, refused):
    path = many(tmp_path / "x.zip", 10**6)
    refused("more than 100000 files", lambda: names(path), error=DatasetError)


def test_a_large_zip_is_read(tmp_path):
    assert len(names(many(tmp_path / "x.zip", 70_000))) == 70_000


@pytest.mark.parametrize("entries", [0, 1, 5, 2**63])
def test_a_directory_that_lies_about_its_length(tmp_path, refused, entries):
    path = many(tmp_path / "x.zip", 110_000)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x06\x06")
    struct.pack_into("<QQ", data, at + 24, entries, entries)
    path.write_bytes(data)
    refused("more than|neither a folder", lambda: names(path), error=DatasetError)


def test_a_zip_without_an_end(tmp_path, refused):
    (tmp_path / "x.zip").symlink_to("/dev/zero")
    refused("there is no", lambda: names(tmp_path / "x.zip"), error=DatasetError)


def test_an_export_changes_nothing_outside_the_data_set(dataset, tmp_path, refused):
    for name in ("../0.png", "/0.png", "train/../../0.png"):
        path = zipped(tmp_path / "x.zip", {name: b""})
        work = partial(import_labels, path, dataset, CAMVID, split="train")
        refused("outside", work)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["dataset", "x.zip"]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"[" * 10**6, "is not whole JSON .*recursion"),
        (b'{"shapes": ' + b"[" * 10**6, "is not whole JSON .*recursion"),
        ((b'{"shapes": [', b"[],", 40 << 20, b"0]}"), "bytes of outlines; at most 4194304"),
        ((b'{"imageData": ["', b"a", 100 << 20, b'"]}'), "bytes of outlines; at most 4194304"),
        ((b'{"imageData": "', b"\\u0041", 20 << 20, b'", "shapes": []}'), "has no imageHeight"),
        (labelme(imageHeight=60_000, imageWidth=60_000), "60000x60000 .* expected 1 to 16384"),
        (labelme(imageHeight=10**30), "96x10{30} pixels cannot be; expected 1 to 16384 a side"),
        (
            labelme(shapes=[shape(points=[[float("nan"), 0]] * 3)]),
            "'Road' with a point far outside",
        ),
        (labelme(shapes=[shape(points=[[1e308, 0]] * 3)]), "'Road' with a point far outside"),
        (labelme(shapes=[shape(label="x" * 10_000)]), "a label of 10000 letters, .*; shorten it"),
        (labelme(shapes=[shape(label=["a"])]), "a shape whose label is no text, but .*'a'"),
        (labelme(shapes=[shape()] * 20_000), "has 20000 shapes; at most 10000 are painted"),
        (b"\xff\xfe" + b"\0" * 100, "is no UTF-8 text; save it as UTF-8"),
    ],
    ids=lambda data: str(data[:30]),
)
def test_labelmes_json_that_grows(refused, data, match):
    if isinstance(data, tuple):  # too large to be kept from the start
        head, part, count, tail = data
        data = head + part * count + tail
    told = refused(match, lambda: paint(data))
    assert len(told) < 2000


def test_labelmes_json_with_its_image_is_read():
    file = labelme(shapes=[shape()], imageData="QUJD\\/" * (10 << 20))
    assert np.count_nonzero(paint(file).indices == 0) > 40


@pytest.mark.parametrize(
    ("name", "line", "folder"),
    [
        ("label_colors.txt", "1 2 3 a\n", "annot"),
        ("labelmap.txt", "a:1,2,3::\n", "SegmentationClass"),
    ],
)
def test_a_list_of_a_million_labels(tmp_path, refused, name, line, folder):
    path = zipped(tmp_path / "x.zip", {name: line * 2_000_000, f"{folder}/0.png": b""})

    def work():
        with open_export(path) as source:
            open_annotations(source, "auto", Target(CAMVID))

    refused(f"{name}: ", work, error=DatasetError)
