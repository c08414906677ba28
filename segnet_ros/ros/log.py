"""What `segnet_model` says with `logging`, passed on to a node's logger."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from segnet_model.base.terminal import escaped

if TYPE_CHECKING:
    from rclpy.impl.rcutils_logger import RcutilsLogger


class PlainLogger:
    """The logger of a node, with escapes for what a terminal would obey: see `terminal`."""

    def __init__(self, logger: Any) -> None:
        """Wrap a ROS logger."""
        self._logger = logger

    # rclpy ties a line of code to one severity, so that each severity needs a line.

    def debug(self, message: str) -> bool:
        """Log for developers."""
        return bool(self._logger.debug(escaped(message)))

    def info(self, message: str) -> bool:
        """Log what is as it should be."""
        return bool(self._logger.info(escaped(message)))

    def warning(self, message: str) -> bool:
        """Log what a person should look at."""
        return bool(self._logger.warning(escaped(message)))

    def error(self, message: str) -> bool:
        """Log what failed."""
        return bool(self._logger.error(escaped(message)))

    def fatal(self, message: str) -> bool:
        """Log what ends the node."""
        return bool(self._logger.fatal(escaped(message)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)


class PlainLogs:
    """A base of nodes, before rclpy's: all that they log goes through `PlainLogger`."""

    def get_logger(self) -> Any:
        """The node's logger."""
        return PlainLogger(super().get_logger())  # type: ignore[misc]


class RosHandler(logging.Handler):
    """Hands each record's message to a ROS logger at the same severity."""

    def __init__(self, logger: RcutilsLogger) -> None:
        """Take the logger of a node."""
        super().__init__()
        self._logger = logger
        self.level_before = logging.NOTSET  # of the Python logger

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        message = record.getMessage()
        # rclpy ties a line of code to one severity, so that each severity needs a line.
        if record.levelno >= logging.CRITICAL:
            self._logger.fatal(message)
        elif record.levelno >= logging.ERROR:
            self._logger.error(message)
        elif record.levelno >= logging.WARNING:
            self._logger.warning(message)
        elif record.levelno >= logging.INFO:
            self._logger.info(message)
        else:
            self._logger.debug(message)


@contextmanager
def forwarded(logger: RcutilsLogger) -> Iterator[None]:
    """Forward what `segnet_model` logs to a ROS logger, which decides what is shown."""
    source = logging.getLogger("segnet_model")
    handler = RosHandler(logger)
    others = _ours(source)
    handler.level_before = others[0].level_before if others else source.level
    source.addHandler(handler)
    source.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        source.removeHandler(handler)
        if not _ours(source):  # the last one, of several nodes in a process
            source.setLevel(handler.level_before)


def _ours(source: logging.Logger) -> list[RosHandler]:
    return [handler for handler in source.handlers if isinstance(handler, RosHandler)]
