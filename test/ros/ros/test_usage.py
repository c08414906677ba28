"""--help of a node's program teaches, and starts nothing."""

import importlib

import pytest
import yaml

pytest.importorskip("rclpy")
from segnet_model.base.options import options_of
from segnet_ros.bags.settings import PlayerSettings, RecorderSettings
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.trainer.settings import TrainerSettings


@pytest.mark.parametrize(
    ("module", "name", "table"),
    [
        ("segmentation.node", "segmentation", NodeSettings),
        ("trainer.node", "trainer", TrainerSettings),
        ("bags.player", "bag_player", PlayerSettings),
        ("bags.recorder", "bag_recorder", RecorderSettings),
    ],
)
def test_help_has_lines_to_type_and_every_parameter(module, name, table, capsys, monkeypatch):
    monkeypatch.setattr("rclpy.init", lambda **_: pytest.fail("the node starts"))
    assert importlib.import_module(f"segnet_ros.{module}").main([name, "--help"]) == 0
    usage, file = capsys.readouterr().out.split("\n\n# ", 1)
    assert f"\n{name} --ros-args -" in usage
    parameters = yaml.safe_load(f"# {file}")["/**"]["ros__parameters"]
    assert parameters.keys() == options_of(table).keys()


def test_an_argument_of_ros_is_no_call_for_help(monkeypatch):
    main = importlib.import_module("segnet_ros.bags.player").main
    monkeypatch.setattr("rclpy.init", lambda **_: (_ for _ in ()).throw(KeyboardInterrupt))
    monkeypatch.setattr("rclpy.try_shutdown", lambda: None)
    assert main(["bag_player", "--ros-args", "-p", "bag:=-h"]) == 0
