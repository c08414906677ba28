"""No command writes over an input, or over what segnet did not write, unless it is told to."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from segnet_model.bags.reader import BagWriter
from segnet_model.base.marks import is_marked
from segnet_model.cli import main
from segnet_model.images.files import read_labels, write_png
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")
TOPIC = "/camera/image_raw"


@pytest.fixture
def segnet(capsys):
    """Run a command: its exit code and its error."""

    def run(*arguments):
        code = main([str(each) for each in arguments])
        return code, capsys.readouterr().err

    return run


def foreign(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"precious")
    return path


LINES = {
    "check": ("check {data} --json {out}/a.json", ["a.json"]),
    "calibrate": ("calibrate {weights} {data} --out {out}/labels.yaml", ["labels.yaml"]),
    "evaluate": (
        "evaluate {weights} {data} --out {out}",
        ["report.html", "evaluation.json", "evaluation.png"],
    ),
    "prelabel": ("prelabel {weights} {data}/val --out {out}/task.zip", ["task.zip"]),
    "prelabel's list": (
        "prelabel {weights} {data}/val --out {out}/task.zip",
        ["task.labels.json"],
    ),
    "predict": (
        "predict {weights} {data}/val --out {out}",
        ["masks/0.png", "masks/1.png", "overlays/0.png"],
    ),
    "train": (
        "train {data} --out {out} --init none --network segnet_basic --epochs 1 --device cpu",
        ["weights.safetensors"],
    ),
    "render": (
        "render --dataset {out} --drives 1 --frames 1 --workers 1",
        ["train/000000_0000.png", "trainannot/000000_0000.png"],
    ),
    "export": ("export {weights} --engine onnx --out {out}/a.onnx", ["a.onnx"]),
    "export's values": ("export {weights} --engine openvino --out {out}/a.xml", ["a.bin"]),
    "view": ("view {data}/val {weights} --out {out}/a.mp4", ["a.mp4"]),
    "select": ("select {data}/train {weights} --uncertainty none --out {out}", ["selection.png"]),
}


@pytest.mark.parametrize("name", LINES)
def test_files_of_somebody_else_stay(name, dataset, weights, tmp_path, segnet):
    line, files = LINES[name]
    for number, file in enumerate(files):
        out = tmp_path / f"out{number}"
        path = foreign(out / file)
        arguments = line.format(data=dataset, weights=weights, out=out).split()
        code, error = segnet(*arguments)
        assert (code, error.count("\n")) == (2, 1), error
        assert f"{path} was not written by segnet" in error
        assert "--overwrite" in error
        assert path.read_bytes() == b"precious"
        found = [each for each in out.rglob("*") if each.is_file()]
        assert found == [path]  # refused before any work


@pytest.mark.parametrize("name", ["check", "evaluate", "prelabel", "predict", "calibrate"])
def test_overwrite_replaces_them_and_the_same_command_then_runs_again(
    name, dataset, weights, tmp_path, segnet
):
    line, files = LINES[name]
    for file in files:
        foreign(tmp_path / file)
    arguments = line.format(data=dataset, weights=weights, out=tmp_path).split()
    assert segnet(*arguments, "--overwrite")[0] == 0
    assert all(is_marked(tmp_path / file) for file in files)
    assert segnet(*arguments)[0] == 0


def test_calibration_in_place(dataset, weights, segnet, tmp_path):
    assert segnet("calibrate", weights, dataset)[0] == 0
    link = tmp_path / "link.safetensors"
    link.symlink_to(weights)
    assert segnet("calibrate", link, dataset, "--out", weights)[0] == 0
    assert link.is_symlink()


def test_predict_never_writes_over_its_images(dataset, weights, tmp_path, segnet):
    """Also not over images that segnet wrote, nor when it is told to overwrite."""
    images = tmp_path / "out" / "masks"
    shutil.copytree(dataset / "val", images)
    before = {path.name: path.read_bytes() for path in images.iterdir()}
    (tmp_path / "linked").symlink_to(tmp_path / "out")
    for out in ("out", "linked"):
        code, error = segnet("predict", weights, images, "--out", tmp_path / out, "--overwrite")
        assert code == 2
        assert "is an input of this command" in error
    assert {path.name: path.read_bytes() for path in images.iterdir()} == before


def test_masks_that_were_corrected_stay(dataset, weights, tmp_path, segnet):
    arguments = ("predict", weights, dataset / "val", "--out", tmp_path)
    assert segnet(*arguments)[0] == 0
    mask = tmp_path / "masks" / "1.png"
    other = tmp_path / "masks" / "0.png"
    other.unlink()
    corrected = np.full((64, 96), 3, np.uint8)
    Image.fromarray(corrected).save(mask)
    code, error = segnet(*arguments)
    assert code == 2
    assert "1.png was not written by segnet, or was changed since" in error
    np.testing.assert_array_equal(read_labels(mask, CAMVID), corrected)
    assert not other.exists()


def test_images_that_would_share_a_mask_are_refused(weights, tmp_path, segnet):
    images = tmp_path / "images"
    images.mkdir()
    for name in ("a.png", "b.png"):
        write_png(images / name, np.zeros((64, 96, 3), np.uint8))
    shutil.copy(images / "a.png", images / "b.PNG")
    code, error = segnet("predict", weights, images, "--out", tmp_path / "out")
    assert code == 2
    assert "would both give b.png; rename one" in error
    assert not (tmp_path / "out").exists()


def test_messages_with_one_stamp_have_a_mask_each(weights, tmp_path, segnet):
    with BagWriter(tmp_path / "bag") as bag:
        for level in (0, 100, 200):
            bag.write_image(TOPIC, 5, "camera", np.full((64, 96, 3), level, np.uint8))
    assert segnet("predict", weights, tmp_path / "bag", "--out", tmp_path / "out")[0] == 0
    names = {path.name for path in (tmp_path / "out" / "masks").iterdir()}
    assert names == {"5.png", "5_2.png", "5_3.png"}


def test_pipes_devices_and_links_of_a_command(dataset, segnet, tmp_path):
    assert segnet("check", dataset, "--json", "/dev/null")[0] == 0
    assert Path("/dev/null").is_char_device()
    target = tmp_path / "there.json"
    (tmp_path / "link").symlink_to(target)
    for _ in range(2):
        assert segnet("check", dataset, "--json", tmp_path / "link")[0] == 0
        assert is_marked(target)
    assert (tmp_path / "link").is_symlink()


def test_the_label_set_of_the_data_set_is_an_input(dataset, segnet):
    path = dataset / "labels.yaml"
    path.write_text(yaml.safe_dump(CAMVID.to_dict()))
    before = path.read_bytes()
    code, error = segnet("check", dataset, "--json", path, "--overwrite")
    assert code == 2
    assert "is an input of this command" in error
    assert path.read_bytes() == before


def test_a_zip_of_cvat_is_not_ours(dataset, weights, tmp_path, segnet):
    """The name of an export by CVAT is the name that people give to prelabel, too."""
    path = tmp_path / "task.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("label_colors.txt", "255 0 0 Road")
    code, error = segnet("prelabel", weights, dataset / "val", "--out", path)
    assert code == 2
    assert "task.zip was not written by segnet" in error
    assert zipfile.ZipFile(path).namelist() == ["label_colors.txt"]
