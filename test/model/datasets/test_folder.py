import hashlib

import numpy as np
import pytest
from PIL import Image

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.folder import LabeledFolder, has_split, load_label_set, open_split
from segnet_model.images.compressed import decode_compressed
from segnet_model.images.files import read_image, read_labels, write_png
from segnet_model.labels import LabelSet, SegmentationClass

LABELS = LabelSet.load("camvid")


def test_pairs_come_by_name(dataset):
    folder = open_split(dataset, "train", LABELS)
    assert [s.image.stem for s in folder.samples] == [s.labels.stem for s in folder.samples]
    image, labels = folder.read(3)
    np.testing.assert_array_equal(labels, read_labels(dataset / "trainannot" / "3.png", LABELS))
    assert (image.shape, labels.shape) == ((64, 96, 3), (64, 96))
    assert has_split(dataset, "val")
    assert not has_split(dataset, "test")


@pytest.mark.parametrize("mode", ["ids", "palette", "colors", "colors with alpha"])
def test_labels_may_be_ids_or_colors(tmp_path, mode):
    ids = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = Image.fromarray(ids if mode in ("ids", "palette") else LABELS.colorize(ids))
    if mode == "palette":
        image.putpalette(LABELS.palette[::-1].tobytes())  # its colors mean nothing
    if mode == "colors with alpha":
        image.putalpha(255)
    image.save(tmp_path / "x.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "x.png", LABELS), ids)


def test_images_are_rgb(tmp_path):
    Image.new("RGB", (5, 4), (200, 100, 50)).save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png")[0, 0].tolist() == [200, 100, 50]
    write_png(tmp_path / "y.png", read_image(tmp_path / "x.png"))
    assert Image.open(tmp_path / "y.png").getpixel((0, 0)) == (200, 100, 50)


@pytest.mark.parametrize(
    ("pixels", "mode", "message"),
    [
        (np.zeros((4, 6), np.uint16), "I;16", "mode I;16.*8 bits"),
        (np.zeros((4, 6, 2), np.uint8), "LA", "mode LA.*8 bits"),
        (np.full((4, 6, 4), 128, np.uint8), "RGBA", "24 pixels are transparent"),
    ],
)
def test_labels_that_could_be_misread_are_refused(tmp_path, pixels, mode, message):
    assert Image.fromarray(pixels).mode == mode
    Image.fromarray(pixels).save(tmp_path / "labels.png")
    with pytest.raises(DatasetError, match=message):
        read_labels(tmp_path / "labels.png", LABELS)


def test_damaged_labels_are_named_whatever_pillow_raises(tmp_path):
    path = tmp_path / "labels.png"
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(path)
    whole = path.read_bytes()
    for place in range(len(whole) - 12):  # the end's own mark says nothing
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        with pytest.raises(DatasetError, match=r"labels\.png"):
            read_labels(path, LABELS)


def test_an_image_without_labels_is_named(dataset):
    (dataset / "trainannot" / "2.png").unlink()
    with pytest.raises(DatasetError, match=r"2\.png has no labels; label it as .*trainannot"):
        open_split(dataset, "train", LABELS)


def test_several_images_without_labels_are_counted(dataset):
    for name in ("1.png", "2.png", "4.png"):
        (dataset / "trainannot" / name).unlink()
    with pytest.raises(DatasetError) as refusal:
        open_split(dataset, "train", LABELS)
    told = str(refusal.value)
    assert f"{dataset / 'train' / '1.png'} has no labels, like 2 others; label it" in told
    assert f"`segnet check {dataset}`" in told


def test_hidden_files_are_no_images(dataset):
    """macOS adds `._NAME` to each file on a disk that is not its own."""
    for folder in ("train", "trainannot"):
        (dataset / folder / "._1.png").write_bytes(b"Mac OS X")
    (dataset / "test").mkdir()
    (dataset / "test" / "._1.jpg").write_bytes(b"Mac OS X")
    assert [s.image.name for s in open_split(dataset, "train", LABELS).samples] == [
        f"{index}.png" for index in range(6)
    ]
    assert not has_split(dataset, "test")


def test_two_images_of_one_name_are_refused(dataset):
    (dataset / "train" / "2.jpg").write_bytes(b"whatever it holds, its labels are 2.png's")
    with pytest.raises(DatasetError, match="holds 2 twice"):
        open_split(dataset, "train", LABELS)


def test_files_are_read_as_the_node_reads_them(tmp_path):
    Image.new("RGB", (60, 40), (200, 100, 50)).save(tmp_path / "a.jpg")
    np.testing.assert_array_equal(
        read_image(tmp_path / "a.jpg"), decode_compressed((tmp_path / "a.jpg").read_bytes())
    )


def test_labels_on_the_pixels_as_stored_are_named(dataset):
    note = Image.Exif()
    note[0x0112] = 6
    with Image.open(dataset / "train" / "1.png") as image:
        image.save(dataset / "train" / "1.png", exif=note)
    said = r"1\.png is 96x64 but its image is 64x96.*stored turned \(EXIF orientation 6\)"
    with pytest.raises(DatasetError, match=said):
        open_split(dataset, "train", LABELS).read(1)


def test_sizes_that_differ_are_named(dataset):
    write_png(dataset / "trainannot" / "1.png", np.zeros((32, 48), np.uint8))
    with pytest.raises(DatasetError, match=r"1\.png is 48x32 but its image is 96x64"):
        open_split(dataset, "train", LABELS).read(1)


def test_ids_outside_the_set_are_named(dataset):
    write_png(dataset / "trainannot" / "1.png", np.full((64, 96), 77, np.uint8))
    with pytest.raises(DatasetError, match=r"1\.png.*\[77\]"):
        open_split(dataset, "train", LABELS).read(1)


def test_colors_outside_the_set_are_named(dataset):
    write_png(dataset / "trainannot" / "1.png", np.full((64, 96, 3), 77, np.uint8))
    with pytest.raises(DatasetError, match=r"1\.png.*\(77, 77, 77\)"):
        open_split(dataset, "train", LABELS).read(1)


@pytest.mark.parametrize("folder", ["train", "trainannot"])
def test_damaged_files_are_named(dataset, folder):
    path = dataset / folder / "1.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DatasetError, match=rf"{folder}/1\.png"):
        open_split(dataset, "train", LABELS).read(1)


def test_an_empty_or_missing_split_is_refused(dataset):
    for image in (dataset / "val").iterdir():
        image.unlink()
    with pytest.raises(DatasetError, match="holds no images"):
        open_split(dataset, "val", LABELS)
    with pytest.raises(DatasetError, match="no folder .*test"):
        open_split(dataset, "test", LABELS)


def test_a_data_sets_own_labels_come_before_camvids(dataset):
    assert load_label_set(dataset) == LABELS
    own = dataset / "labels.yaml"
    own.write_text("name: yard\nclasses: [{name: grass, color: [0, 255, 0]}]")
    assert load_label_set(dataset).names == ("grass",)
    assert load_label_set(dataset, "camvid") == LABELS


@pytest.mark.parametrize("part", ["train", "valannot"])
def test_a_part_of_a_data_set_is_none(dataset, part):
    with pytest.raises(
        DatasetError, match=f"{part} is a part of the data set .*dataset; give that"
    ):
        load_label_set(dataset / part)
    alone = dataset / "a" / "train"  # a data set's name may be that of a split
    alone.mkdir(parents=True)
    assert load_label_set(alone) == LABELS


def test_labels_are_mapped_to_another_label_set(dataset):
    outdoor = LabelSet.load("outdoor")
    folder = open_split(dataset, "train", LABELS)
    mapped = folder.mapped_to(outdoor)
    assert mapped.label_set == outdoor
    before, after = folder.read(0)[1], mapped.read(0)[1]
    for name, meaning in (("Sky", "Sky"), ("Road", "Road")):
        here, there = LABELS.names.index(name), outdoor.names.index(meaning)
        np.testing.assert_array_equal(before == here, after == there)
    missing = np.array(outdoor.names)[~mapped.measurable].tolist()
    assert missing == ["Path", "Grass", "RoughGround", "Water"]
    assert folder.measurable.all()
    ignoring = folder.mapped_to(outdoor, {"Sky": "ignore"})
    assert set(np.unique(ignoring.read(0)[1])) == {outdoor.names.index("Road"), 255}
    prints = {each.fingerprint() for each in (folder, mapped, ignoring)}
    assert len(prints) == 3


def test_a_training_from_before_classes_had_costs_has_the_same_fingerprint():
    labels = LabelSet("yard", (SegmentationClass("Path", (9, 8, 7), drivable=True),), 255)
    then = (
        "LabelSet(name='yard', classes=(SegmentationClass(name='Path', color=(9, 8, 7), "
        "drivable=True, ground=True),), ignore_id=255, ignore_color=(0, 0, 0))"
    )
    assert LabeledFolder((), labels).fingerprint() == hashlib.sha256(then.encode()).hexdigest()
    costly = LabeledFolder((), labels.with_costs({"Path": 50}))
    assert costly.fingerprint() != LabeledFolder((), labels).fingerprint()


def test_labels_of_the_same_classes_stay_as_they_are(dataset):
    folder = open_split(dataset, "train", LABELS)
    assert folder.mapped_to(LABELS.with_drivable(("Road", "Pavement"))) is folder
