"""The commands that read and write data run where PyTorch is not installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from segnet_model.base.optional import NETWORK_PACKAGES
from segnet_model.cli import COMMANDS

ROOT = Path(__file__).parents[2]
PROGRAM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {NETWORK_PACKAGES}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, NoTorch())
from segnet_model.cli import main
"""
DATA = {
    "render": "--seed 7 --seconds 1 --fps 4 --out drive",
    "extract": "drive --topic /camera/image_raw --labels-topic /truth/labels --every 0 --val 0.5 "
    "--gap 0 --out yard",
    "import-labels": "yard/valannot yard --split val --format ids",
    "check": "yard",
    "bag": "yard/train --out again",
}
NETWORK = {
    "select": "drive segnet_basic_drives --topic /camera/image_raw --out chosen",
    "prelabel": "yard segnet_basic_drives --all --out masks.zip",
    "train": "yard --out run",
    "adapt": "drive --out adapted",
    "average": "segnet_basic_drives segnet_basic_camvid --out w.safetensors",
    "calibrate": "yard segnet_basic_drives --out w.safetensors",
    "evaluate": "yard segnet_basic_drives",
    "predict": "yard/train segnet_basic_drives --out masks",
    "view": "drive segnet_basic_drives --topic /camera/image_raw --out drive.mp4",
    "label": "drive segnet_basic_drives --out labeled",
    "fleet": "label --bags drive segnet_basic_drives --out labeled_all",
    "driven": "drive --footprint 1 0.6 --out driven",
    "export": "segnet_basic_drives --engine onnx --out x.onnx",
    "info": "segnet_basic_drives",
    "weights": "",
    "doctor": "",
}

EXPORTS = {"adopt": "x.onnx --labels camvid --out y.onnx"}  # these need no PyTorch


# Weights before the data are taken as well, and said; see `_SecondPlace`.
EXCHANGED = {
    "prelabel": "segnet_basic_drives yard --all --out masks.zip",
    "calibrate": "segnet_basic_drives yard --out w.safetensors",
    "evaluate": "segnet_basic_drives yard",
    "predict": "segnet_basic_drives yard/train --out masks",
}


def run(commands, folder):
    """Run commands one after the other in one process without PyTorch; prints their exit codes."""
    lines = [[name, *arguments.split()] for name, arguments in commands.items()]
    program = f"{PROGRAM}\nprint(*(main(line) for line in {lines}), file=sys.stderr)"
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True,
                          text=True)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("no_torch")


@pytest.fixture(scope="module")
def data(folder):
    return run(DATA, folder)


def test_every_command_is_on_one_of_the_two_sides():
    assert DATA.keys() | NETWORK.keys() | EXPORTS.keys() == COMMANDS.keys()
    assert len(DATA) + len(NETWORK) + len(EXPORTS) == len(COMMANDS)


def test_commands_of_data_run_without_pytorch(data, folder):
    assert data.returncode == 0, data.stderr
    assert data.stderr.splitlines()[-1] == "0 0 0 0 0", data.stdout + data.stderr
    assert len(list((folder / "yard" / "trainannot").iterdir())) == 2
    assert "0 errors" in data.stdout
    assert "2 images on /camera/image_raw" in data.stdout


def test_commands_of_networks_name_the_mend(data, folder):
    result = run(NETWORK, folder)
    *said, codes = result.stderr.splitlines()
    assert codes.split() == ["2"] * len(NETWORK), result.stderr
    assert len(said) == len(NETWORK)
    for command, line in zip(NETWORK, said, strict=True):
        assert line.startswith(f"segnet {command}: it needs PyTorch"), line
        assert line.endswith("pip install torch safetensors"), line


def test_a_command_of_exports_comes_to_its_file(data, folder):
    assert "x.onnx: there is no such file" in run(EXPORTS, folder).stderr


def test_exchanged_arguments_are_named_before_the_mend(data, folder):
    result = run(EXCHANGED, folder)
    *said, codes = result.stderr.splitlines()
    assert codes.split() == ["2"] * len(EXCHANGED), result.stderr
    assert len(said) == 2 * len(EXCHANGED), result.stderr
    for command, note, line in zip(EXCHANGED, said[::2], said[1::2], strict=True):
        assert note.startswith("took segnet_basic_drives as the weights and yard"), note
        assert line.startswith(f"segnet {command}: it needs PyTorch"), line
        assert line.endswith("pip install torch safetensors"), line
