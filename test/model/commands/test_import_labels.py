"""`segnet import-labels`: labels that people drew come back into a data set."""

import argparse
import re

import numpy as np
import pytest
from PIL import Image, ImageOps

from segnet_model.base.class_maps import read_map
from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.commands import import_labels
from segnet_model.datasets.folder import load_label_set, open_split
from segnet_model.images.files import read_image, write_png
from segnet_model.labels import LabelSet


def call(command, *arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args([str(each) for each in arguments]))


def test_what_came_of_an_import_is_told_by_name(dataset, tmp_path, capsys):
    for index in range(1, 6):
        (dataset / "trainannot" / f"{index}.png").unlink()
    for index in range(6, 9):
        write_png(dataset / "train" / f"{index}.png", np.zeros((64, 96, 3), np.uint8))
    source = tmp_path / "ids"
    source.mkdir()
    for name in ("0", "1", "x", "y"):
        write_png(source / f"{name}.png", np.zeros((64, 96), np.uint8))
    call(import_labels, source, dataset, "--split", "train")
    assert capsys.readouterr().out.splitlines() == [
        f"{dataset}: labels of 2 images: 1 new, 1 changed, 0 same (ids)",
        "pixels: Sky 100.0%",
        "2 labels have no image here: x, y",
        "7 images have no labels yet: train/2, train/3, train/4, train/5, train/6 and 2 more",
    ]


def test_meanings_are_read_and_checked():
    assert read_map(["a=Road", "b=c=ignore"]) == {"a": "Road", "b=c": "ignore"}
    for pair in ("a", "=Road", "a="):
        with pytest.raises(SettingsError, match="is not NAME=CLASS"):
            read_map([pair])
    with pytest.raises(SettingsError, match="given twice"):
        read_map(["a=Road", "a=Sky"])


def test_labels_that_nobody_has_come_to_erase_none(dataset, tmp_path, capsys):
    size = read_image(dataset / "train" / "0.png").shape[:2]
    before = {each.name: each.read_bytes() for each in (dataset / "trainannot").iterdir()}
    export = tmp_path / "export"
    export.mkdir()
    write_png(export / "0.png", np.full(size, 11, np.uint8))
    write_png(export / "1.png", np.full(size, 3, np.uint8))
    call(import_labels, export, dataset, "--split", "train", "--format", "ids")
    assert "1 labels are empty and were left out: 0" in capsys.readouterr().out
    after = {each.name: each.read_bytes() for each in (dataset / "trainannot").iterdir()}
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] != before[name]] == ["1.png"]
    (export / "1.png").unlink()
    with pytest.raises(DatasetError, match="in none of its 1 labels a pixel is labeled; label"):
        call(import_labels, export, dataset, "--split", "train", "--format", "ids")


def test_labels_of_a_public_set_become_those_of_the_data_set(tmp_path, capsys):
    """RUGD's colors, of a data set without labels, become ids of `outdoor`, which it then keeps."""
    write_png(tmp_path / "creek.png", np.zeros((4, 5, 3), np.uint8))
    (tmp_path / "yard" / "train").mkdir(parents=True)
    (tmp_path / "creek.png").rename(tmp_path / "yard" / "train" / "creek.png")
    colors = np.zeros((4, 5, 3), np.uint8)  # void
    colors[0], colors[1], colors[2] = (0, 0, 255), (108, 64, 20), (0, 102, 0)  # sky, dirt, grass
    (tmp_path / "rugd").mkdir()
    write_png(tmp_path / "rugd" / "creek.png", colors)
    call(import_labels, tmp_path / "rugd", tmp_path / "yard", "--from", "rugd",
         "--labels", "outdoor", "--map", "grass=RoughGround")  # fmt: skip
    assert "1 new" in capsys.readouterr().out
    own = load_label_set(tmp_path / "yard")
    assert own == LabelSet.load("outdoor")
    _, ids = open_split(tmp_path / "yard", "train", own).read(0)
    assert [own.names[i] for i in ids[:3, 0]] == ["Sky", "Path", "RoughGround"]
    assert (ids[3] == own.ignore_id).all()


def test_a_data_set_with_labels_gets_no_other_label_set(dataset, tmp_path):
    source = tmp_path / "ids"
    source.mkdir()
    write_png(source / "0.png", np.zeros((64, 96), np.uint8))
    before = (dataset / "trainannot" / "0.png").read_bytes()
    with pytest.raises(DatasetError, match="labels of label set 'camvid', not 'outdoor'"):
        call(import_labels, source, dataset, "--split", "train", "--labels", "outdoor")
    assert not (dataset / "labels.yaml").exists()
    assert (dataset / "trainannot" / "0.png").read_bytes() == before


