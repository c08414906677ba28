"""The program `live`: how it starts, how it ends, and what it says where it cannot."""

from __future__ import annotations

import signal
import socket
import time
from contextlib import suppress

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("aiohttp")

from segnet_ros.live.program import main
from segnet_ros.live.server import is_local, names_of

pytestmark = pytest.mark.ros


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--host", "192.0.2.77"), "192.0.2.77 is no address of this computer; `ip address`"),
        (("--host", "no.such.host.invalid"), "no.such.host.invalid is no address of this"),
        (("--node", "/a b"), "node: "),
        (("--node", "segmentation"), "give the full name, as /robot1/segmentation"),
        (("--port", "70000"), "port is 70000; give 0 to 65535"),
        (("--max-rate", "0"), "max_rate is 0.0; give 0.5 to 1000"),
        (("--max-rate", "0.2"), "max_rate is 0.2; give 0.5 to 1000"),  # page.js gives up after 5 s
    ],
)
def test_bad_input_ends_with_the_reason_and_the_mend(arguments, says, capsys):
    assert main(arguments) == 1
    assert says in capsys.readouterr().err


def test_a_port_in_use_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"live: port {port} of 127.0.0.1 is in use; stop the other program, or give another "
        "--port\n"
    )


def test_without_the_extra_it_says_how_to_install_it(programs):
    process = programs.fork(
        "segnet_ros.live.program", before="import sys; sys.modules['aiohttp'] = None"
    )
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "aiohttp is not installed" in said
    assert "pip install 'segnet_ros[live]'" in said


def test_help_teaches_the_way_from_another_computer(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for line in ("ssh -L 8080:localhost:8080 robot", "--host 0.0.0.0", "--node NAME"):
        assert line in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(start, number):
    program = start("--port", "0")
    assert program.port
    program.process.send_signal(number)
    assert program.process.wait(20) == 0
    assert "Traceback" not in program.text


def test_only_a_wide_host_is_warned_of(start):
    local = start("--port", "0")
    assert local.wait_for(r"ssh -L (\d+):localhost:\1 ")
    wide = start("--port", "0", "--host", "0.0.0.0")
    wide.wait_for(r"WARN.*everybody who reaches 0\.0\.0\.0:\d+ can look through the camera")
    assert "WARN" not in local.text


QUICK = "import segnet_ros.live.watch as watch; watch.START_TIME = 0.5"


def test_a_missing_node_is_named_with_those_there(start, robot):
    program = start("--port", "0", "--node", "/nobody", before=QUICK)
    program.wait_for(r"there is no node /nobody in this ROS domain; give --node /segmentation")


def test_a_node_that_comes_later_is_found(start, make_robot):
    program = start("--port", "0", before=QUICK)
    program.wait_for(r"there is no node /segmentation in this ROS domain; start it")
    make_robot()
    program.wait_for("/segmentation is there")


def test_it_offers_ros_nothing_but_its_log(start, robot):
    """As its enclave in config/segnet_policy.xml, which would not let it start with more."""
    assert start("--port", "0").port
    page, node = ("live_page", "/"), robot.node
    published, until = set(), time.monotonic() + 30
    while published < {"/parameter_events", "/rosout"}:
        assert time.monotonic() < until, published
        time.sleep(0.1)
        with suppress(RuntimeError):  # it is not found yet
            published = {n for n, _ in node.get_publisher_names_and_types_by_node(*page)}
    time.sleep(1.0)  # what is discovered late
    assert {n for n, _ in node.get_publisher_names_and_types_by_node(*page)} == published
    assert published == {"/parameter_events", "/rosout"}
    assert node.get_service_names_and_types_by_node(*page) == []
    assert node.get_client_names_and_types_by_node(*page) == []


def test_addresses_of_this_computer_alone():
    assert all(map(is_local, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_local, ("0.0.0.0", "::", "192.168.1.5", "robot.local")))


def test_names_do_not_depend_on_case():
    assert {"localhost", "robot.lan"} <= names_of("127.0.0.1", ["Robot.LAN"])
