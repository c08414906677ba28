"""What `segnet train` shows, and what it leaves behind."""

import logging
import math
import re
import sys

import pytest

from segnet_model.base import progress as progress_module
from segnet_model.cli import main
from segnet_model.training import trainer
from segnet_model.training.tracking import Progress

COMMAND = [
    "--epochs", "2", "--batch-size", "2", "--input-size", "64", "96", "--set", "features=8",
    "--workers", "1", "--device", "cpu",
]  # fmt: skip
NO_LOSS = math.nan


def told(phase, step, elapsed, loss=0.5, miou=None):
    """Of 40 epochs of three steps."""
    return Progress(phase, -(-step // 3), 40, step, 120, loss, 1e-3, miou, elapsed, 0.0)


@pytest.fixture
def show(monkeypatch, tmp_path, capsys):
    """What is left on the terminal after a training has told this and no more."""

    def do(*progress):
        def train(dataset, out, settings, on_progress, should_stop):
            for each in progress:
                on_progress(each)

        monkeypatch.setattr(trainer, "train", train)
        monkeypatch.setattr(progress_module, "shows_bars", lambda: True)
        assert main(["train", "dataset", "--out", str(tmp_path / "run"), *COMMAND]) == 0
        shown = capsys.readouterr().err
        assert "nan" not in shown
        return shown.rstrip().split("\r")[-1]

    return do


@pytest.mark.parametrize("before", [
    [told("counting classes", 0, 9.0, NO_LOSS)], [told("measuring", 24, 50.0, NO_LOSS, 0.25)], []
])  # fmt: skip
def test_the_pace_is_that_of_this_run(show, before):
    """Step 25 is the first after a resume: three steps in 300 seconds, not 27."""
    steps = [told("training", step, (step - 24) * 100.0) for step in (25, 26, 27)]
    line = show(*before, *steps)
    found = re.search(r"27/120 \[05:0\d<2:3(\d):\d\d, +([\d.]+)s/step, loss 0.500\]", line)
    assert found, line
    assert float(found[2]) == pytest.approx(100, rel=0.01)
    assert found[1] in "567"


def test_no_loss_is_shown_before_there_is_one(show):
    line = show(told("counting classes", 0, 1.0, NO_LOSS))
    assert line.startswith("counting classes:   0%")
    assert "loss" not in line
    line = show(told("measuring", 3, 1.0, NO_LOSS, 0.25))
    assert line.startswith("epoch 1/40, measuring:")
    assert line.endswith("step/s, val mIoU 0.250]")
    assert "loss 0.500, val mIoU 0.250" in show(told("training", 3, 1.0, 0.5, 0.25))


def test_lines_of_the_log_stand_alone(dataset, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(progress_module, "shows_bars", lambda: True)
    monkeypatch.setattr(logging.root, "handlers", [logging.StreamHandler(sys.stderr)])
    assert main(["train", str(dataset), "--out", str(tmp_path / "run"), *COMMAND]) == 0
    lines = re.split(r"[\r\n]+", capsys.readouterr().err)
    assert any(line.startswith("epoch 2/2: 100%") for line in lines)
    logged = [line for line in lines if "never occurs" in line]
    assert logged
    assert all(line.startswith("class") for line in logged)


@pytest.mark.parametrize("existed", [False, True])
def test_a_typing_error_leaves_nothing(tmp_path, dataset, capsys, existed):
    out = tmp_path / "new" / "runs"
    if existed:
        out.mkdir(parents=True)
    before = set(tmp_path.rglob("*"))
    assert main(["train", str(tmp_path / "nothere"), "--out", str(out)]) == 2
    assert capsys.readouterr().err.startswith("segnet train: no folder")  # and no bar
    assert main(["train", str(dataset), "--init", "nothere", "--out", str(out)]) == 2
    assert set(tmp_path.rglob("*")) == before


def test_a_log_has_lines_now_and_then_and_no_ticks(tmp_path, monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now[0])

    def train(dataset, out, settings, on_progress, should_stop):
        for step in range(1, 101):
            now[0] += 1.0
            on_progress(told("training", step, now[0], 0.5, 0.25))

    monkeypatch.setattr(trainer, "train", train)
    assert main(["train", "dataset", "--out", str(tmp_path / "run"), *COMMAND]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0] == "epoch 10 of 40, step 30 of 120: loss 0.500, val mIoU 0.250, 0:00:00 left"


def test_a_map_may_come_from_a_file(monkeypatch, tmp_path):
    """And from the command line, which comes first."""
    given = []
    monkeypatch.setattr(trainer, "train", lambda *arguments: given.append(arguments[2].class_map))
    file = tmp_path / "map.yaml"
    file.write_text("way: Path\n7: ignore\n")
    words = ["train", "dataset", "--out", str(tmp_path / "run"), "--map-file", str(file)]
    assert main([*words, *COMMAND]) == 0
    assert main([*words, "--map", "way=Grass", "--map", "hut=Building", *COMMAND]) == 0
    assert given == [
        {"way": "Path", "7": "ignore"}, {"way": "Grass", "7": "ignore", "hut": "Building"},
    ]  # fmt: skip
