"""The whole loop on real images: record, choose, label, check, train, evaluate, redeploy."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParametersAtomically
from sensor_msgs.msg import Image

from segnet_model.cli import main
from segnet_model.datasets.images_to_bag import FOLDER_START_NS
from segnet_model.images.files import list_images, read_image, read_labels
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet

pytestmark = [pytest.mark.ros, pytest.mark.slow]
FRAMES = 20
BEFORE, BAYESIAN = "segnet_basic_drives", "bayesian_segnet_basic_drives"
LABELS = LabelSet.load("camvid")


def segnet(*words):
    assert main([str(word) for word in words]) == 0


def link_frames(camvid, folder):
    """The first frames of a drive, and their true labels by index."""
    folder.mkdir()
    images = [p for p in list_images(camvid / "train") if p.name.startswith("0001TP")][:FRAMES]
    for path in images:
        (folder / path.name).symlink_to(path)
    return [read_labels(camvid / "trainannot" / f"{path.stem}.png", LABELS) for path in images]


def correct(prelabels, export, truth):
    """What a person does in CVAT: gives every mask the right colors and exports the task."""
    with zipfile.ZipFile(prelabels) as source, zipfile.ZipFile(export, "w") as corrected:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(".png"):
                index = round((int(Path(name).stem) - FOLDER_START_NS) / 0.5e9)
                bgr = LABELS.colorize(truth[index])[..., ::-1]
                data = cv2.imencode(".png", bgr)[1].tobytes()
            corrected.writestr(name, data)


@pytest.mark.timeout(300)
def test_the_loop_from_a_recording_to_the_robot(camvid, tmp_path, start_node, client):
    truth = link_frames(camvid, tmp_path / "frames")
    bag, yard, run = tmp_path / "bag", tmp_path / "yard", tmp_path / "run"
    segnet("bag", tmp_path / "frames", "--fps", 2, "--compressed", "--out", bag)
    segnet("extract", bag, "--every", 0, "--gap", 0, "--out", tmp_path / "all")
    assert len(list_images(tmp_path / "all" / "train")) == 0.8 * FRAMES

    segnet("select", bag, BAYESIAN, "--samples", 2, "--count", 8, "--val", 3, "--out", yard)
    assert [len(list_images(yard / split)) for split in ("train", "val")] == [8, 3]
    segnet("prelabel", BEFORE, yard, "--out", tmp_path / "to_correct.zip")
    correct(tmp_path / "to_correct.zip", tmp_path / "export.zip", truth)
    segnet("import-labels", tmp_path / "export.zip", yard, "--labels", "camvid")
    for path in list_images(yard / "trainannot"):
        index = round((int(path.stem) - FOLDER_START_NS) / 0.5e9)
        np.testing.assert_array_equal(read_labels(path, LABELS), truth[index])
    segnet("check", yard)

    segnet("train", yard, "--out", run, "--init", BEFORE, "--input-size", 96, 128,
           "--epochs", 15, "--batch-size", 4)  # fmt: skip
    after = run / "weights.safetensors"
    segnet("evaluate", after, yard, "--compare", BEFORE, "--out", run)
    figures = json.loads((run / "evaluation.json").read_text())
    assert figures["miou"] > figures["compare"]["miou"] + 0.05
    assert (run / "report.html").stat().st_size > 10_000

    image = read_image(list_images(yard / "val")[0])
    node = start_node(weights=BEFORE, precision="float32", device="cpu")
    node.wait_for("ready")
    camera, masks = client.publisher("image", Image), client.listen("/segmentation/mask", Image)
    for stamp, weights in enumerate((BEFORE, after), 1):
        redeploy(client, weights)
        mask = client.exchange(camera, message(image, stamp), masks)
        expected = Predictor.load(weights, "cpu", "float32").predict(image).labels
        np.testing.assert_array_equal(np.asarray(mask.data).reshape(expected.shape), expected)


def redeploy(client, weights):
    value = ParameterValue(type=4, string_value=str(weights))
    request = SetParametersAtomically.Request(parameters=[Parameter(name="weights", value=value)])
    answer = client.call(
        SetParametersAtomically, "/segmentation/set_parameters_atomically", request
    )
    assert answer.result.successful, answer.result.reason


def message(image, stamp):
    height, width = image.shape[:2]
    sent = Image(height=height, width=width, encoding="rgb8", step=3 * width, data=image.tobytes())
    sent.header.stamp.sec = stamp
    return sent
