"""The program around the node: how it starts by itself, and how it ends."""

from __future__ import annotations

import signal

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

pytestmark = pytest.mark.ros


def check_clean_end(node, signal_number=signal.SIGINT):
    assert node.end(signal_number) == 0
    assert "Traceback" not in node.text
    assert "[ERROR]" not in node.text


def test_it_ends_cleanly_while_active(start_node, weights):
    node = start_node(weights=weights)
    node.wait_for("ready")
    check_clean_end(node)


def test_it_ends_cleanly_when_terminated(start_node, weights):
    node = start_node(weights=weights, forked=False)
    node.wait_for("ready")
    check_clean_end(node, signal.SIGTERM)


@pytest.mark.parametrize(
    "transitions",
    [
        [],
        [Transition.TRANSITION_CONFIGURE],
        [
            Transition.TRANSITION_CONFIGURE,
            Transition.TRANSITION_ACTIVATE,
            Transition.TRANSITION_ACTIVE_SHUTDOWN,
        ],
    ],
    ids=["unconfigured", "inactive", "finalized"],
)
def test_it_ends_cleanly_in_other_states(start_node, client, weights, transitions):
    node = start_node("-r", "__ns:=/quiet", weights=weights, autostart="false")
    service = "/quiet/segmentation/change_state"
    for transition in transitions or [Transition.TRANSITION_CLEANUP]:  # the latter is impossible
        request = ChangeState.Request(transition=Transition(id=transition))
        assert client.call(ChangeState, service, request).success == bool(transitions)
    assert node.end() == 0
    assert "Traceback" not in node.text


def test_it_fails_to_start_with_bad_weights(start_node, tmp_path):
    node = start_node(weights=tmp_path / "missing.safetensors", forked=False)
    assert node.wait() == 1
    assert f"cannot configure: weights {tmp_path}/missing.safetensors" in node.text
    assert "Traceback" not in node.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_uncertainty", "1.5"),
        ("max_uncertainty", "-0.1"),
        ("transport", "theora"),
        ("threads", "many"),
    ],
)
def test_it_fails_to_start_with_a_bad_parameter(start_node, name, value):
    node = start_node(**{name: value})
    assert node.wait() == 1
    assert name in node.text
    assert value in node.text
    assert "Traceback" not in node.text


def test_without_built_messages_it_does_without(start_node, client, wait, weights):
    node = start_node(
        "-r", "__ns:=/pip", before="sys.modules['segnet_ros.msg'] = None", forked=False,
        weights=weights,
    )  # fmt: skip
    node.wait_for("ready")
    wait(lambda: client.node.count_publishers("/pip/segmentation/mask") == 1, "the mask")
    assert client.node.count_publishers("/pip/segmentation/stats") == 0
    assert node.text.count("segnet_ros.msg is not built") == 1
    check_clean_end(node)
