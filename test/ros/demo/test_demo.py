"""The demo: right figures, honest exit codes, and nothing left behind."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from programs import Program

pytest.importorskip("rclpy")
pytest.importorskip("av")

import av

from segnet_model.bags.messages import IMAGE, image_message, make_header, standard_types
from segnet_model.bags.reader import BagWriter
from segnet_model.datasets.drives import IMAGE_TOPIC, LABELS_TOPIC
from segnet_model.datasets.sources import BagSource
from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_ros.demo.pictures import FREE, OCCUPIED, UNKNOWN, draw_grid

pytestmark = pytest.mark.ros
Start = Callable[..., Program]
DEMO = "segnet_ros.demo.__main__"


@pytest.fixture
def weights(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    labels = LabelSet.load(getattr(request, "param", "camvid"))
    info = ModelInfo("segnet_basic", labels, (96, 128))
    path = tmp_path / "weights_of_this_test.safetensors"
    save_weights(path, info.build(), info)
    return path


@pytest.fixture
def arguments(weights: Path, tmp_path: Path) -> list[str]:
    return ["--weights", str(weights), "--out", str(tmp_path / "out")]


def processes_with(word: str) -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it ended meanwhile
    return [line for line in lines if word in line]


def finish(process: Program, code: int) -> str:
    output = process.communicate(timeout=100)[0]
    assert process.returncode == code, output
    return output


@pytest.mark.parametrize(
    "weights", ["camvid", pytest.param("outdoor", marks=pytest.mark.slow)], indirect=True
)
def test_a_rendered_drive(ros_process: Start, arguments: list[str], tmp_path: Path) -> None:
    output = finish(ros_process(DEMO, *arguments, "--seconds", "0.3"), 0)
    out = tmp_path / "out"
    report = json.loads((out / "report.json").read_text())
    assert report["frames_in"] == report["masks_out"] == 6
    assert 0 < report["latency_ms_p50"] <= report["latency_ms_p99"] < 20_000
    assert f"{report['miou']:.3f}" in output
    # Pixels of untrained weights are close calls, and two processes may add up in another order.
    predictor = Predictor.load(arguments[1])
    truth = measured(out / "drive", predictor)
    assert report["miou"] == pytest.approx(truth.mean_iou, abs=2e-3)
    on = predictor.info.labels.drivable[: predictor.info.labels.num_classes]
    true, predicted = truth.counts[on].sum(), truth.counts[:, on].sum()
    hits = truth.counts[on][:, on].sum()
    assert report["drivable_iou"] == pytest.approx(hits / (true + predicted - hits), abs=2e-3)
    with av.open(str(out / "overlay.mp4")) as video:
        assert [frame.width for frame in video.decode(video=0)] == [480] * 6
        assert video.streams.video[0].codec_context.name == "h264"
    sheet = cv2.imread(str(out / "overview.png"))
    assert sheet is not None
    assert sheet.shape[0] > 4 * 360
    assert sheet.shape[1] > 5 * 480  # and the ground from above, if that came within six images


def measured(bag: Path, predictor: Predictor) -> ConfusionMatrix:
    """The same figures without ROS in between."""
    labels = predictor.info.labels
    confusion = ConfusionMatrix(labels.num_classes, labels.ignore_id)
    with BagSource(bag, IMAGE_TOPIC) as source:
        for (_, image), label in zip(source.images(), source.labels_of(LABELS_TOPIC), strict=True):
            confusion.update(predictor.predict(image).labels, label.ids())
    return confusion


@pytest.mark.slow
def test_a_users_bag_with_a_bad_frame(
    ros_process: Start, arguments: list[str], tmp_path: Path
) -> None:
    bad = image_message(make_header(2, "camera"), np.zeros((40, 60, 3), np.uint8), "rgb8")
    bad.step = 1
    with BagWriter(tmp_path / "bag") as bag:
        for stamp in (1, 2, 3):
            bag.write_image("/front", stamp, "camera", np.full((40, 60, 3), 99, np.uint8))
            if stamp == 2:
                data = standard_types().serialize_cdr(bad, IMAGE)
                bag.write_raw("/front", IMAGE, data, 2)
    output = finish(ros_process(DEMO, *arguments, "--bag", str(tmp_path / "bag")), 1)
    assert "1 frames got no mask" in output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["frames_in"], report["masks_out"], report["miou"]) == (4, 3, None)
    assert "step 1 is shorter" in (tmp_path / "out" / "node.log").read_text()


def test_a_users_files_are_kept(ros_process: Start, arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with BagWriter(out / "drive") as bag:
        bag.write_image("/front", 1, "camera", np.full((40, 60, 3), 99, np.uint8))
    assert "which the demo makes anew" in finish(
        ros_process(DEMO, *arguments, "--bag", str(out / "drive")), 2
    )
    assert "was not made by the demo" in finish(ros_process(DEMO, *arguments), 2)
    missing = ["--bag", str(tmp_path / "none"), "--out", str(out)]
    assert "there is no bag" in finish(ros_process(DEMO, *arguments[:2], *missing), 2)
    with BagSource(out / "drive") as source:
        assert len(list(source.images())) == 1


def test_the_grid_is_drawn_with_forward_up() -> None:
    """Ahead is up and left is left; in the file, rows go to the left and columns forward."""
    grid = np.full((3, 4), -1, np.int8)
    grid[2, 0] = 0  # left of the robot, beside it
    grid[0, 3] = 100  # right of it, the farthest
    picture = draw_grid(grid, (40, 60))
    assert picture.shape == (40, 60, 3)
    assert (picture[:, :15] == 255).all()
    assert (picture[:, 45:] == 255).all()
    cells = picture[5::10, 20:50:10]
    assert (cells[3, 0] == FREE).all()
    assert (cells[0, 2] == OCCUPIED).all()
    assert sum((cell == UNKNOWN).all() for row in cells for cell in row) == 3 * 4 - 2


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(
    python_process: Start, arguments: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        for i in range(100):
            bag.write_image(IMAGE_TOPIC, i * 100_000_000, "", np.zeros((40, 60, 3), np.uint8))
    demo = python_process("-m", "segnet_ros.demo", *arguments, "--bag", str(tmp_path / "bag"))
    assert demo.stdout is not None
    for line in demo.stdout:
        if "playing to it" in line:
            break
    assert len(processes_with(arguments[1])) >= 2  # the demo and the node
    time.sleep(1)  # in the midst of the play
    demo.send_signal(number)
    assert "interrupted" in finish(demo, 130)
    assert processes_with(arguments[1]) == []
    assert {path.name for path in (tmp_path / "out").iterdir()} == {".segnet_demo", "node.log"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--weights", "missing"], "there is no such file"),
        (["--bag", "missing"], "there is no bag missing"),
        (["--seconds", "0"], "is no frame"),
    ],
)
def test_bad_input_is_an_error(
    ros_process: Start, arguments: list[str], change: list[str], message: str
) -> None:
    output = finish(ros_process(DEMO, *arguments, *change), 2)
    assert message in output
    assert "Traceback" not in output


def test_a_node_that_cannot_start_is_an_error(
    ros_process: Start, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCUTILS_CONSOLE_OUTPUT_FORMAT", "{message}")
    stand_in(tmp_path, "echo no such network; exit 1", monkeypatch)
    output = finish(ros_process(DEMO, *arguments, "--seconds", "0.2"), 2)
    assert "the node ended at once:\n  no such network\n" in output
    assert processes_with(arguments[1]) == []


def stand_in(folder: Path, script: str, monkeypatch: Any) -> None:
    """Put a program in the place of the installed node."""
    program = folder / "lib" / "segnet_ros" / "segmentation"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    marker = folder / "share" / "ament_index" / "resource_index" / "packages" / "segnet_ros"
    marker.parent.mkdir(parents=True)
    marker.touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(folder), prepend=":")
