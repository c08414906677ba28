"""The trainer on live topics, as a process of its own: its buffer, and bad input."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import Program
from ros_client import WAIT, Client

rclpy = pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from segnet_model.base.errors import SettingsError  # noqa: E402
from segnet_model.base.options import from_plain  # noqa: E402
from segnet_model.datasets.buffer import list_buffered  # noqa: E402
from segnet_model.datasets.buffer.files import Name  # noqa: E402
from segnet_model.images.files import read_size  # noqa: E402
from segnet_ros.trainer.settings import TrainerSettings  # noqa: E402

pytestmark = pytest.mark.ros
Start = Callable[..., Program]
SIZE = (60, 80)
SECOND = 1_000_000_000


def view(look: int, seed: int = 0) -> np.ndarray:
    """A scene whose brightness is its look, 0 to 190."""
    image = np.full((*SIZE, 3), look, np.uint8)
    image[:, 40:] += 60
    return image + np.random.default_rng(seed).integers(0, 4, image.shape, np.uint8)


def message(image: np.ndarray, seconds: float) -> Image:
    made = Image(height=image.shape[0], width=image.shape[1], encoding="rgb8")
    made.step = 3 * image.shape[1]
    made.data = image.tobytes()
    made.header.stamp.sec, made.header.stamp.nanosec = int(seconds), round(seconds % 1 * SECOND)
    return made


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.close()


def start(ros_process: Start, out: Path, **values: Any) -> Program:
    given = {"source": "live", "out": out, "every": 0.0, "image_topic": "/camera/image_raw",
             "hand_to": "''", **values}  # fmt: skip
    words = (word for name, value in given.items() for word in ("-p", f"{name}:={value}"))
    return ros_process("segnet_ros.trainer.node", "--ros-args", *words)


class Camera:
    """Publishes, and waits until the trainer has looked at each image."""

    def __init__(self, client: Client) -> None:
        self.health = client.listen("/diagnostics", DiagnosticArray)
        self.client = client
        self.images = client.publisher("/camera/image_raw", Image, 10)

    def show(
        self, image: np.ndarray, seconds: float, wanted: Callable[[Any, dict[str, str]], bool]
    ) -> tuple[Any, dict[str, str]]:
        """Publish until the trainer's health is as wanted: a first image may be lost."""
        for _ in range(20):
            self.images.publish(message(image, seconds))
            with suppress(AssertionError):
                return self.state(wanted, 2.0)
        raise AssertionError("the trainer's health did not become what is wanted")

    def state(
        self, wanted: Callable[[Any, dict[str, str]], bool], timeout: float = WAIT
    ) -> tuple[Any, dict[str, str]]:
        return self.client.diagnostics(self.health, wanted, timeout)


def test_frames_of_places_are_kept_until_it_is_stopped(
    ros_process: Start, client: Client, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = start(ros_process, out, odometry="/odom", session="monday")
    camera = Camera(client)
    odometry = client.publisher("/odom", Odometry, 10)
    for index in range(12):
        place = Odometry()
        place.header.stamp.sec = 1000 + index
        place.pose.pose.position.x = 2.0 * index
        for _ in range(20):
            odometry.publish(place)
            time.sleep(0.1)  # so that it comes before the image
            camera.images.publish(message(view(10 * index), 1000 + index))
            with suppress(AssertionError):
                camera.state(lambda s, v, want=index + 1: int(v["kept"]) == want, 2.0)
                break
    status, values = camera.state(lambda s, v: int(v["kept"]) == 12)
    assert status.level == DiagnosticStatus.OK
    assert status.message == "12 frames to learn from, 0 held out"
    assert int(values["to learn from"]) == 12
    black = np.zeros((*SIZE, 3), np.uint8)
    camera.show(black, 1100, lambda s, v: any("black" in key for key in v))
    status, _ = camera.state(lambda s, v: s.level == DiagnosticStatus.WARN)
    assert "no image on /camera/image_raw for" in status.message
    answer = client.call(Trigger, "/trainer/restore", Trigger.Request())
    assert (answer.success, answer.message) == (False, "parameter hand_to is empty")
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=40)[0]
    assert process.returncode == 0, output
    assert "Traceback" not in output
    found = list_buffered(out / "buffer").learned
    names = [Name.read(path.name) for path in found]
    # The first images may have come before odometry was found.
    assert [name.place for name in names if name][4:] == [(2.0 * i, 0.0) for i in range(4, 12)]
    assert {path.parent.parent.name for path in found} == {"monday"}
    height, width = read_size(found[0])
    assert height * width == pytest.approx(288 * 384, rel=0.05)  # as the network sees them


