import argparse
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import yaml
from PIL import Image

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.cli import main
from segnet_model.commands import import_labels, prelabel
from segnet_model.datasets.folder import open_split
from segnet_model.images.files import read_image, write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelMap, LabelSet, SegmentationClass
from segnet_model.weights.checkpoint import save_weights


def call(command, *arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args([str(each) for each in arguments]))


@pytest.mark.parametrize("form", ["camvid", "mask"])
def test_the_way_to_cvat_and_back_keeps_every_label(dataset, weights, tmp_path, form, capsys):
    for index in (1, 4):
        (dataset / "trainannot" / f"{index}.png").unlink()
    before = (dataset / "trainannot" / "0.png").read_bytes()
    out = tmp_path / "new" / "to_correct.zip"
    call(prelabel, weights, dataset, "--out", out, "--format", form, "--device", "cpu")
    assert "2 masks" in capsys.readouterr().out
    call(import_labels, out, dataset, "--split", "train")
    assert "labels of 2 images: 2 new, 0 changed, 0 same" in capsys.readouterr().out
    predictor = Predictor.load(weights, "cpu")
    folder = open_split(dataset, "train", predictor.info.labels)
    for index in (1, 4):
        image, labels = folder.read(index)
        np.testing.assert_array_equal(labels, predictor.predict(image).labels)
        assert len(np.unique(labels)) > 1
    assert (dataset / "trainannot" / "0.png").read_bytes() == before


def test_pixels_of_which_the_network_is_unsure_stay_empty(dataset, weights, tmp_path):
    found = Predictor.load(weights, "cpu").predict(read_image(dataset / "val" / "1.png"))
    bound = float(np.median(found.uncertainty))
    wanted = np.where(found.uncertainty > bound, 11, found.labels)
    call(
        prelabel, weights, dataset, "--split", "val", "--all", "--out", tmp_path / "x.zip",
        "--format", "mask", "--unsure", bound, "--device", "cpu",
    )  # fmt: skip
    call(import_labels, tmp_path / "x.zip", dataset, "--split", "val")
    labels = np.asarray(Image.open(dataset / "valannot" / "1.png"))
    np.testing.assert_array_equal(labels, wanted)


def test_a_plain_folder_will_do(dataset, weights, tmp_path):
    out = tmp_path / "x.zip"
    call(prelabel, weights, dataset / "val", "--out", out, "--device", "cpu")
    with zipfile.ZipFile(out) as archive:
        assert {"defaultannot/0.png", "defaultannot/1.png"} <= set(archive.namelist())
    rows = json.loads((tmp_path / "x.labels.json").read_text())
    assert rows[4] == {"name": "Pavement", "color": "#3c28de", "attributes": []}
    assert len(rows) == 11


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        (["--out", "{tmp}/x"], SettingsError, "must end in .zip"),
        (["--out", "{tmp}/x.zip"], DatasetError, "all images of .*dataset have labels; --all"),
    ],
)
def test_what_cannot_be_prelabeled_is_refused(dataset, weights, tmp_path, more, error, message):
    with pytest.raises(error, match=message):
        call(prelabel, weights, dataset, *(each.format(tmp=tmp_path) for each in more))
    assert not list(tmp_path.glob("*.zip"))


@pytest.mark.parametrize("unsure", ["2", "-0.1", "nan", "inf"])
def test_an_uncertainty_out_of_range_is_refused(dataset, weights, tmp_path, unsure, capsys):
    given = ["prelabel", str(dataset), str(weights), "--out", str(tmp_path / "x.zip"), "--all"]
    with pytest.raises(SystemExit) as caught:
        main([*given, f"--unsure={unsure}"])
    assert caught.value.code == 2
    expected = f"argument --unsure: {unsure} is out of range; give 0 to 1"
    assert expected in capsys.readouterr().err
    assert not list(tmp_path.glob("*.zip"))


