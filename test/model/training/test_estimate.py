"""The time that a training takes, said before its first step."""

import dataclasses
import logging
import re
import time

import pytest
import torch

from segnet_model.training import estimate
from segnet_model.training.estimate import rough
from segnet_model.training.session import Session
from segnet_model.training.trainer import train


@pytest.mark.parametrize(("seconds", "words"), [
    (3, "less than a minute"), (40, "about a minute"), (100, "about 2 minutes"),
    (1500, "about 25 minutes"), (4000, "about 67 minutes"), (3600 * 5.4, "about 5 hours"),
    (86400 * 3, "about 3 days"),
])  # fmt: skip
def test_durations_have_no_more_digits_than_they_are_worth(seconds, words):
    assert rough(seconds) == words


def test_the_plan_is_logged_and_changes_no_bit(
    shared_dataset, tmp_path, small, caplog, monkeypatch
):
    settings = dataclasses.replace(small, epochs=20, evaluate_every=20)  # 60 steps
    with caplog.at_level(logging.INFO):
        timed = train(shared_dataset, tmp_path / "timed", settings)
    assert "60 steps of 2 images, 20 epochs in all: less than a minute on cpu" in caplog.text
    monkeypatch.setattr(estimate, "WORTH_A_TRIAL", 1000)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        other = train(shared_dataset, tmp_path / "other", settings)
    assert re.search(r"60 steps of 2 images, 20 epochs in all, on cpu$", caplog.text, re.MULTILINE)
    assert timed.read_bytes() == other.read_bytes()


def test_slow_steps_take_as_much_longer(shared_dataset, tmp_path, small, monkeypatch):
    forward, found = Session.forward, []

    def slow(self, network, images):
        time.sleep(0.1)
        return forward(self, network, images)

    monkeypatch.setattr(Session, "forward", slow)

    monkeypatch.setattr(
        "segnet_model.training.trainer.log_plan",
        lambda session: found.append(estimate.estimate(session, 1000)),
    )
    torch.set_num_threads(1)
    assert train(shared_dataset, tmp_path / "run", small) is not None
    assert 100 < found[0] < 400
