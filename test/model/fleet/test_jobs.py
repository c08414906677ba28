"""A worker's network, kept from one recording to the next."""

from __future__ import annotations

import importlib.util
import shutil
from contextlib import nullcontext

import numpy as np
import pytest

from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import BagError
from segnet_model.cli import _parser, main
from segnet_model.commands import fleet_run
from segnet_model.commands.fleet_jobs import JOBS
from segnet_model.fleet.job import Input, Task

SECOND = 10**9


def test_nothing_of_a_recording_is_left_in_the_network_for_the_next(bayesian, tmp_path):
    """Two parts of one drive, after which `temporal` would go on with its average."""
    image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    for part in range(2):
        with BagWriter(tmp_path / f"part{part}") as writer:
            for index in range(3):
                stamp = (100 + 3 * part + index) * SECOND // 10
                writer.write_image("/camera", stamp, "camera", image)
    options = [str(bayesian), "--uncertainty", "temporal"]
    words = ["fleet", "predict", "--bags", "x", "--out", "y", *options]
    work = JOBS["predict"](_parser(words).parse_args(words)).open()
    for part in range(2):
        bag, out = tmp_path / f"part{part}", tmp_path / f"fleet{part}"
        work(Task("", Input(str(bag), 0)), bag, out, lambda share: None)
    single = tmp_path / "single"
    assert main(["predict", str(tmp_path / "part1"), *options, "--out", str(single)]) == 0
    found = {path.relative_to(single): path.read_bytes() for path in single.rglob("*.png")}
    assert len(found) == 9
    for name, data in found.items():
        assert (tmp_path / "fleet1" / name).read_bytes() == data, name


@pytest.mark.parametrize("name", ["w.safetensors", "w.xml", "w.onnx"])
def test_pytorch_is_missed_for_weights_and_not_for_an_export(name, tmp_path, monkeypatch):
    found = importlib.util.find_spec

    def without(package, *rest):
        return None if package == "torch" else found(package, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    monkeypatch.setattr(fleet_run, "cluster", lambda address: nullcontext())
    (tmp_path / name).touch()
    words = ["fleet", "predict", "--bags", "x", "--out", "y", str(tmp_path / name)]
    args = _parser(words).parse_args(words)
    missed = pytest.raises(ModuleNotFoundError, match="torch")
    with missed if name == "w.safetensors" else nullcontext():
        fleet_run.FleetRun(args)._connect(JOBS["predict"](args))


def test_a_recording_behind_a_link_is_extracted_as_by_the_single_command(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    with BagWriter(tmp_path / "drive") as writer:
        writer.write_image("/camera", 100 * SECOND, "camera", image)
    link = tmp_path / "monday"
    link.symlink_to(tmp_path / "drive")
    words = ["fleet", "extract", "--bags", "x", "--out", "y"]
    work = JOBS["extract"](_parser(words).parse_args(words)).open()
    work(Task("", Input(str(link), 0)), link, tmp_path / "fleet", lambda share: None)
    assert main(["extract", str(link), "--out", str(tmp_path / "single")]) == 0
    found, expected = (tmp_path / name / "manifest.csv" for name in ("fleet", "single"))
    assert found.read_bytes() == expected.read_bytes()


def test_no_error_says_that_a_part_was_taken(tmp_path):
    """It would be in a hidden folder, which is removed."""
    with BagWriter(tmp_path / "drive") as writer:
        for index in range(3):
            writer.write_compressed("/camera", index * SECOND, "camera", b"no image", "jpeg")
    words = ["fleet", "extract", "--bags", "x", "--out", "y"]
    work = JOBS["extract"](_parser(words).parse_args(words)).open()
    task = Task("", Input(str(tmp_path / "drive"), 0))
    with pytest.raises(BagError, match="no image on /camera in .*drive can be used") as error:
        work(task, tmp_path / "drive", tmp_path / "out", lambda share: None)
    assert "taken" not in str(error.value)
    assert str(tmp_path / "out") not in str(error.value)


def job_of(weights, *more):
    words = ["fleet", "predict", "--bags", "x", "--out", "y", str(weights), *more]
    return JOBS["predict"](_parser(words).parse_args(words))


def test_an_output_is_named_by_the_export_that_makes_it(bayesian, tmp_path):
    """`--engine auto` takes one that lies beside the weights: its labels are others."""
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    weights = tmp_path / "w.safetensors"
    shutil.copy(bayesian, weights)

    def name(*more):
        return job_of(weights, *more).tasks([Input("drive", 1)])[0].name

    plain, of_torch, before = name(), name("--engine", "torch"), job_of(weights)
    assert main(["export", str(weights), "--engine", "openvino"]) == 0
    exported = name()
    assert exported != plain
    assert name("--engine", "torch") == of_torch
    assert name("--gpus", "1") == plain  # where PyTorch runs them, as before
    assert name("--precision", "float32") == name("--precision", "float32", "--gpus", "1")
    assert job_of(weights).load_predictor().engine.name == "openvino"
    assert before.load_predictor().engine.name == "torch"  # a worker runs what was named
    by_name = name("--engine", "openvino")
    weights.with_suffix(".xml").write_bytes(b"another")
    assert name("--engine", "openvino") != by_name
    for export in (weights.with_suffix(".xml"), weights.with_suffix(".bin")):
        export.unlink()
    assert name() == plain
