"""Parameters and services of a node from the command line, without the ros2 CLI."""

from __future__ import annotations

import threading

import pytest

rclpy = pytest.importorskip("rclpy")

from rcl_interfaces.msg import SetParametersResult  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from std_srvs.srv import SetBool, Trigger  # noqa: E402

pytestmark = pytest.mark.ros


@pytest.fixture
def node(new_node):
    """A node with two parameters and two services, spinning."""
    made = new_node("robot")
    made.declare_parameter("rate", 5.0)
    made.declare_parameter("name", "a")
    made.add_on_set_parameters_callback(_refuse_negative)
    made.enabled = None

    def enable(request, response):
        made.enabled = request.data
        response.success, response.message = True, f"enabled {request.data}"
        return response

    def reload(request, response):
        response.success, response.message = False, "the file is damaged"
        return response

    made.create_service(SetBool, "~/enable", enable)
    made.create_service(Trigger, "~/reload", reload)
    executor = SingleThreadedExecutor()
    executor.add_node(made)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield made
    executor.shutdown()
    thread.join()


def _refuse_negative(parameters):
    bad = [each for each in parameters if each.name == "rate" and each.value < 0]
    return SetParametersResult(successful=not bad, reason="rate is below 0" if bad else "")


@pytest.fixture
def control(node, ros_process):
    def do(*words):
        process = ros_process("segnet_ros.ros.control", *words)
        output = process.communicate(timeout=60)[0]
        return process.returncode, output.strip()

    return do


def test_parameters_are_set_and_read(node, control):
    assert control("/robot", "rate=2.5", "name=b") == (0, "set")
    assert (node.get_parameter("rate").value, node.get_parameter("name").value) == (2.5, "b")
    assert control("/robot", "rate", "name") == (0, "rate: 2.5\nname: b")
    code, said = control("/robot", "rate=-1.0", "name=c")
    assert (code, said) == (1, "refused: rate is below 0")
    assert node.get_parameter("name").value == "b"  # all or nothing


def test_services_are_called(node, control):
    assert control("/robot/enable", "false") == (0, "enabled False")
    assert node.enabled is False
    assert control("/robot/reload") == (1, "the file is damaged")


def test_what_does_not_answer_is_named_with_what_does(node, control):
    code, said = control("/nobody")
    assert code == 1
    assert "no node or service /nobody answers; there are" in said
    assert "/robot" in said
