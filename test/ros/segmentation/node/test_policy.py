"""config/segnet_policy.xml allows the node what it does, and others no more than they need."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from segnet_ros.live.views import VIEWS

POLICY = Path(__file__).parents[4] / "config" / "segnet_policy.xml"
# What may stand within what, and with which attributes: sros2's policy.xsd.
CHILDREN = {
    "policy": {"enclaves"},
    "enclaves": {"enclave"},
    "enclave": {"profiles"},
    "profiles": {"profile"},
    "profile": {"topics", "services", "actions"},
    "topics": {"topic"},
    "services": {"service"},
    "topic": set(),
    "service": set(),
}
ATTRIBUTES = {
    "policy": {"version"},
    "enclave": {"path"},
    "profile": {"ns", "node"},
    "topics": {"publish", "subscribe"},
    "services": {"reply", "request"},
}
# What the node does only in some settings, or where a package is installed.
SOMETIMES = {
    "/clock", "/odom", "/tf", "/tf_static", "/segmentation/drivable_map_updates",
    "/segmentation/label_info", "/segmentation/speed_limit",
}  # fmt: skip
CHANGES = {
    f"/segmentation/{name}"
    for name in (
        "change_state", "reload_weights", "set_enabled", "set_parameters",
        "set_parameters_atomically",
    )
}  # fmt: skip


def enclave(path):
    (found,) = ElementTree.parse(POLICY).getroot().findall(f"./enclaves/enclave[@path='{path}']")
    return found


def resolved(name, profile):
    """As sros2's templates do it."""
    place = profile.get("ns").rstrip("/") + "/"
    if name.startswith("~"):
        return f"{place}{profile.get('node')}{name[1:]}"
    return name if name.startswith("/") else place + name


def allowed(path, what):
    """Full names that an enclave may "publish", "subscribe", "reply" or "request"."""
    return {
        resolved(each.text.strip(), profile)
        for profile in enclave(path).iter("profile")
        for group in profile
        if group.get(what) == "ALLOW"
        for each in group
    }


def test_it_is_of_sros2s_form():
    def check(element):
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, set()), element.tag
        assert {child.tag for child in element} <= CHILDREN[element.tag], element.tag
        assert bool(len(element)) == bool(CHILDREN[element.tag])
        for child in element:
            check(child)

    root = ElementTree.parse(POLICY).getroot()
    assert root.get("version") == "0.2.0"
    check(root)


@pytest.fixture(scope="module")
def running(client, start_node, weights, wait):
    """Asks what the running node has on the network."""
    start_node(weights=weights).wait_for("ready")
    of_node = client.node.get_service_names_and_types_by_node

    def ready():
        try:
            return len(of_node("segmentation", "/")) >= 14
        except RuntimeError:  # it is not found yet
            return False

    wait(ready, "the node with its services", 40)  # a lost discovery takes 20 s

    def ask(kind):
        found = getattr(client.node, f"get_{kind}_names_and_types_by_node")("segmentation", "/")
        return {name for name, _ in found}

    return ask


@pytest.mark.parametrize(
    ("kind", "what"), [("publisher", "publish"), ("subscriber", "subscribe"), ("service", "reply")]
)
def test_the_node_is_allowed_what_it_does_and_no_more(running, wait, kind, what):
    may = allowed("/segmentation", what)
    wait(lambda: may - SOMETIMES <= running(kind), f"{may - SOMETIMES - running(kind)}")
    assert running(kind) <= may


def test_the_node_asks_nobody(running):
    assert not running("client")
    assert not allowed("/segmentation", "request")


def test_the_camera_alone_says_what_it_sees():
    pictures = allowed("/segmentation", "subscribe") - SOMETIMES
    assert pictures < allowed("/camera", "publish")
    for other in ("/planner", "/operator", "/segmentation"):
        assert not pictures & allowed(other, "publish")


def test_the_node_alone_answers():
    outputs = {name for name in allowed("/segmentation", "publish") if "/segmentation/" in name}
    for other in ("/planner", "/operator", "/camera", "/live"):
        assert not outputs & allowed(other, "publish")
        assert allowed(other, "subscribe") & outputs <= outputs
        assert not allowed(other, "reply")


def test_only_the_operator_changes_the_node():
    assert allowed("/operator", "request") == allowed("/segmentation", "reply")
    assert allowed("/operator", "request") > CHANGES
    for other in ("/planner", "/camera"):
        assert not allowed(other, "request")


def test_the_live_page_can_only_look():
    assert allowed("/live", "subscribe") == {
        view.name("/segmentation", "") for view in VIEWS.values()
    }
    assert allowed("/live", "publish") == {"/parameter_events", "/rosout"}
    assert not allowed("/live", "reply") | allowed("/live", "request")


def test_a_planner_hears_what_it_needs():
    needed = {
        "mask", "confidence", "label_info", "drivable", "drivable_grid", "drivable_map",
        "obstacle_scan", "obstacle_points", "stats",
    }  # fmt: skip
    assert {f"/segmentation/{name}" for name in needed} <= allowed("/planner", "subscribe")
