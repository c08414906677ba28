"""Another network while images come: none is lost, and none is mixed up."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from std_srvs.srv import Trigger

from segnet_ros.segmentation.messages import ClassMap

pytestmark = pytest.mark.ros

NODE = "/segmentation"


def test_weights_change_between_two_frames_and_none_is_lost(operator, networks, stream):
    answers = [5, 3, 0, 5, 0, 3]
    with stream() as images:
        for answer in answers:
            assert operator.change(weights=str(networks[answer])).successful
            assert images.next_answer() == answer
    assert images.phases == [0, *answers]


@pytest.mark.skipif(ClassMap is None, reason="segnet_ros.msg is not built")
def test_the_classes_are_announced_before_the_first_mask_of_new_weights(operator, networks, stream):
    with stream() as images:
        for answer in (3, 5, 0):
            assert operator.change(weights=str(networks[answer])).successful
            assert images.next_answer() == answer
    announced, answers = [], []
    for kind, *what in images.heard:
        if kind == "map":
            announced.append(what[0])
            continue
        if answers[-1:] != what[1:]:
            answers.append(what[1])
        # Two topics: the next map may already be heard before the last mask of the old network.
        assert str(networks[what[1]]) == announced[len(answers) - 1]
    assert answers == [0, 3, 5, 0]
    assert operator.class_map().weights == str(networks[0])


def test_all_goes_on_while_a_network_loads_but_transitions_wait(
    client, operator, node, networks, gate, stream, wait
):
    health = client.listen("/diagnostics", DiagnosticArray)
    with stream() as images:
        gate.unlink()
        loads = node.text.count("loading")
        setting = operator.begin_change(weights=str(networks[5]))
        wait(lambda: node.text.count("loading") > loads, "the loading")
        impossible = Transition(id=Transition.TRANSITION_CONFIGURE)
        request = ChangeState.Request(transition=impossible)
        changing = operator.ask(ChangeState, f"{NODE}/change_state", request)
        for _ in range(5):
            assert images.next_answer() == 0
        while not health.queue.empty():
            health.queue.get()
        _, values = client.diagnostics(health, lambda status, values: True)
        assert values["weights"] == operator.weights == str(networks[0])
        state = client.call(GetState, f"{NODE}/get_state", GetState.Request())
        assert state.current_state.label == "active"
        assert not setting.done()
        assert not changing.done()
        gate.touch()
        wait(lambda: setting.done() and changing.done(), "the answers")
        assert setting.result().results[0].successful
        assert not changing.result().success
        assert images.next_answer() == 5
        client.diagnostics(health, lambda status, values: values["weights"] == operator.weights)
    client.forget("/diagnostics")


def test_it_ends_cleanly_while_a_network_loads(
    start_node, operator, networks, gated, tmp_path, wait
):
    gate = tmp_path / "open"
    gate.touch()
    node = start_node("-r", "__ns:=/ending", before=gated(gate), weights=networks[0])
    node.wait_for("ready")
    gate.unlink()
    operator.ask(Trigger, "/ending/segmentation/reload_weights", Trigger.Request())
    wait(lambda: node.text.count("loading") == 2, "the loading")
    node.process.send_signal(signal.SIGINT)
    time.sleep(0.3)  # it could end now, but for the loading
    assert node.process.poll() is None
    gate.touch()
    assert node.wait() == 0
    for word in ("Traceback", "[ERROR]", "never", "ignored"):
        assert word not in node.text


def memory_of(process):
    """Resident, in MiB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (used,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
    return int(used) / 1024


@pytest.mark.slow
def test_many_reloads_under_load_lose_nothing_and_leave_nothing(operator, node, networks, stream):
    used = []
    with stream() as images:
        for answer in [5, 3, 0] * 10:
            assert operator.change(weights=str(networks[answer])).successful
            assert operator.reload().success
            assert images.next_answer() == answer
            used.append(memory_of(node.process))
    assert images.phases == [0, *[5, 3, 0] * 10]
    assert used[-1] < used[9] + 20
