"""Folders, images and bags as sources."""

from __future__ import annotations

import numpy as np
import pytest

from segnet_model.bags.messages import IMAGE, image_message, make_header, standard_types
from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import BagError, DatasetError, SettingsError
from segnet_model.datasets.sources import BagSource, FolderSource, open_source
from segnet_model.images.files import write_png

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def picture(value):
    return np.full((8, 12, 3), value, np.uint8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos").mkdir()
    for number in (10, 2, 1, 9):
        write_png(tmp_path / "photos" / f"f{number}.png", picture(number))
    return tmp_path / "photos"


@pytest.fixture
def bag(tmp_path):
    """Twenty images, half a second apart, received a tenth of a second after they were taken."""
    path = tmp_path / "drive"
    with BagWriter(path) as writer:
        for index in range(20):
            stamp = START + index * SECOND // 2
            message = image_message(make_header(stamp, "camera"), picture(index), "rgb8")
            data = standard_types().serialize_cdr(message, IMAGE)
            writer.write_raw("/front", IMAGE, data, stamp + SECOND // 10)
    return path


def test_a_folder_comes_in_natural_order(folder):
    with open_source(folder) as source:
        found = [(frame.name, int(image[0, 0, 0])) for frame, image in source.images()]
        frames = list(source.frames())
        shares = [source.share(frame) for frame in frames]
    assert found == [("f1", 1), ("f2", 2), ("f9", 9), ("f10", 10)]
    assert shares == [0, 0.25, 0.5, 0.75]
    assert [frame.seconds for frame in frames] == [None] * 4
    assert frames[3].key == (str(folder), "f10.png", 0, 0)
    names = frames[3].file_names()
    assert [next(names) for _ in range(3)] == ["f10.png", "f10_photos.png", "f10_photos_2.png"]


def test_an_image_of_a_folder_counts_as_a_second(folder):
    with open_source(folder) as source:
        part = source.part(start=1, seconds=2)
        assert [frame.name for frame in part.frames()] == ["f2", "f9"]
        assert [frame.name for frame, _ in source.part(every=2).images()] == ["f1", "f9"]


def test_one_image(folder):
    with open_source(folder / "f9.png") as source:
        [frame] = source.frames()
    assert isinstance(source, FolderSource)
    assert frame.key == (str(folder), "f9.png", 0, 0)


def test_an_image_that_does_not_open_is_named(folder):
    (folder / "f3.jpg").write_bytes(b"no image")
    with open_source(folder) as source, pytest.raises(DatasetError, match="f3.jpg"):
        list(source.images())


def test_a_bag_keeps_both_times(bag):
    with open_source(bag) as source:
        frames = list(source.frames())
        assert (source.topic, source.start_ns) == ("/front", START + SECOND // 10)
    assert [frame.stamp_ns - START for frame in frames] == [i * SECOND // 2 for i in range(20)]
    assert {frame.receive_ns - frame.stamp_ns for frame in frames} == {SECOND // 10}
    assert frames[3].name == str(frames[3].stamp_ns)
    assert frames[3].key == (str(bag), "/front", frames[3].stamp_ns, frames[3].receive_ns)
    assert [int(frame.image()[0, 0, 0]) for frame in frames] == list(range(20))


def test_a_part_of_a_bag(bag):
    with open_source(bag) as source:
        part = source.part(start=2, seconds=3, every=1)
        found = [(int(image[0, 0, 0]), part.share(frame)) for frame, image in part.images()]
        assert found == [(4, 0), (6, pytest.approx(1 / 3)), (8, pytest.approx(2 / 3))]
        assert len(list(source.frames())) == 20
        with pytest.raises(SettingsError, match="start 99 s is after the end .* 9.5 s long"):
            source.part(start=99)
        for wrong in ({"start": -1}, {"every": float("nan")}, {"seconds": 0}):
            with pytest.raises(SettingsError, match="must be 0 or more"):
                source.part(**wrong)


def test_a_bad_image_is_counted_and_the_next_is_taken_in_its_place(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.write_image("/front", START, "camera", picture(0))
        writer.write_compressed("/front/compressed", START + SECOND, "camera", b"none", "jpeg")
        writer.write_compressed("/front/compressed", START + SECOND + 1, "camera", b"no", "jpeg")
    with open_source(tmp_path / "bag", "/front/compressed") as source:
        assert list(source.part(every=1).images()) == []
    assert len(source.rejected) == 2


def test_the_topics_besides_the_images(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        for topic in ("/front", "/segmentation/overlay", "/segmentation/mask"):
            writer.write_image(topic, START, "camera", picture(0))
    with open_source(tmp_path / "bag", exclude="/segmentation") as source:
        assert source.topic == "/front"
    with pytest.raises(BagError, match="several image topics"):
        open_source(tmp_path / "bag").__enter__()


def test_names_with_the_topic(bag):
    def first(count, **options):
        with open_source(bag, **options) as source:
            names = next(source.frames()).file_names()
            return [next(names) for _ in range(count)]

    plain, topic, whole = (f"{START}{end}.png" for end in ("", "_front", "_front_drive"))
    assert first(4) == [plain, topic, whole, f"{START}_front_drive_2.png"]
    assert first(2, name_topic=True) == [topic, whole]


def test_a_folder_of_a_bag_is_a_bag(bag, tmp_path):
    write_png(bag / "photo.png", picture(0))
    assert isinstance(open_source(bag), BagSource)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BagError, match="no metadata.yaml; expected"):
        open_source(tmp_path / "empty").__enter__()
