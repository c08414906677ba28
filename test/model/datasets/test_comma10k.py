"""A folder in comma10k's form is a data set as it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.cli import main
from segnet_model.datasets.folder import has_split, load_label_set, open_split
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import load_weights, save_weights

# The colors as its README has them, from the top of a picture to its bottom.
UNDRIVABLE, MOVABLE, ROAD, MARKING, CAR = (
    (0x80, 0x80, 0x60), (0x00, 0xFF, 0x66), (0x40, 0x20, 0x20), (0xFF, 0x00, 0x00),
    (0xCC, 0x00, 0xFF),
)  # fmt: skip
NAMES = [
    "0000_0085e9e41513078a_2018-08-19--13-26-08_11_864",
    "0001_a23b0de0bc12dcba_2018-06-24--00-29-19_17_79",
    "0002_e8e95b54ed6116a6_2018-09-05--22-04-33_2_608",
    "0003_97a4ec76e41e8853_2018-09-29--22-46-37_5_585",
]


@pytest.fixture
def comma10k(tmp_path: Path) -> Path:
    """Four pictures: what is undrivable, a car before it, a road with a marking, a hood."""
    folder = tmp_path / "comma10k"
    rng = np.random.default_rng(0)
    for name in NAMES:
        mask = np.full((64, 96, 3), UNDRIVABLE, np.uint8)
        mask[30:] = ROAD
        mask[20:40, 30:50] = MOVABLE
        mask[30:56, 70:73] = MARKING
        mask[56:] = CAR
        noise = rng.integers(-20, 20, mask.shape)
        for kind, pixels in (("imgs", (mask + noise).clip(0, 255)), ("masks", mask)):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            write_png(folder / kind / f"{name}.png", pixels.astype(np.uint8))
    return folder


def test_its_splits_are_those_of_its_makers(comma10k):
    labels = load_label_set(comma10k)
    assert labels.name == "comma10k"
    assert [has_split(comma10k, each) for each in ("train", "val", "test")] == [True, True, False]
    train, val = (open_split(comma10k, split, labels) for split in ("train", "val"))
    assert [each.image.stem for each in train.samples] == [NAMES[0], NAMES[2], NAMES[3]]
    assert [each.image.stem for each in val.samples] == [NAMES[1]]
    with pytest.raises(DatasetError, match="whose splits are train and val"):
        open_split(comma10k, "test", labels)


def test_its_masks_are_read_by_color(comma10k):
    labels = load_label_set(comma10k)
    _, ids = open_split(comma10k, "train", labels).read(0)
    rows = {0: "undrivable", 50: "road", 60: "own car"}
    assert {row: labels.names[ids[row, 0]] for row in rows} == rows
    assert (labels.names[ids[50, 71]], labels.names[ids[25, 40]]) == ("lane marking", "movable")
    drivable = labels.drivable[ids]
    assert drivable.sum() == (26 * 96) - (10 * 20)


def test_it_is_checked_as_it_is(comma10k, capsys):
    assert main(["check", str(comma10k)]) == 0
    said = capsys.readouterr().out
    assert "label set comma10k, 5 classes" in said
    assert "train: 3 images" in said
    assert "val: 1 image" in said
    (comma10k / "masks" / f"{NAMES[1]}.png").unlink()
    assert main(["check", str(comma10k)]) == 1
    assert f"{NAMES[1]}.png" in capsys.readouterr().out


def test_one_command_trains_on_it(comma10k, tmp_path, capsys):
    out = tmp_path / "run"
    options = ["--set", "features=8", "--epochs", "1", "--batch-size", "3", "--device", "cpu"]
    assert main(["train", str(comma10k), "--out", str(out), *options]) == 0
    weights = out / "weights.safetensors"
    info = load_weights(weights)[1]
    assert [each.name for each in info.labels.classes if each.drivable] == ["road", "lane marking"]
    assert "val_miou" in info.metrics
    assert main(["evaluate", str(weights), str(comma10k), "--device", "cpu"]) == 0
    assert "lane marking" in capsys.readouterr().out


def test_weights_of_outdoor_are_measured_on_it(comma10k, tmp_path, small_info, capsys):
    info = replace(small_info, labels=LabelSet.load("outdoor"))
    save_weights(tmp_path / "outdoor.safetensors", info.build(), info)
    command = ["evaluate", str(tmp_path / "outdoor.safetensors"), str(comma10k), "--device", "cpu"]
    assert main([*command, "--map", "lane marking=road", "--map", "own car=ignore"]) == 0
    said = capsys.readouterr().out
    assert "mapped from outdoor to comma10k" in said
    assert "not measured, as they have none: lane marking, own car" in said


def test_weights_of_outdoor_are_not_calibrated_on_it(comma10k, tmp_path, small_info, capsys):
    """What is undrivable there would be ignored, and any area right."""
    info = replace(small_info, labels=LabelSet.load("outdoor"))
    save_weights(tmp_path / "outdoor.safetensors", info.build(), info)
    assert main(["calibrate", str(tmp_path / "outdoor.safetensors"), str(comma10k)]) == 2
    assert "the data set has road, lane marking, undrivable" in capsys.readouterr().err
