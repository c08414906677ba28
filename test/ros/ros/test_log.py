"""Records of Python's logging reach a node's logger at their own severity."""

from __future__ import annotations

import logging

import pytest

from segnet_ros.ros.log import forwarded


class Recorder:
    """Stands for rclpy's logger and keeps what it is told."""

    def __init__(self):
        self.said = []

    def __getattr__(self, severity):
        if severity.startswith("_"):
            raise AttributeError(severity)
        return lambda text: self.said.append((severity, text))


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (logging.DEBUG, "debug"),
        (logging.INFO, "info"),
        (logging.WARNING, "warning"),
        (logging.ERROR, "error"),
        (logging.CRITICAL, "fatal"),
        (logging.WARNING + 5, "warning"),
    ],
)
def test_severity_and_formatted_text(level, severity):
    recorder = Recorder()
    with forwarded(recorder):
        logging.getLogger("segnet_model.training").log(level, "%d of %s", 3, "7")
    assert recorder.said == [(severity, "3 of 7")]


def test_only_this_package_is_forwarded_and_only_in_the_context():
    recorder = Recorder()
    with forwarded(recorder):
        logging.getLogger("torch").error("not ours")
    logging.getLogger("segnet_model").error("too late")
    assert recorder.said == []
    assert logging.getLogger("segnet_model").level == logging.NOTSET


def test_the_last_of_two_nodes_restores_the_level():
    source, first = logging.getLogger("segnet_model"), forwarded(Recorder())
    first.__enter__()
    with forwarded(Recorder()):
        first.__exit__(None, None, None)
        assert source.level == logging.DEBUG
    assert source.level == logging.NOTSET
    assert source.handlers == []


@pytest.mark.ros
def test_rclpy_accepts_all_severities_in_turn(capfd):
    get_logger = pytest.importorskip("rclpy.logging").get_logger
    source = logging.getLogger("segnet_model")
    with forwarded(get_logger("segmentation")):
        for level in (logging.INFO, logging.ERROR, logging.WARNING, logging.INFO):
            source.log(level, "level %d", level)
    said = capfd.readouterr()
    lines = (said.out + said.err).splitlines()
    assert sorted(line.split()[-1] for line in lines) == ["20", "20", "30", "40"]
