"""The trainer as a process of its own, over real topics."""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from programs import Program
from safetensors import safe_open

rclpy = pytest.importorskip("rclpy")
messages = pytest.importorskip("segnet_ros.msg")

from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from segnet_model.weights.checkpoint import load_weights  # noqa: E402

pytestmark = pytest.mark.ros
NewNode = Callable[[str], Any]
Start = Callable[..., Program]
TINY = {
    "network_settings": "['features=8']",
    "input_size": "[64, 96]",
    "batch_size": 2,
    "device": "cpu",
}
WAIT = 60.0  # seconds, after which a test has failed


class Listener:
    """Hears the trainer's progress and calls its service."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.heard: list[Any] = []
        latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.node.create_subscription(
            messages.TrainingProgress, "/trainer/progress", self.heard.append, latched
        )
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)

    def spin_until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < end, self.heard
            self._executor.spin_once(timeout_sec=0.05)

    def steps(self) -> list[int]:
        return [(m.epoch - 1) * m.steps + m.step for m in self.heard if m.epoch]

    def last(self, process: Program) -> Any:
        """What was published last by a process, once it ended."""
        self.spin_until(lambda: process.poll() is not None)
        progress = messages.TrainingProgress
        ends = {progress.DONE, progress.STOPPED, progress.FAILED}
        self.spin_until(lambda: self.heard and self.heard[-1].phase in ends)
        return self.heard[-1]


@pytest.fixture
def listener(new_node: NewNode) -> Listener:
    return Listener(new_node("listener"))


def start(ros_process: Start, **values: Any) -> Program:
    pairs = (("-p", f"{name}:={value}") for name, value in {**TINY, **values}.items())
    words = (word for pair in pairs for word in pair)
    return ros_process("segnet_ros.trainer.node", "--ros-args", *words)


def saved_step(out: Path) -> int:
    with safe_open(out / "training_state.safetensors", "pt") as file:
        return int(json.loads(file.metadata()["segnet_training"])["step"])


def test_a_data_set_becomes_weights(
    ros_process: Start, listener: Listener, dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = start(ros_process, dataset=dataset, out=out, epochs=4, evaluate_every=2)
    last = listener.last(process)
    output = process.communicate(timeout=WAIT)[0]
    assert process.returncode == 0, output
    assert f"weights: {out}/weights.safetensors" in output
    assert last.phase == last.DONE
    assert (last.epoch, last.epochs, last.step, last.steps) == (4, 4, 2, 2)
    assert last.weights == str(out / "weights.safetensors")
    assert last.seconds_left == 0
    assert last.seconds_elapsed > 0
    info = load_weights(out / "weights.safetensors")[1]
    assert last.miou == pytest.approx(info.metrics["val_miou"], abs=1e-3)
    assert last.best_miou >= last.miou
    assert info.network_settings == {"features": 8}
    assert {m.phase for m in listener.heard[:-1]} <= {last.TRAIN}


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, "service"])
def test_a_stopped_training_resumes(
    ros_process: Start, listener: Listener, dataset: Path, tmp_path: Path, by: Any
) -> None:
    values = {"dataset": dataset, "out": tmp_path / "run", "epochs": 500, "evaluate_every": 500}
    process = start(ros_process, **values)
    listener.spin_until(lambda: any(step > 3 for step in listener.steps()))
    if by == "service":
        client = listener.node.create_client(Trigger, "/trainer/stop")
        listener.spin_until(client.service_is_ready)
        answer = client.call_async(Trigger.Request())
        listener.spin_until(answer.done)
        assert answer.result().success
    else:
        process.send_signal(by)
    last = listener.last(process)
    output = process.communicate(timeout=WAIT)[0]
    assert process.returncode == 0, output
    assert "Traceback" not in output
    assert (last.phase, last.weights) == (last.STOPPED, "")
    before = saved_step(tmp_path / "run")
    assert before > 3
    if by == signal.SIGINT:
        listener.heard.clear()
        again = start(ros_process, **values)
        listener.spin_until(lambda: any(step > before + 1 for step in listener.steps()))
        again.send_signal(signal.SIGINT)
        assert f"going on from step {before} of 1000" in again.communicate(timeout=WAIT)[0]
        assert min(listener.steps()) > before
        assert saved_step(tmp_path / "run") > before + 1


def test_a_bag_with_labels_becomes_weights(
    ros_process: Start, listener: Listener, labeled_bag: Callable[[int], Path], tmp_path: Path
) -> None:
    bag, out = labeled_bag(5), tmp_path / "run"
    process = start(ros_process, bag=bag, labels_topic="/truth", out=out, epochs=1)
    last = listener.last(process)
    assert process.returncode == 0, process.communicate(timeout=WAIT)[0]
    assert last.phase == last.DONE
    assert len(list((out / "dataset" / "trainannot").iterdir())) == 7  # one is left out each side
    assert len(list((out / "dataset" / "valannot").iterdir())) == 1
    info = load_weights(out / "weights.safetensors")[1]
    assert info.training["images"] == 7
    assert "val_miou" in info.metrics


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dataset": "{tmp}/nothing"}, "a data set has train/ and trainannot/"),
        ({"dataset": "{tmp}", "bag": "{tmp}"}, "one of the parameters dataset"),
        ({"bag": "{tmp}/nothing", "labels_topic": "/truth"}, "there is no bag"),
        ({"bag": "{tmp}/nothing"}, "parameter labels_topic is empty"),
        ({"dataset": "{tmp}", "network": "segnot"}, "no network 'segnot'"),
    ],
)
def test_bad_input_is_logged_and_published(
    ros_process: Start, listener: Listener, dataset: Path, tmp_path: Path,
    values: dict[str, str], message: str,
) -> None:  # fmt: skip
    if "network" in values:
        values = {**values, "dataset": str(dataset)}
    values = {name: value.format(tmp=tmp_path) for name, value in values.items()}
    process = start(ros_process, out=tmp_path / "run", **values)
    last = listener.last(process)
    output = process.communicate(timeout=WAIT)[0]
    assert process.returncode == 1
    assert message in output
    assert "Traceback" not in output
    assert last.phase == last.FAILED
    assert message in last.message
    assert (last.epoch, last.weights) == (0, "")
    assert math.isnan(last.loss)


def test_a_parameter_out_of_range_ends_the_program(ros_process: Start) -> None:
    process = start(ros_process, epochs=0)
    output = process.communicate(timeout=WAIT)[0]
    assert process.returncode == 1
    assert "epochs is 0; give at least 1\n" in output
    assert "Traceback" not in output
