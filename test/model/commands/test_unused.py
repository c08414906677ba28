"""Options that would be ignored are refused by name, before anything is read."""

from __future__ import annotations

import importlib
import re

import pytest

from segnet_model.base.options import changed
from segnet_model.base.tables import AnswerSettings
from segnet_model.cli import COMMANDS, _parser, main

GIVEN_TOO = "give that too, or leave it away"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("predict photos enet_camvid --out o --samples 5", f"--samples .* mc; {GIVEN_TOO}"),
        ("predict photos enet_camvid --out o --uncertainty features --seed 1", "--seed is of"),
        ("evaluate yard enet_camvid --samples 50", "--samples is the number of passes of"),
        ("evaluate yard enet_camvid --seed 50", "--seed is of the dropout masks"),
        ("label drive enet_camvid --out o --uncertainty temporal --samples 9", "--samples is the"),
        ("label drive enet_camvid --out o --camera-pitch 0.2", "--camera-pitch needs --camera-h"),
        ("select drive w --out o --uncertainty none --samples 4", "--samples is the number"),
        ("select drive w --out o --refine crf", "--refine changes no frame's rank"),
        ("prelabel yard w --out o.zip --uncertainty features", "--uncertainty features changes no"),
        ("view drive w --rrd o.rrd --beside mask", "--beside is of the video of --out"),
        ("calibrate yard w --place-only --risk 0.02", "--risk is of the bounds, which --place-on"),
        ("driven d --footprint 1 1 --out o --no-network --device cpu", "--device is of the netw"),
        ("driven d enet_camvid --footprint 1 1 --out o --no-network", "leaves enet_camvid out"),
        ("driven d --weights x --footprint 1 1 --out o --no-network", "leaves x out; leave one"),
        ("driven d --footprint 1 1 --out o --camera-left 1", "--camera-left needs --camera-height"),
        ("driven d --footprint 1 1 --out o --odometry /o --odom-frame map", "--odom-frame is of"),
        ("driven d --footprint 1 1 --out o --odometry /o --compare /o", "--compare is the way its"),
        ("driven d --footprint 1 1 --out o --scan-reach 3", "--scan-reach is of --scan TOPIC"),
        ("driven d --footprint 1 1 --out o --scan-pose 0 0 1 0", "--scan-pose is of --scan TOPIC"),
        ("export w --engine openvino --split val", "--split is of --calibrate DATASET"),
        ("export w --engine openvino --images 4", "--images is of --calibrate DATASET"),
        ("export w --engine openvino --quick", "--quick is of --calibrate DATASET"),
        ("export w --engine onnx --calibrate yard --quick", "--quick is of --engine openvino"),
        ("render --out o --drives 3", "--drives is of a data set, and --out writes a recording"),
        ("render --out o --overwrite", "--overwrite is of a data set"),
        ("render --dataset o --seconds 3", "--seconds is of a recording, and --dataset writes"),
        ("render --dataset o --depth", "--depth is of a recording"),
        ("train yard --out o --momentum 0.8", "momentum is of optimizer sgd"),
        ("train yard --out o --balance 0 --weighting enet", "weighting has no effect with"),
        ("train yard --out o --encoder e.pth --init enet_camvid", "init enet_camvid replaces the"),
        ("train yard --out o --keep-weight 5", "keep_weight is of keep; give that too, or leave"),
        ("adapt drive --out o --replay yard --worlds 8", "replay yard takes the place of worlds"),
        ("adapt drive --out o --statistics-only --steps 9", "steps is of learning, which statisti"),
        ("adapt drive --out o --statistics-only --crop-size 64 64", "crop_size is of learning"),
        ("bag photos --out o --labels-topic /l", "are of --labels; give that too"),
        ("extract drive --out o --tolerance 0.1", "name a labels topic too"),
        ("extract drive --out o --block 5", "needs split blocks"),
    ],
)
def test_an_option_without_effect_is_refused(line, why, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"segnet {line.split()[0]}: ")
    assert re.search(why, said)
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())


def test_defaults_are_no_options_that_were_given(capsys):
    """So that a script may always write them."""
    usual = ["--samples", "20", "--seed", "0"]
    assert main(["predict", "nowhere", "enet_camvid", "--out", "o", *usual]) == 2
    assert "there is no bag or file nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_rule_is_about_options_that_there_are(command):
    parser = importlib.import_module(f"segnet_model.commands.{command.replace('-', '_')}")
    rules = getattr(parser, "UNUSED", ())
    with pytest.raises(SystemExit):
        _parser([command, "--help"]).parse_args([command, "--help"])
    choices = next(a.choices for a in _parser([command])._actions if a.dest == "command")
    known = {action.dest for action in choices[command]._actions}
    assert {name for rule in rules for name in rule.names} <= known


def test_changed_options_of_a_table():
    assert changed(AnswerSettings()) == []
    assert changed(AnswerSettings(drivable_margin=3, base_frame="x")) == [
        "drivable_margin", "base_frame",
    ]  # fmt: skip


def test_a_topic_of_what_is_no_bag_is_refused(tmp_path, capsys):
    for command in ("predict", "view", "select", "extract"):
        photos = tmp_path / "photos"
        photos.mkdir(exist_ok=True)
        (photos / "a.png").touch()
        words = [command, str(photos), *(["enet_camvid"] * (command != "extract"))]
        out = "o.mp4" if command == "view" else "o"
        assert main([*words, "--topic", "/image", "--out", str(tmp_path / out)]) == 2
        assert "photos is no bag and has no topic /image; take it by" in capsys.readouterr().err
        assert not (tmp_path / out).exists()
