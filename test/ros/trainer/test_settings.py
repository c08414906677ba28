"""Every option of a training can be set in Python, in a shell, in a launch file and in ROS."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy")

import yaml  # noqa: E402
from rclpy.exceptions import InvalidParameterValueException  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402

from segnet_model.base.errors import SettingsError  # noqa: E402
from segnet_model.base.options import Option, from_arguments, from_plain, options_of  # noqa: E402
from segnet_model.commands.train import add_arguments  # noqa: E402
from segnet_model.training.augment_settings import AugmentSettings  # noqa: E402
from segnet_model.training.settings import TrainSettings  # noqa: E402
from segnet_ros.launching.values import parse_value  # noqa: E402
from segnet_ros.ros.parameter_file import parameter_file  # noqa: E402
from segnet_ros.ros.parameter_table import declare_table, read_table, ros_value  # noqa: E402
from segnet_ros.trainer.settings import TrainerSettings  # noqa: E402

pytestmark = pytest.mark.ros
OPTIONS = options_of(TrainSettings)
JOB = {"dataset": "data", "out": "run"}
# Options that count only beside others.
WITH = {"momentum": {"optimizer": "sgd"}, "keep_weight": {"keep": "street"}}
Read = Callable[..., TrainerSettings]


def other(option: Option) -> Any:
    """A plain value that is good, and not the default."""
    if option.choices:
        return next(choice for choice in option.choices if choice != option.default)
    if option.default == ():
        return ("features=8", "dropout=0.25")
    if isinstance(option.default, tuple):
        return (64, 96)
    if isinstance(option.default, float):
        return option.default / 2 or 0.25
    return f"{option.default}x" if isinstance(option.default, str) else option.default + 20


def expected(name: str, value: Any) -> TrainSettings:
    """The settings that Python makes of it."""
    if name == "network_settings":
        value = {"features": 8, "dropout": 0.25}
    if name == "class_map":
        value = {"features": "8", "dropout": "0.25"}
    if name in AugmentSettings.__dataclass_fields__:
        return TrainSettings(augment=AugmentSettings(**{name: value}))
    return TrainSettings(**{name: value}, **WITH.get(name, {}))


@pytest.fixture
def read() -> Iterator[Read]:
    """The settings of a node whose parameters are given from outside."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def do(**values: Any) -> TrainerSettings:
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        nodes.append(rclpy.create_node("node", context=context, parameter_overrides=overrides))
        declare_table(nodes[-1], TrainerSettings)
        return read_table(nodes[-1], TrainerSettings)

    yield do
    for node in nodes:
        node.destroy_node()
    rclpy.shutdown(context=context)


def shell(option: Option, value: Any) -> list[str]:
    """The option and its value on a command line."""
    if option.flag == "scale":
        scale = {"scale_min": 0.75, "scale_max": 1.5, option.name: value}
        return ["--scale", str(scale["scale_min"]), str(scale["scale_max"])]
    flag = f"--{option.flag or option.name.replace('_', '-')}"
    if option.default == ():
        return [part for each in value for part in (flag, each)]
    return [flag, *map(str, value if isinstance(value, tuple) else [value])]


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_is_the_same_wherever_it_is_set(name: str, read: Read) -> None:
    value = other(OPTIONS[name])
    truth = expected(name, value)
    assert truth != TrainSettings()

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    beside = WITH.get(name, {})
    words = [word for key, each in beside.items() for word in shell(OPTIONS[key], each)]
    args = parser.parse_args(["data", "--out", "run", *shell(OPTIONS[name], value), *words])
    assert from_arguments(TrainSettings, args) == truth

    assert read(**JOB, **beside, **{name: ros_value(value)}).training == truth

    text = value if isinstance(value, str) else json.dumps(value)
    given = parse_value(name, text, OPTIONS[name].default)
    assert read(**JOB, **beside, **{name: given}).training == truth


def test_the_parameter_file_holds_the_defaults(read: Read) -> None:
    file = yaml.safe_load(parameter_file("trainer", TrainerSettings))["/**"]["ros__parameters"]
    assert file.keys() == options_of(TrainerSettings).keys()
    assert read(**{**file, **JOB}) == from_plain(TrainerSettings, JOB)


@pytest.mark.usefixtures("new_node")  # initializes rclpy
def test_descriptors_have_choices_and_limits() -> None:
    node = rclpy.create_node("node")
    declare_table(node, TrainerSettings)
    for name, option in options_of(TrainerSettings).items():
        found = node.describe_parameter(name)
        assert found.description.startswith(option.help)
        assert found.read_only
        ranges = [*found.floating_point_range, *found.integer_range]
        assert len(ranges) == (option.limits is not None)
        for each in ranges:
            low, high = option.limits
            low = min(low, option.default)  # which may stand for a choice
            assert (each.from_value, each.to_value) == pytest.approx((low, high))
        assert all(choice in found.additional_constraints for choice in option.choices)
    node.destroy_node()


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, each.limits[0] - 1) for name, each in OPTIONS.items() if each.limits],
)
def test_a_value_out_of_range_is_refused_by_name(name: str, value: float, read: Read) -> None:
    kind = type(OPTIONS[name].default)
    # ROS has one range, so that the table refuses what lies between it and a default of -1.
    with pytest.raises((InvalidParameterValueException, SettingsError), match=name):
        read(**JOB, **{name: kind(value)})
