"""The table of parameters: declared, checked and read on a real node."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")
import rclpy
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
)
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from segnet_model.base.choices import ENGINES
from segnet_model.base.tables import LIVE, OF_WEIGHTS, RELOAD, AnswerSettings
from segnet_model.driving.settings import GroundSettings
from segnet_ros.ros.parameter_table import CONFIGURE, START, declare_table, read_table
from segnet_ros.segmentation.ground import Ground
from segnet_ros.segmentation.parameters import (
    TABLE,
    affect_network,
    changed,
    conflict,
    network_values,
    part,
    refusals,
)
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.transforms import Transforms

pytestmark = pytest.mark.ros

CONFIG = Path(__file__).parents[3] / "config" / "segnet.yaml"


@pytest.fixture(scope="module")
def context():
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    rclpy.shutdown(context=context)


@pytest.fixture
def make_node(context):
    nodes = []

    def make(**values):
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        node = rclpy.create_node("test", context=context, parameter_overrides=overrides)
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        node.destroy_node()


def test_defaults_are_those_of_the_table(make_node):
    node = make_node()
    declare_table(node, NodeSettings)
    assert read_table(node, NodeSettings) == NodeSettings()


@pytest.mark.parametrize("kind", [AnswerSettings, GroundSettings])
def test_the_node_and_the_commands_have_the_same_defaults(kind):
    assert part(NodeSettings(), kind) == kind()


def test_values_from_outside_are_read(make_node):
    node = make_node(drivable_classes=["Road", "", "Pavement"], overlay_alpha=0.25, threads=3)
    declare_table(node, NodeSettings)
    expected = NodeSettings(drivable_classes=("Road", "Pavement"), overlay_alpha=0.25, threads=3)
    assert read_table(node, NodeSettings) == expected


def test_the_yaml_file_holds_every_parameter_with_its_default(make_node):
    values = yaml.safe_load(CONFIG.read_text())["/**"]["ros__parameters"]
    assert values.keys() == TABLE.keys()
    node = make_node(**values)
    declare_table(node, NodeSettings)
    assert read_table(node, NodeSettings) == NodeSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_uncertainty", 1.5),
        ("max_uncertainty", -1.1),
        ("max_uncertainty", float("nan")),
        ("overlay_alpha", 2.0),
        ("threads", -1),
        ("diagnostics_period", 0.0),
    ],
)
def test_out_of_range_is_refused_at_the_start(make_node, name, value):
    node = make_node(**{name: value})
    with pytest.raises(InvalidParameterValueException, match=name):
        declare_table(node, NodeSettings)


def test_a_wrong_type_is_refused_at_the_start(make_node):
    node = make_node(max_uncertainty="high")
    with pytest.raises(InvalidParameterTypeException, match="max_uncertainty"):
        declare_table(node, NodeSettings)


def test_out_of_range_keeps_the_old_value(make_node):
    node = make_node()
    declare_table(node, NodeSettings)
    (result,) = node.set_parameters([Parameter("max_uncertainty", value=1.01)])
    assert not result.successful
    assert "max_uncertainty" in result.reason
    assert read_table(node, NodeSettings).max_uncertainty == OF_WEIGHTS
    (result,) = node.set_parameters([Parameter("max_uncertainty", value=1.0)])
    assert result.successful
    assert read_table(node, NodeSettings).max_uncertainty == 1.0


def test_read_only_parameters_cannot_be_set(make_node):
    node = make_node()
    declare_table(node, NodeSettings)
    for name in ("autostart", "diagnostics_period"):
        (result,) = node.set_parameters([node.get_parameter(name)])
        assert not result.successful


def test_every_description_says_when_the_value_applies(make_node):
    node = make_node()
    declare_table(node, NodeSettings)
    for name in TABLE:
        descriptor = node.describe_parameter(name)
        assert descriptor.description.endswith((LIVE, RELOAD, CONFIGURE, START))
        assert descriptor.read_only == descriptor.description.endswith(START)
    (limits,) = node.describe_parameter("max_uncertainty").floating_point_range
    assert (limits.from_value, limits.to_value) == (-1.0, 1.0)  # -1 stands for the weights'
    assert (
        node.describe_parameter("transport").additional_constraints
        == "one of: raw, compressed, ffmpeg"
    )


@pytest.mark.parametrize("configured", [False, True])
def test_live_parameters_may_change_at_any_time(configured):
    changes = [
        Parameter("max_uncertainty", value=0.1),
        Parameter("overlay_alpha", value=1.0),
        Parameter("use_sim_time", value=True),  # not ours to judge
    ]
    assert refusals(changes, configured) == ""


@pytest.mark.parametrize("name", [n for n, r in TABLE.items() if r.applies == CONFIGURE])
def test_parameters_of_configure_are_refused_while_configured(name):
    default = TABLE[name].default
    change = Parameter(name, value=list(default) or [""] if isinstance(default, tuple) else default)
    assert refusals([change], configured=False) == ""
    reason = refusals([change], configured=True)
    assert reason.startswith(name)
    assert "clean it up" in reason


OF_NETWORK = {n for n, r in TABLE.items() if r.applies == RELOAD}


def test_parameters_of_the_network_may_change_at_any_time():
    assert {"weights", "device", "uncertainty", "drivable_classes"} <= OF_NETWORK
    assert refusals([Parameter("weights", value="new")], configured=True) == ""
    assert "none of" in refusals([Parameter("engine", value="coffee")], configured=True)


def test_changed_settings():
    changes = [
        Parameter("samples", value=7),
        Parameter("drivable_classes", value=["Road", ""]),
        Parameter("use_sim_time", value=True),  # not of the table
    ]
    assert changed(NodeSettings(), changes) == NodeSettings(samples=7, drivable_classes=("Road",))
    assert changed(NodeSettings(samples=3), []) == NodeSettings(samples=3)


def test_network_values():
    found = network_values(NodeSettings(samples=7, drivable_classes=("Road",), overlay_alpha=1.0))
    assert found.keys() == OF_NETWORK
    assert (found["samples"], found["drivable_classes"]) == (7, ("Road",))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["weights"], True),
        (["use_sim_time", "samples"], True),
        (["overlay_alpha", "threads", "use_sim_time"], False),
        ([], False),
    ],
)
def test_changes_that_affect_the_network(names, expected):
    assert affect_network([Parameter(name, value=1) for name in names]) == expected


def test_an_unknown_choice_is_refused_with_the_choices():
    reason = refusals([Parameter("transport", value="theora")], configured=False)
    assert reason == "transport 'theora' is none of raw, compressed, ffmpeg"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("cameras", ["front", "left/up"], "'left/up' cannot be a part of a topic"),
        ("cameras", ["a__b"], "cannot be a part of a topic"),
        ("cameras", ["front", "front"], "two cameras have the same name: front, front"),
        ("cameras", [f"camera{n}" for n in range(17)], "17 cameras; use several nodes"),
        ("base_frame", "", "it is empty; name the robot's frame"),
        ("output_size", [400], r"[400] is no size; give [width, height]"),
        ("output_size", [400, 0], "[400, 0] is no size"),
        ("output_size", [-4, 3], "is no size"),
        ("output_size", [400, 10**6], "is no size"),
    ],
)
def test_bad_values_are_refused_with_the_mend(name, value, reason):
    assert reason in refusals([Parameter(name, value=value)], configured=False)


def test_good_values_are_accepted():
    changes = [Parameter("cameras", value=["front", "rear_left"]),
               Parameter("output_size", value=[400, 200])]  # fmt: skip
    assert refusals(changes, configured=False) == ""


def test_all_reasons_are_given():
    changes = [Parameter("transport", value="x"), Parameter("reliability", value="y")]
    reason = refusals(changes, configured=False)
    assert "transport" in reason
    assert "reliability" in reason


def test_a_parameter_cannot_be_removed():
    assert "max_uncertainty" in refusals([Parameter("max_uncertainty")], configured=False)


@pytest.mark.parametrize(("end", "reason"), [(0, "sees no ground of the grid"), (1, "")])
def test_the_ground_can_be_mapped_at_the_limits(end, reason):
    """What is within them and cannot be would be taken, and leave the planner without a grid.

    At the least limits, the camera looks up at a grid 140 m away: this alone is the reason then.
    """
    names = [name for name in TABLE if name.startswith(("camera_", "grid_"))]
    ends = {name: TABLE[name].limits[end] for name in names if TABLE[name].limits}
    settings = NodeSettings(**ends | {"grid_resolution": 5.0, "camera_height": 100.0})
    # From 100 m above, so many pixels that each is narrower on the ground than a thing.
    info = CameraInfo(height=480, width=640, k=[400.0, 0, 319.5, 0, 400.0, 239.5, 0, 0, 1])
    ground = Ground(Transforms(None))
    until = time.monotonic() + 60
    while ground.projector(info, (480, 640), Header(), settings) is None and (
        not ground.reason or "being computed" in ground.reason
    ):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert reason in ground.reason
    assert bool(reason) == bool(ground.reason)
    ground.close()


def test_a_grid_of_too_many_cells_is_refused_with_the_mend():
    assert conflict(NodeSettings()) == ""
    reason = conflict(NodeSettings(grid_resolution=0.01))
    assert "grid_resolution" in reason
    assert "1500 x 1500 cells" in reason
    assert "coarser" in reason
    assert conflict(NodeSettings(grid_resolution=0.01, grid_length=5.0, grid_width=5.0)) == ""


def test_a_registered_engine_is_a_choice(monkeypatch):
    monkeypatch.setattr(ENGINES, "_entries", dict(ENGINES._entries))
    own = [Parameter("engine", value="mine")]
    assert "'mine' is none of auto, torch, openvino, onnx" in refusals(own, configured=False)
    ENGINES.register("mine", object())
    assert refusals(own, configured=False) == ""
