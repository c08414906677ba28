"""Commands that say what there is: weights, their metadata, this machine."""

import json
import re
import sys
from dataclasses import replace

import pytest

from segnet_model.base.optional import is_installed
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.cli import main
from segnet_model.engines import engine as engines
from segnet_model.engines import machine
from segnet_model.evaluation import self_test as self_tests
from segnet_model.weights.catalog import shipped_weights
from segnet_model.weights.checkpoint import read_info, save_weights
from segnet_model.weights.shipped import shipped_names


def test_info_says_all_that_a_user_asks(weights, capsys):
    info = replace(
        read_info(weights), metrics={"val_miou": 0.5, "val_images": 3}, license="MIT",
        training={"dataset": "yard", "images": 30, "epochs": 60, "init": "segnet_lite_drives"},
    )  # fmt: skip
    save_weights(weights, info.build(), info)
    assert main(["info", str(weights)]) == 0
    said = capsys.readouterr().out
    for text in (
        "segnet_basic, features=8; ", "64x96, height x width", "11, label set camvid",
        "  3 Road             #804080  drivable", "never calibrated; segnet calibrate does it",
        "yard, 30 images, 60 epochs, from segnet_lite_drives", "license       MIT",
        "val mIoU 0.5 on 3 images, too few to say much",
        "no export lies beside the weights; a faster one: segnet export",
    ):  # fmt: skip
        assert text in said, text


def test_costs_of_classes_are_kept_in_the_weights_and_shown(weights, capsys):
    info = read_info(weights)
    info = replace(info, labels=info.labels.with_costs({"Pavement": 60}))
    save_weights(weights, info.build(), info)
    assert read_info(weights).labels == info.labels
    assert main(["info", str(weights)]) == 0
    said = capsys.readouterr().out
    assert "  4 Pavement         #3c28de  drivable  cost 60\n" in said
    assert "  3 Road             #804080  drivable\n" in said


def test_info_counts_the_numbers(weights, capsys):
    assert main(["info", str(weights), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    state = read_info(weights).build().state_dict()
    assert said["numbers"] == sum(each.numel() for each in state.values())
    assert said["bytes"] == weights.stat().st_size
    assert said["labels"]["classes"][3]["name"] == "Road"


def test_info_tells_of_a_changed_byte(weights, capsys):
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    for more in ([], ["--json"]):
        assert main(["info", str(weights), *more]) == 2
        shown = capsys.readouterr()
        assert not shown.out
        assert f"weights {weights}: its content is not what segnet wrote" in shown.err
        assert "copy it again" in shown.err


def test_a_strangers_metadata_reach_the_terminal_as_text(weights, capsys):
    info = replace(
        read_info(weights), license="\x1b]52;c;aGk=\x07", training={"dataset": "a\x1b[2Jb"}
    )
    save_weights(weights, info.build(), info)
    assert main(["info", str(weights)]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("text", ["nothere", "."])
def test_info_of_no_weights_is_refused(text, capsys):
    assert main(["info", text]) == 2
    assert "give a file, or one that ships: " in capsys.readouterr().err


@pytest.mark.skipif(not is_installed("onnxscript"), reason="needs the extra onnx")
def test_info_reads_an_export(weights, capsys):
    export = weights.with_suffix(".onnx")
    assert main(["export", str(weights), "--engine", "onnx", "--size", "64x96"]) == 0
    capsys.readouterr()
    assert main(["info", str(export)]) == 0
    said = capsys.readouterr().out
    assert "float32, for images of 64x96" in said
    assert "11, label set camvid" in said


def test_weights_lists_all_that_ship_with_license_and_use(capsys):
    assert main(["weights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines[1:] if not line.startswith(" ")]
    assert sorted(names) == shipped_names()
    assert names[0] == DEFAULT_WEIGHTS
    for each in shipped_weights():
        line = next(line for line in lines if line.startswith(each.name + " "))
        assert each.info.license in line
        assert ("research only" in line) == (each.info.license != "Apache-2.0")
        assert each.use, f"the README says no use of {each.name}"


def test_doctor_says_what_is_there_and_tries_it(weights, capsys, monkeypatch):
    monkeypatch.setattr(self_tests, "SECONDS", 0.01)
    monkeypatch.setattr(self_tests, "RIGHT", 0.0)  # these weights are random
    assert main(["doctor", str(weights)]) == 0
    said = capsys.readouterr().out
    for title in ("segnet", "processor", "memory", "torch", "gpu", "openvino", "ros", "engine"):
        assert re.search(rf"^{title} +\S", said, re.MULTILINE), title
    assert "no export lies beside the weights" in said
    assert re.search(r"speed +\d+ ms for an image of 480x360", said)
    assert "% of the pixels of a rendered street are right" in said


def test_doctor_finds_a_network_that_answers_nonsense(weights, capsys, monkeypatch):
    monkeypatch.setattr(self_tests, "SECONDS", 0.01)
    assert main(["doctor", str(weights)]) == 1
    assert "% of the pixels of a rendered street are right; shipped weights" in (
        capsys.readouterr().out
    )


def test_doctor_tests_the_default(capsys, monkeypatch):
    monkeypatch.setattr(self_tests, "SECONDS", 0.01)
    assert main(["doctor"]) == 0
    assert "% of the pixels of a rendered street are right" in capsys.readouterr().out


def test_what_is_missing_is_named_with_its_mend(monkeypatch):
    monkeypatch.setattr(machine, "is_installed", lambda module: False)
    monkeypatch.setattr(machine.torch.version, "cuda", "13.0")
    monkeypatch.setattr(machine, "NVIDIA", ())
    monkeypatch.setattr(machine.torch.cuda, "is_available", lambda: False)
    said = "\n".join(text for _, text in machine.findings())
    assert "pip install 'segnet_ros[openvino]'" in said
    assert "pip install torch --index-url https://download.pytorch.org/whl/cpu" in said
    monkeypatch.setattr(machine, "NVIDIA", (sys.executable,))
    said = "\n".join(text for _, text in machine.findings())
    assert "one of NVIDIA, which PyTorch cannot use" in said
    assert "docs/jetson.md" in said


def test_the_choice_of_an_engine_has_a_reason(weights, monkeypatch):
    export = weights.with_suffix(".xml")
    assert engines.choose_engine(export).engine == "openvino"
    export.write_text("")
    monkeypatch.setattr(engines, "is_installed", lambda module: module == "torch")
    found = engines.choose_engine(weights)
    assert (found.engine, found.path) == ("torch", weights)
    assert "small.xml would be faster: pip install 'segnet_ros[openvino]'" in found.reason
    monkeypatch.setattr(engines, "GPU_DRIVERS", ("/",))
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert engines.choose_engine(weights).reason == "PyTorch uses the GPU"


def test_a_driver_that_has_no_devices_before_its_first_use_is_asked(weights, monkeypatch):
    monkeypatch.setattr(engines.Path, "exists", lambda path: path.name == "nvidia-modprobe")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert engines.choose_engine(weights).reason == "PyTorch uses the GPU"
