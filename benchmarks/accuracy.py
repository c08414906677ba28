"""What needs real images: the accuracy of each engine, and the CRF, on CamVid's val.

Does nothing where the data is not at hand (CAMVID names its folder; see test/conftest.py).
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from benchmarks.harness import Report
from benchmarks.subjects import CACHE
from segnet_model.base.optional import is_installed
from segnet_model.commands.export import calibration_images
from segnet_model.datasets.folder import load_label_set, open_split
from segnet_model.engines.capabilities import cpu_has_bfloat16
from segnet_model.engines.export import Export
from segnet_model.evaluation.evaluate import Evaluation, evaluate_all
from segnet_model.inference.predictor import Predictor
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import file_sha256

FOLDER = Path(os.environ.get("CAMVID", Path(__file__).parents[2] / "shared" / "camvid"))
WEIGHTS = "segnet_basic_camvid"
INT8_LOSS = 0.005  # of mIoU


def run(report: Report) -> None:
    """Measure the shipped weights in every number format, and refined."""
    if not FOLDER.is_dir():
        report.note("CamVid is not at hand: nothing measured; CAMVID=FOLDER names it")
        return
    val = open_split(FOLDER, "val", load_label_set(FOLDER))
    val = replace(val, samples=val.samples[:: report.amount(1, 20)])
    predictors = {"float32": Predictor.load(WEIGHTS, "cpu", "float32")}
    if cpu_has_bfloat16():
        predictors["bfloat16"] = Predictor.load(WEIGHTS, "cpu", "bfloat16")
    if not report.quick and is_installed("openvino") and is_installed("nncf"):
        predictors["int8"] = Predictor.load(_int8())
    predictors["crf"] = Predictor.load(WEIGHTS, refine="crf")
    found = {name: evaluate_all([predictor], val)[0] for name, predictor in predictors.items()}
    rows = [{"": name, **_row(each)} for name, each in found.items()]
    report.table(f"{WEIGHTS} on CamVid val, {len(val)} images", rows)
    by_name = {row[""]: row for row in rows}
    exact = by_name["float32"]
    for name in ("bfloat16", "int8"):
        if name in by_name:
            report.add(
                f"{name}: mIoU lost", exact["mIoU"] - by_name[name]["mIoU"], at_most=INT8_LOSS
            )
    plain = by_name.get("bfloat16", exact)
    gained = by_name["crf"]["boundary F1"] - plain["boundary F1"]
    report.add("crf: boundary F1 gained", gained, at_least=0.0)
    report.add("crf: cost", by_name["crf"]["ms"] - plain["ms"], "ms")


def _row(evaluation: Evaluation) -> dict[str, float]:
    figures = evaluation.figures()
    names = {"miou": "mIoU", "boundary_f1": "boundary F1", "ece": "ECE", "ms": "ms"}
    return {title: figures[name] for name, title in names.items()}


def _int8() -> Path:
    weights = find_weights(WEIGHTS)
    path = CACHE / f"accuracy_{file_sha256(weights)[:8]}.xml"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        export = Export.of(weights)
        export.to_openvino(path, calibration_images(FOLDER, "train", 32))
    return path