def test_a_data_set_that_says_nothing_of_its_classes_needs_a_word(dataset, tmp_path):
    for folder in ("trainannot", "valannot"):
        (dataset / folder).rename(tmp_path / folder)
    with pytest.raises(SettingsError, match="no labels.yaml, .* --labels outdoor, or camvid"):
        call(import_labels, tmp_path / "trainannot", dataset, "--split", "train")
    call(import_labels, tmp_path / "trainannot", dataset, "--split", "train", "--labels", "camvid")
    assert LabelSet.load(dataset / "labels.yaml") == LabelSet.load("camvid")
    call(import_labels, tmp_path / "valannot", dataset, "--split", "val")


@pytest.mark.parametrize("name", ["labels.yml", "Labels.yaml", "label.yaml"])
def test_a_label_set_under_another_name_is_not_passed_over(dataset, name):
    (dataset / name).write_text("name: yard\nclasses: [{name: a, color: [1, 2, 3]}]\n")
    with pytest.raises(DatasetError, match=f"{name} is not read; call it labels.yaml"):
        load_label_set(dataset)


def test_a_file_of_pairs_is_read(dataset, tmp_path, capsys):
    source, table = tmp_path / "masks", tmp_path / "table.yaml"
    source.mkdir()
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 48:] = 255
    write_png(source / "0.png", mask)
    table.write_text("0: Road\n255: Car\n7: ignore\n")
    call(import_labels, source, dataset, "--split", "train", "--map-file", table)
    camvid = LabelSet.load("camvid")
    found = open_split(dataset, "train", camvid).read_labels(0)
    assert {camvid.names[each] for each in np.unique(found)} == {"Road", "Car"}
    assert "pixels: 0 as Road 50.0%, 255 as Car 50.0%" in capsys.readouterr().out
    call(import_labels, source, dataset, "--split", "train", "--map-file", table, "--map", "0=Sky")
    assert "pixels: 0 as Sky 50.0%, 255 as Car 50.0%" in capsys.readouterr().out
    for text in ("", "- a\n", "0: [Road]\n", "0: Road\n0: Sky\n", "no: Road\n"):
        table.write_text(text)
        with pytest.raises(SettingsError, match="--map-file .*table.yaml"):
            call(import_labels, source, dataset, "--split", "train", "--map-file", table)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_a_photo_that_is_stored_turned_gets_its_labels(tmp_path, suffix, orientation, capsys):
    """A tool shows it upright, and so do training and the check."""
    (tmp_path / "train").mkdir()
    stored = np.full((48, 64, 3), 200, np.uint8)
    stored[:16, :20] = (10, 20, 160)  # in a corner, so that each turn is another
    note = Image.Exif()
    note[0x0112] = orientation
    photo = tmp_path / "train" / f"a{suffix}"
    Image.fromarray(stored).save(photo, exif=note)
    with Image.open(photo) as image:
        seen = np.asarray(ImageOps.exif_transpose(image)).astype(int)
    thing = np.abs(seen - (10, 20, 160)).sum(-1) < 200
    export = tmp_path / "export"
    export.mkdir()
    write_png(export / "a.png", np.where(thing, 8, 3).astype(np.uint8))
    call(
        import_labels, export, tmp_path, "--split", "train", "--format", "ids", "--labels", "camvid"
    )
    image, labels = open_split(tmp_path, "train", LabelSet.load("camvid")).read(0)
    found = np.abs(image.astype(int) - (10, 20, 160)).sum(-1) < 200
    np.testing.assert_array_equal(labels == 8, found)
    said = capsys.readouterr().out
    named = rf"1 images are stored turned .*, and are read upright .*: train/a{suffix};"
    assert (re.search(named, said) is not None) == (orientation != 1)


def test_a_data_set_that_comes_first_is_named(dataset, tmp_path):
    """The first word is the labels, the second the data set."""
    masks = tmp_path / "masks"
    masks.mkdir()
    write_png(masks / "1.png", np.zeros((64, 96), np.uint8))
    (tmp_path / "export.zip").touch()
    for second in (masks, tmp_path / "export.zip"):
        with pytest.raises(
            SettingsError, match=f"give the labels first.*labels {second} {dataset}"
        ):
            call(import_labels, dataset, second)