def test_images_are_looked_for_and_told_apart(dataset, tmp_path):
    write_png(dataset / "train" / "new.png", np.zeros((4, 4, 3), np.uint8))
    assert [path.name for path in prelabel.images_to_label(dataset, "train")] == ["new.png"]
    assert len(prelabel.images_to_label(dataset, "train", again=True)) == 7
    write_png(dataset / "val" / "more.png", np.zeros((4, 4, 3), np.uint8))
    both = [path.name for path in prelabel.images_to_label(dataset)]
    assert both == ["new.png", "more.png"]
    (dataset / "train" / "new.jpg").write_bytes(b"")
    with pytest.raises(
        DatasetError, match=r"train/new\.jpg and train/new\.png are both for image 'new'"
    ):
        prelabel.images_to_label(dataset, "train")
    with pytest.raises(DatasetError, match="holds no images; expected test/"):
        prelabel.images_to_label(dataset, "test")
    with pytest.raises(DatasetError, match="there is no folder .*none"):
        prelabel.images_to_label(tmp_path / "none", "train")


def test_a_damaged_image_leaves_no_zip(dataset, weights, tmp_path):
    path = dataset / "val" / "1.png"
    path.write_bytes(path.read_bytes()[:99])
    with pytest.raises(DatasetError, match=r"val/1\.png"):
        call(prelabel, weights, dataset / "val", "--out", tmp_path / "x.zip")
    assert not list(tmp_path.glob("*x.*"))


OWN = """
name: own
ignore_id: 9
classes:
  - {name: Path, color: [200, 100, 0]}
  - {name: Tree, color: [0, 100, 0]}
"""


def test_a_data_set_of_ones_own_classes_says_what_the_networks_are(dataset, weights, tmp_path):
    (dataset / "labels.yaml").write_text(OWN)
    out = tmp_path / "x.zip"
    asked = [weights, dataset, "--split", "val", "--all", "--out", out, "--device", "cpu"]
    with pytest.raises(SettingsError, match="'Sky'.* no classes of 'own'.*--map 'Sky=CL"):
        call(prelabel, *asked)
    assert not out.exists()
    known = Predictor.load(weights, "cpu")
    others = [each for each in known.info.labels.names if each not in ("Road", "Tree")]
    call(prelabel, *asked, "--map", "Road=Path", *(f"--map={each}=ignore" for each in others))
    names = [row["name"] for row in json.loads((tmp_path / "x.labels.json").read_text())]
    assert {"Path", "Tree"} <= set(names)
    assert "Road" not in names
    call(import_labels, out, dataset, "--split", "val")
    found = known.predict(read_image(dataset / "val" / "1.png")).labels
    expected = np.full(found.shape, 9, np.uint8)
    expected[found == known.info.labels.names.index("Road")] = 0
    expected[found == known.info.labels.names.index("Tree")] = 1
    labels = np.asarray(Image.open(dataset / "valannot" / "1.png"))
    np.testing.assert_array_equal(labels, expected)


def test_a_map_that_ships_needs_no_word(dataset, weights, tmp_path):
    outdoor = LabelSet.load("outdoor")
    (dataset / "labels.yaml").write_text(yaml.safe_dump(outdoor.to_dict()))
    out = tmp_path / "x.zip"
    call(prelabel, weights, dataset, "--split", "val", "--all", "--out", out, "--device", "cpu")
    call(import_labels, out, dataset, "--split", "val")
    found = Predictor.load(weights, "cpu").predict(read_image(dataset / "val" / "1.png")).labels
    expected = LabelMap.load("camvid", "outdoor").map(found)
    np.testing.assert_array_equal(np.asarray(Image.open(dataset / "valannot" / "1.png")), expected)


def test_what_stands_for_unlabeled_pixels_stays_empty(dataset, small_info, tmp_path):
    classes = ("background", "Road", "Tree")
    labels = LabelSet("three", tuple(SegmentationClass(name, (0, 0, 0)) for name in classes))
    info = replace(small_info, labels=labels)
    save_weights(tmp_path / "three.safetensors", info.build(), info)
    (dataset / "labels.yaml").write_text(OWN)
    call(
        prelabel, tmp_path / "three.safetensors", dataset, "--split", "val", "--all",
        "--out", tmp_path / "x.zip", "--map", "Road=Path", "--device", "cpu",
    )  # fmt: skip
