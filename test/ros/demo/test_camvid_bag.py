"""Real images from end to end: what comes back over ROS is what the network says without it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import Program

from segnet_model.datasets.folder import open_split
from segnet_model.datasets.images_to_bag import images_to_bag
from segnet_model.evaluation.evaluate import evaluate
from segnet_model.inference.predictor import Predictor

pytestmark = [pytest.mark.ros, pytest.mark.slow]
WEIGHTS = "segnet_basic_camvid"


@pytest.mark.timeout(300)
def test_every_mask_of_a_camvid_bag_comes_back(
    ros_process: Callable[..., Program], camvid: Path, tmp_path: Path
) -> None:
    bag, out = tmp_path / "val", tmp_path / "out"
    images_to_bag(camvid / "val", bag, labels_folder=camvid / "valannot")
    demo = ros_process(
        "segnet_ros.demo.__main__", "--bag", str(bag), "--topic", "/camera/image_raw",
        "--labels-topic", "/truth/labels", "--weights", WEIGHTS, "--out", str(out),
    )  # fmt: skip
    output = demo.communicate(timeout=240)[0]
    assert demo.returncode == 0, output
    report = json.loads((out / "report.json").read_text())
    assert report["frames_in"] == report["masks_out"] == 101
    predictor = Predictor.load(WEIGHTS)
    truth = evaluate(predictor, open_split(camvid, "val", predictor.info.labels))
    assert report["miou"] == pytest.approx(truth.mean_iou, abs=0.001)
