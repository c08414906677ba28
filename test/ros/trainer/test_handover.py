"""Weights handed over to a node with the parameter `weights`, and taken back."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy")

from rcl_interfaces.msg import SetParametersResult  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402

from segnet_model.base.errors import SettingsError  # noqa: E402
from segnet_ros.trainer import handover as module  # noqa: E402
from segnet_ros.trainer.chain import FILE, FOLDER, MOST, Chain  # noqa: E402
from segnet_ros.trainer.handover import Answer, Handover  # noqa: E402

pytestmark = pytest.mark.ros
NewNode = Callable[[str], Any]


def weights(folder: Path, name: str) -> Path:
    """A file that is no network: who hands it over does not look into it."""
    path = folder / f"{name}.safetensors"
    path.write_bytes(name.encode())
    return path


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return weights(tmp_path, "origin")


@pytest.fixture
def chain(tmp_path: Path, origin: Path) -> Chain:
    return Chain(tmp_path / "out", str(origin))


class Robot:
    """The trainer's side, and a node that runs weights, in one executor."""

    def __init__(self, new_node: NewNode, chain: Chain, value: str | None) -> None:
        self.executor = SingleThreadedExecutor()
        self.refuse = ""
        self.node = None
        if value is not None:
            self.node = new_node("seeing")
            self.node.declare_parameter("weights", value)
            self.node.add_on_set_parameters_callback(self._check)
            self.executor.add_node(self.node)
        trainer = new_node("learning")
        self.executor.add_node(trainer)
        self.handover = Handover(trainer, "seeing", chain)
        if value is not None:
            self.spin_until(lambda: not self.handover.reason)

    def _check(self, changes: Any) -> SetParametersResult:
        return SetParametersResult(successful=not self.refuse, reason=self.refuse)

    @property
    def runs(self) -> str:
        assert self.node is not None
        return str(self.node.get_parameter("weights").value)

    def spin_until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 40
        while not condition():
            assert time.monotonic() < end
            self.executor.spin_once(timeout_sec=0.05)
            self.handover.poll()

    def ask(self, what: str, *arguments: Any) -> Answer:
        answers: list[Answer] = []
        getattr(self.handover, what)(*arguments, answers.append)
        self.spin_until(lambda: answers)
        assert not self.handover.busy
        return answers[0]


def test_better_weights_are_given_and_taken_back(
    new_node: NewNode, chain: Chain, origin: Path, tmp_path: Path
) -> None:
    robot = Robot(new_node, chain, str(origin))
    for name in ("one", "two"):
        link = chain.stored(weights(tmp_path, name))
        answer = robot.ask("give", link, chain.newest)
        assert answer.done, answer.text
        assert robot.runs == link.weights
        assert Path(robot.runs).read_text() == name
    again = Chain(tmp_path / "out", str(origin))  # as after a restart
    assert again.links == chain.links
    for name in ("one", "origin"):
        answer = robot.ask("restore")
        assert answer.done, answer.text
        assert Path(robot.runs).read_text() == name
    answer = robot.ask("restore")
    assert not answer.done
    assert "which the trainer began with" in answer.text
    assert Path(robot.runs) == origin


def test_a_node_that_is_not_there_is_named(new_node: NewNode, chain: Chain) -> None:
    robot = Robot(new_node, chain, None)
    assert robot.handover.reason == (
        "there is no node seeing; start it, or set hand_to to its name"
    )
    answer = robot.ask("restore")
    assert (answer.done, answer.text) == (False, robot.handover.reason)


def test_weights_that_were_not_compared_stay(
    new_node: NewNode, chain: Chain, origin: Path, tmp_path: Path
) -> None:
    one = chain.stored(weights(tmp_path, "one"))
    chain.extend(one, chain.origin)
    two = chain.stored(weights(tmp_path, "two"))
    robot = Robot(new_node, chain, str(origin))  # started anew, without what was given
    answer = robot.ask("give", two, one)
    assert not answer.done
    assert "with which these were not compared" in answer.text
    assert robot.runs == str(origin)
    assert robot.ask("find_running") == Answer(True, str(origin))


def test_a_node_that_runs_other_weights_keeps_them(
    new_node: NewNode, chain: Chain, tmp_path: Path
) -> None:
    own = weights(tmp_path, "own")
    robot = Robot(new_node, chain, str(own))
    link = chain.stored(weights(tmp_path, "one"))
    for answer in (robot.ask("give", link, chain.origin), robot.ask("restore")):
        assert not answer.done
        assert "neither began with nor gave it; give that as init" in answer.text
    assert robot.runs == str(own)


def test_a_refusal_leaves_the_chain_as_it_was(
    new_node: NewNode, chain: Chain, origin: Path, tmp_path: Path
) -> None:
    robot = Robot(new_node, chain, str(origin))
    robot.refuse = "no such device"
    answer = robot.ask("give", chain.stored(weights(tmp_path, "one")), chain.origin)
    assert not answer.done
    assert answer.text.endswith("no such device")
    assert robot.runs == str(origin)
    assert chain.links == [chain.origin]
    assert Chain(tmp_path / "out", str(origin)).links == [chain.origin]


def test_a_node_that_does_not_answer_is_given_up(
    new_node: NewNode, chain: Chain, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    robot = Robot(new_node, chain, str(origin))
    robot.executor.remove_node(robot.node)  # it hangs
    monkeypatch.setattr(module, "ANSWER_S", 0.3)
    answer = robot.ask("find_running")
    assert (answer.done, answer.text) == (False, "seeing has not answered for 0.3 s")


def test_a_chain_keeps_few_files(chain: Chain, tmp_path: Path) -> None:
    for index in range(MOST + 3):
        chain.extend(chain.stored(weights(tmp_path, f"w{index}")), chain.newest)
    files = sorted(path.read_text() for path in (tmp_path / "out" / FOLDER).iterdir())
    assert files == [f"w{index}" for index in range(3, MOST + 3)]
    assert len(chain.links) == MOST + 1
    assert chain.find(chain.links[2].weights) == chain.links[2]
    shutil.rmtree(tmp_path / "out" / FOLDER)
    again = Chain(tmp_path / "out", chain.origin.weights)
    assert again.links == [chain.origin]  # what is gone is in no chain


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weights": []}', '{"weights": [{"a": 1}]}'])
def test_a_damaged_list_is_refused(tmp_path: Path, origin: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SettingsError, match="move it away to begin with"):
        Chain(tmp_path, str(origin))


def test_a_chain_of_other_weights_is_refused(chain: Chain, tmp_path: Path) -> None:
    chain.extend(chain.stored(weights(tmp_path, "one")), chain.origin)
    assert json.loads((tmp_path / "out" / FILE).read_text())["weights"]
    other = weights(tmp_path, "other")
    with pytest.raises(SettingsError, match="give it as init, or another out"):
        Chain(tmp_path / "out", str(other))
