"""Playback of the demo: the node in its own process, a bag played to it, its answers recorded."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from segnet_model.bags.messages import TRANSPORTS
from segnet_model.base.errors import SegNetError
from segnet_model.base.progress import progress_bar
from segnet_model.base.topics import info_topic
from segnet_ros.bags.player import BagPlayer
from segnet_ros.bags.recorder import BagRecorder
from segnet_ros.demo.frames import DRIVABLE, GRID, MAP, MASK, OTHERS, UNCERTAINTY
from segnet_ros.demo.node import node_process, set_transport_profile

START_TIMEOUT = 90.0  # seconds; PyTorch alone takes ten to load on a slow disk
DRAIN_TIMEOUT = 5.0  # seconds for the last frame's other answers
QUIET = ["--ros-args", "--log-level", "warn"]
ANSWERS = (MASK, UNCERTAINTY, DRIVABLE)


@dataclass(frozen=True)
class Playback:
    """A bag to play to the node, and the outputs.

    Attributes:
        bag: to play.
        topic: of its images.
        type: of its images, e.g. "sensor_msgs/msg/Image".
        weights: for the node, a path or a shipped name.
        out: the bag to record into.
        log: file for what the node prints.
        ground: the node's parameters that say where the camera is mounted and how the robot
            moves; empty where unknown.
    """

    bag: Path
    topic: str
    type: str
    weights: str
    out: Path
    log: Path
    ground: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def answers(self) -> tuple[str, ...]:
        """Topics of answers; each image gets one on all of `ANSWERS`."""
        return (*ANSWERS, GRID, MAP) if self.ground else ANSWERS


def play_and_record(playback: Playback) -> dict[int, int]:
    """Play the bag and record the node's answers.

    Returns:
        The stamp in the bag for each stamp as published, nanoseconds, in the order of playing.

    Raises:
        SegNetError: the node did not start, or the bags cannot be read or written.
    """
    sent: dict[int, int] = {}
    with _ros(), node_process(playback.log, _node_arguments(playback)) as process:
        player, recorder = _player(playback), _recorder(playback)
        executor = SingleThreadedExecutor()
        for node in (player, recorder):
            executor.add_node(node)
        try:
            _await_node(playback, process, executor, recorder)
            print("playing to it", flush=True)
            with progress_bar("playing") as progress:
                player.play(executor.spin_once, lambda old, new: sent.update({new: old}), progress)
            _drain(executor, recorder, len(sent) - player.missed)
            recorder.close()
        finally:
            recorder.destroy_node()
            player.destroy_node()
    return sent


@contextmanager
def _ros() -> Iterator[None]:
    set_transport_profile()
    # Signals stay Python's: they end the whole demo, and so the node, and not just rclpy.
    rclpy.init(args=QUIET, signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield
    finally:
        rclpy.try_shutdown()


def _node_arguments(playback: Playback) -> list[str]:
    # Reliable, because here every frame counts; a robot's camera is better taken best effort.
    values = {
        "weights": playback.weights, "transport": TRANSPORTS[playback.type],
        "reliability": "reliable", **playback.ground,
    }  # fmt: skip
    words = [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]
    info = info_topic(playback.topic)
    return ["-r", f"image:={playback.topic}", "-r", f"camera_info:={info}", *words]


def _player(playback: Playback) -> BagPlayer:
    # Two listeners: the node and the recorder.
    values = {"bag": str(playback.bag), "topic": playback.topic, "wait_for": MASK, "listeners": 2}
    return BagPlayer(parameter_overrides=_parameters({**values, "restamp": True}))


def _recorder(playback: Playback) -> BagRecorder:
    topics = [playback.topic, *playback.answers, *OTHERS]
    values = {"out": str(playback.out), "topics": topics}
    return BagRecorder(parameter_overrides=_parameters(values))


def _parameters(values: Mapping[str, object]) -> list[Parameter]:
    return [Parameter(name, value=value) for name, value in values.items()]


def _await_node(
    playback: Playback,
    process: subprocess.Popen[bytes],
    executor: SingleThreadedExecutor,
    recorder: BagRecorder,
) -> None:
    """Wait until the node has subscribed and its answers are recorded."""

    def ready() -> bool:
        if process.poll() is not None:
            raise SegNetError(f"the node ended at once:\n{_tail(playback.log)}")
        return bool(recorder.count_subscribers(playback.topic)) and recorder.counts.keys() >= {
            *playback.answers
        }

    print("starting the node", flush=True)
    if not _spin_until(executor, ready, START_TIMEOUT):
        raise SegNetError(f"the node did not start in {START_TIMEOUT:g} s:\n{_tail(playback.log)}")


def _drain(executor: SingleThreadedExecutor, recorder: BagRecorder, count: int) -> None:
    _spin_until(
        executor,
        lambda: all(recorder.counts[topic] >= count for topic in ANSWERS),
        DRAIN_TIMEOUT,
    )


def _spin_until(
    executor: SingleThreadedExecutor, condition: Callable[[], bool], seconds: float
) -> bool:
    end = monotonic() + seconds
    while not condition():
        if monotonic() > end:
            return False
        executor.spin_once(0.05)
    return True


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
