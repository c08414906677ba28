"""Source first, weights second: in every command, and recognized the other way round."""

import argparse
import logging

import pytest

from segnet_model.cli import main
from segnet_model.commands import arguments
from segnet_model.commands.places import is_weights


@pytest.fixture
def parsed():
    def do(*words):
        parser = argparse.ArgumentParser()
        arguments.add_source(parser)
        arguments.add_topic(parser)
        arguments.add_network(parser, ("none",))
        parser.add_argument("--out")
        args = parser.parse_args([*map(str, words)])
        return str(args.source), args.weights

    return do


@pytest.mark.parametrize("words", [
    ("drive", "enet_camvid"), ("enet_camvid", "drive"), ("drive", "--out", "x", "enet_camvid"),
    ("drive", "--weights", "enet_camvid"), ("--weights", "enet_camvid", "drive"),
    ("--out", "x", "drive", "--topic", "/a", "--weights", "enet_camvid"),
    ("enet_camvid", "--topic", "/a", "drive"), ("drive", "--weights=enet_camvid"),
])  # fmt: skip
def test_either_order_and_the_option_mean_the_same(parsed, words):
    assert parsed(*words) == ("drive", "enet_camvid")


def test_exchanged_arguments_are_named(parsed, caplog):
    with caplog.at_level(logging.WARNING):
        parsed("enet_camvid", "drive.mcap")
    assert "took enet_camvid as the weights and drive.mcap as the source" in caplog.text
    caplog.clear()
    parsed("drive.mcap", "enet_camvid")
    assert not caplog.text


@pytest.mark.parametrize("command", [["view", "--out", "a.mp4"], ["view", "--rerun"]])
def test_weights_alone_are_no_source(command, capsys):
    with pytest.raises(SystemExit):
        main([command[0], "segnet_basic_drives", *command[1:]])
    assert "segnet_basic_drives are weights; give the source first" in capsys.readouterr().err


def test_a_data_set_before_its_labels_is_named(dataset, tmp_path, capsys):
    (tmp_path / "task.zip").write_bytes(b"")
    assert main(["import-labels", str(dataset), str(tmp_path / "task.zip")]) == 2
    said = capsys.readouterr().err
    assert f"segnet import-labels {tmp_path / 'task.zip'} {dataset}" in said


@pytest.mark.parametrize("text", ["~nobody-at-all/w", "a\0b", "x" * 5000])
def test_strange_names_are_no_weights(text, capsys):
    assert not is_weights(text)
    assert main(["info", text]) == 2
    assert capsys.readouterr().err.startswith("segnet info: ")


def test_a_folder_is_never_the_weights(parsed, tmp_path):
    assert parsed("missing.pt", tmp_path) == (str(tmp_path), "missing.pt")


def test_weights_are_told_by_name_ending_and_content(weights, tmp_path):
    plain = tmp_path / "plain"
    plain.write_bytes(weights.read_bytes())
    (tmp_path / "enet_camvid").mkdir()
    (tmp_path / "empty").write_bytes(b"")
    for text in (plain, weights, "segnet_lite_drives", "gone.onnx", "~/gone.xml"):
        assert is_weights(str(text)), text
    for text in (tmp_path, tmp_path / "enet_camvid", tmp_path / "empty", "gone", "drive.mcap"):
        assert not is_weights(str(text)), text


@pytest.mark.parametrize("words", [
    ("drive", "enet_camvid", "--weights", "other"), ("drive",), ("--weights", "enet_camvid"),
    ("drive", "--weights"),
])  # fmt: skip
def test_weights_given_twice_or_never_are_refused(parsed, words, capsys):
    with pytest.raises(SystemExit):
        parsed(*words)
    assert "weights" in capsys.readouterr().err or words == ("--weights", "enet_camvid")


def test_two_weights_are_no_data(parsed, capsys):
    with pytest.raises(SystemExit):
        parsed("enet_camvid", "segnet_lite_drives")
    assert "are both weights; give the source first" in capsys.readouterr().err


@pytest.mark.parametrize("command", [
    ["evaluate"], ["calibrate", "--out", "OUT"], ["predict", "--out", "OUT"],
    ["prelabel", "--out", "OUT.zip"], ["select", "--count", "1", "--uncertainty", "none",
    "--out", "OUT"], ["label", "--out", "OUT"], ["view", "--out", "OUT.mp4"],
])  # fmt: skip
def test_every_command_takes_both_orders(command, dataset, weights, tmp_path, capsys):
    images = dataset if command[0] in ("evaluate", "calibrate", "prelabel") else dataset / "val"
    name, *options = command
    for order in ((images, weights), (weights, images)):
        out = str(tmp_path / f"out{order.index(images)}")
        words = [option.replace("OUT", out) for option in options]
        if name == "prelabel":
            words += ["--all", "--split", "val"]
        assert main([name, *map(str, order), *words, "--device", "cpu"]) == 0, capsys.readouterr()
