"""The training in its thread, its parameters, and what the log says of it; no topics."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
messages = pytest.importorskip("segnet_ros.msg")

from rclpy.parameter import Parameter  # noqa: E402

from segnet_model.bags.reader import BagWriter  # noqa: E402
from segnet_model.base.errors import SettingsError  # noqa: E402
from segnet_model.base.options import from_plain  # noqa: E402
from segnet_model.training.tracking import Progress  # noqa: E402
from segnet_ros.ros.parameter_table import declare_table, read_table  # noqa: E402
from segnet_ros.trainer import job  # noqa: E402
from segnet_ros.trainer.node import describe  # noqa: E402
from segnet_ros.trainer.settings import TrainerSettings  # noqa: E402

pytestmark = pytest.mark.ros
Bag = Callable[[int], Path]
GRAY = np.full((64, 96, 3), 3, np.uint8)


def settings(tmp_path: Path, **values: Any) -> TrainerSettings:
    bag = {"bag": str(tmp_path / "drive"), "labels_topic": "/truth"}
    common = {"out": str(tmp_path / "run"), "network_settings": ("features=8",)}
    values = {**bag, **common, "input_size": (64, 96), "epochs": 1, **values}
    return from_plain(TrainerSettings, values)


def test_a_stop_during_the_extraction_keeps_the_images(labeled_bag: Bag, tmp_path: Path) -> None:
    labeled_bag(5)
    work = job.TrainingJob(settings(tmp_path))
    work.stop()
    work.run()
    assert work.status.phase == job.STOPPED
    assert len(list((tmp_path / "run" / "dataset" / "train").iterdir())) == 1
    again = job.TrainingJob(settings(tmp_path))
    again.run()
    assert again.status.phase == job.DONE


def test_a_bag_without_labels_at_its_end_is_trained_but_not_measured(
    labeled_bag: Bag, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    labeled_bag(2)
    work = job.TrainingJob(settings(tmp_path))
    work.run()
    assert work.status.phase == job.DONE
    assert work.status.progress is not None
    assert work.status.progress.miou is None
    assert "not measured" in caplog.text


def test_a_bag_whose_labels_fit_no_image_is_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "other") as bag:
        bag.write_image("/front", 1, "camera", GRAY)
        bag.write_labels("/truth", 2, "camera", GRAY[..., 0])
    work = job.TrainingJob(settings(tmp_path, bag=str(tmp_path / "other")))
    work.run()
    assert work.status.phase == job.FAILED
    said = work.status.message.splitlines()[0]
    bag = tmp_path / "other"
    assert said.startswith(f"none of 1 images on /front in {bag} has labels on /truth; ")
    assert "labels need their image's stamp" in said
    assert "--tolerance to segnet extract" in said  # the node has no such parameter
    assert "--labels-topic" not in said


def test_phases_are_those_of_the_message() -> None:
    names = messages.TrainingProgress
    ours = (job.EXTRACT, job.TRAIN, job.DONE, job.STOPPED, job.FAILED)
    assert ours == (names.EXTRACT, names.TRAIN, names.DONE, names.STOPPED, names.FAILED)


def test_the_log_gives_the_time_left() -> None:
    progress = Progress("training", 2, 60, 130, 6000, 0.5312, 1e-3, 0.4142, 10.0, 7265.0)
    assert describe(job.Status(job.TRAIN, "", progress=progress)) == (
        "epoch 2 of 60, step 130 of 6000: loss 0.531, val mIoU 0.414, 2:01:05 left"
    )
    resumed = replace(progress, loss=math.nan)  # and measured before the next step
    assert describe(job.Status(job.TRAIN, "", progress=resumed)) == (
        "epoch 2 of 60, step 130 of 6000: val mIoU 0.414, 2:01:05 left"
    )


@pytest.mark.usefixtures("new_node")  # initializes rclpy
def test_parameters_become_settings() -> None:
    given = {"dataset": "d", "out": "o", "input_size": [64, 96], "network_settings": ["features=8"]}
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    node = rclpy.create_node("node", parameter_overrides=overrides)
    declare_table(node, TrainerSettings)
    training = read_table(node, TrainerSettings).training
    assert training.input_size == (64, 96)
    assert training.network_settings == {"features": 8}
    assert (training.network, training.init, training.labels) == (None, None, None)
    changed = node.set_parameters([Parameter("epochs", value=5)])[0]
    assert not changed.successful


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"out": ""}, "out is empty"),
        ({"input_size": (64,)}, "not \\[height, width\\]"),
        ({"input_size": (8, 8)}, "32 pixels"),
        ({"network_settings": ("features",)}, "not NAME=VALUE"),
        ({"network_settings": ("features=[1",)}, "not NAME=VALUE"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        settings(tmp_path, **values)