def test_a_second_trainer_is_refused(ros_process: Start, client: Client, tmp_path: Path) -> None:
    start(ros_process, tmp_path / "run")
    Camera(client)
    second = start(ros_process, tmp_path / "run", image_topic="/other")
    output = second.communicate(timeout=40)[0]
    assert second.returncode == 1
    assert "another trainer is writing to" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda out: (out / "buffer" / "mine.txt").write_text("x"), "is no frame buffer"),
        (lambda out: (out / "buffer" / "frame_buffer.json").write_text("x"), "cannot be read"),
        (lambda out: (out / "handed.json").write_text("x"), "move it away to begin with"),
    ],
)
def test_what_earlier_runs_left_damaged_is_named(
    ros_process: Start, tmp_path: Path, prepare: Callable[[Path], Any], reason: str
) -> None:
    (tmp_path / "run" / "buffer").mkdir(parents=True)
    prepare(tmp_path / "run")
    process = start(ros_process, tmp_path / "run")
    output = process.communicate(timeout=40)[0]
    assert process.returncode == 1
    assert reason in output
    assert "Traceback" not in output


def test_a_disk_that_cannot_be_written_is_an_error_until_it_can(
    ros_process: Start, client: Client, tmp_path: Path
) -> None:
    """A file in the place of the session's folder stands for a full disk, as root may write all."""
    out = tmp_path / "run"
    start(ros_process, out, session="monday")
    camera = Camera(client)
    (out / "buffer" / "monday").write_text("")
    status, _ = camera.show(view(50), 1000, lambda s, v: s.level == DiagnosticStatus.ERROR)
    assert status.message.startswith("images are not kept: ")
    assert "the buffer stays as it is" in status.message
    (out / "buffer" / "monday").unlink()
    camera.show(view(60), 1001, lambda s, v: s.level != DiagnosticStatus.ERROR and v["kept"] == "1")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"dataset": "d"}, "dataset: of learning from labels, which source live has not"),
        ({"brightness": 0.5}, "brightness: of learning from labels"),
        ({"epochs": 3}, "epochs: of learning from labels"),
        ({"source": "recorded", "dataset": "d", "nice": 3}, "nice: without effect unless source"),
        ({"replay": "x", "worlds": 8}, "replay x takes the place of worlds"),
        ({"source": "lives"}, "source 'lives' is none of recorded, live"),
        ({"buffer_images": 3}, "buffer_images is 3; give 100 to 2000"),
    ],
)
def test_parameters_that_contradict_are_refused(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        from_plain(TrainerSettings, {"source": "live", "out": "o", **values})


def test_a_round_is_as_the_parameters_say() -> None:
    given = {"source": "live", "out": "o", "learning_rate": 1e-3, "replay": "old", "round_steps": 7}
    settings = from_plain(TrainerSettings, given)
    first = settings.adaptation("segnet_lite_outdoor")
    assert (first.learning_rate, first.replay, first.steps) == (1e-3, "old", 7)
    assert (first.batch_size, first.origin) == (4, None)  # adapt's own
    assert settings.adaptation("handed.safetensors").origin == "segnet_lite_outdoor"
