"""Every command runs from the installed program, and again over its own results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from segnet_model.cli import COMMANDS, main
from segnet_model.images.files import write_png

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
IMAGES = "/camera/image_raw"
NETWORK = (
    "--network",
    "segnet_basic",
    "--set",
    "features=4",
    "--input-size",
    "48",
    "64",
    "--init",
    "none",
)
# In this order, since each needs what those before it made.
LINES = {
    "render": "render --dataset yard --seed 7 --drives 2 --frames 2 --val 0.5 --workers 2",
    "render drive": "render --out drive --seed 7 --seconds 0.5",
    "check": "check yard --json problems.json",
    "train": f"train yard --out run {' '.join(NETWORK)} --epochs 1 --batch-size 1 --device cpu",
    "adapt": "adapt views --init run/weights.safetensors --replay yard --out adapted --steps 1 "
    "--device cpu",
    "average": "average run/weights.safetensors run/weights.safetensors --out mean.safetensors",
    "info": "info run/weights.safetensors",
    "weights": "weights",
    "doctor": "doctor",
    "calibrate": "calibrate run/weights.safetensors yard --risk 0.5",
    "evaluate": "evaluate run/weights.safetensors yard --out results",
    "export": "export run/weights.safetensors --engine onnx",
    "adopt": "adopt foreign.onnx --labels camvid --out adopted/weights.onnx",
    "predict": "predict run/weights.safetensors yard/val --out masks --engine torch",
    "predict bag": f"predict run/weights.safetensors drive --topic {IMAGES} --out of_bag",
    "view": f"view drive run/weights.safetensors --topic {IMAGES} --out drive.mp4",
    "label": f"label drive run/weights.safetensors --topic {IMAGES} --out labeled",
    "extract": f"extract drive --topic {IMAGES} --out extracted",
    "driven": f"driven drive --no-network --topic {IMAGES} --footprint 0.8 0.6 --camera-height 1.5 "
    "--camera-pitch 0.05 --every 0 --val 0 --out driven",
    "select": "select drive run/weights.safetensors --topic "
    f"{IMAGES} --out selected --count 1 --val 0 --every 0 --uncertainty none",
    "prelabel": "prelabel run/weights.safetensors selected --out task.zip",
    "import-labels": "import-labels task.zip selected --labels camvid",
    "bag": "bag yard/val --out bag",
    "fleet": f"fleet extract --bags drive --topic {IMAGES} --out fleet",
}
ONCE = ("render drive", "label", "bag", "doctor")  # a recording is never replaced


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """What `colcon build` and `ros2 run segnet_ros segnet` install and start."""
    path = tmp_path_factory.mktemp("installed") / "segnet"
    text = (ROOT / "cmake" / "program.py.in").read_text()
    path.write_text(text.replace("@module@", "segnet_model.cli"))
    return path


def write_foreign(path):
    """Write a network of one convolution, as another program might."""
    onnx = pytest.importorskip("onnx")
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    values = make.make_tensor("w", kind, (11, 3, 1, 1), [i / 33 for i in range(33)])
    graph = make.make_graph(
        [make.make_node("Conv", ["x", "w"], ["y"])], "net",
        [make.make_tensor_value_info("x", kind, (1, 3, 48, 64))],
        [make.make_tensor_value_info("y", kind, (1, 11, 48, 64))], [values],
    )  # fmt: skip
    opsets = [make.make_opsetid("", 18)]
    onnx.save(make.make_model(graph, opset_imports=opsets, ir_version=8), path)


def write_views(folder):
    """Write enough images of one kind for an adaptation, all of them different."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for index in range(50):
        coarse = rng.integers(0, 256, (3, 4, 3), np.uint8)
        write_png(folder / f"{index}.png", cv2.resize(coarse, (64, 48)))


def test_every_command_runs_from_the_installed_program(program, tmp_path, monkeypatch, capfd):
    for needed in ("onnxscript", "onnxruntime", "av", "ray", "rich", "tensorboard"):
        pytest.importorskip(needed)
    assert {name.split()[0] for name in LINES} == set(COMMANDS)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    write_foreign(tmp_path / "foreign.onnx")
    write_views(tmp_path / "views")
    for line in LINES.values():
        done = subprocess.run(
            [sys.executable, program, *line.split()], capture_output=True, text=True, check=False
        )
        assert (done.returncode, line) == (0, line), done.stderr
    for name, line in LINES.items():
        if name not in ONCE:
            assert (main(line.split()), line) == (0, line), capfd.readouterr().err
    assert not [path for path in tmp_path.rglob(".*") if path.name != ".gitignore"]
