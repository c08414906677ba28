"""Progress on a terminal, and in a log."""

import pytest

from segnet_model.base import progress


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_has_a_line_every_half_minute(clock, capsys):
    with progress.progress_bar("reading") as show:
        for second in range(1, 121):
            clock[0] = float(second)
            show(second / 120)
    assert capsys.readouterr().err.splitlines() == [
        "reading: 25%, 0:01:30 left", "reading: 50%, 0:01:00 left", "reading: 75%, 0:00:30 left",
        "reading: 100%",
    ]  # fmt: skip


def test_short_work_leaves_no_line_in_a_log(clock, capsys):
    with progress.progress_bar("reading") as show:
        clock[0] = 5.0
        show(1.0)
    assert not capsys.readouterr().err


def test_a_terminal_has_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(progress, "shows_bars", lambda: True)
    monkeypatch.setattr(progress, "BAR_FORMAT", "{desc}: {percentage:3.0f}%|")
    monkeypatch.setattr(progress, "DELAY", 0)
    with progress.progress_bar("reading") as show:
        show(0.5)
        show(1.0)
    assert "\rreading: 100%|" in capsys.readouterr().err
