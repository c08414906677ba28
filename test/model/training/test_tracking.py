"""The running loss of a training."""

from collections import deque

import pytest

from segnet_model.base.errors import SegNetError
from segnet_model.training.tracking import Tracker


def test_a_loss_that_grows_and_grows_is_found():
    tracker = Tracker(1000, 1)
    for step in range(1, 200):
        tracker.add_step(step, 1.0 + 0.5 * (step % 2), 0.1)
    with pytest.raises(SegNetError, match="the loss grew to 30 by step 2.*lower the learning rate"):
        deque(tracker.add_step(step, 30.0, 0.1) for step in range(200, 400))


def test_a_loss_that_grows_from_next_to_nothing_is_no_harm():
    """The first image of a batch may have no labels, and so no loss."""
    tracker = Tracker(1000, 1)
    for step in range(1, 200):
        tracker.add_step(step, 0.0 if step < 50 else 0.5, 0.1)
    assert tracker.loss == pytest.approx(0.5, abs=0.01)


def test_a_picture_that_cannot_be_drawn_ends_no_training(tmp_path, caplog):
    pytest.importorskip("tensorboard")
    tracker = Tracker(10, 1)
    tracker.begin(tmp_path, 0, None)
    for error in (ValueError("too wide"), MemoryError()):

        def draw(error=error):
            raise error

        tracker.add_picture("val/answers", 3, draw)
        assert f"no picture val/answers of step 3: {error!r}" in caplog.text
    tracker.add_step(4, 1.0, 0.1)
    tracker.end()
