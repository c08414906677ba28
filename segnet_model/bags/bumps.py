"""Bumps of a robot in a recording, from the messages of its bumpers."""

from __future__ import annotations

import numpy as np

from segnet_model.bags.images import RawMessage, parse
from segnet_model.bags.messages import BOOL, EMPTY
from segnet_model.bags.odometry import Way
from segnet_model.bags.reader import BagReader
from segnet_model.bags.values import read_values
from segnet_model.base.errors import BagError
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.way import Span

EVENT = NANOSECONDS // 2  # for which a message presses that no other one ends
MOST = 0.5  # share of the drive in which a bumper is pressed; in more, it is wired the other way


def read_bumps(bag: BagReader, topic: str, way: Way) -> list[Span]:
    """Read when a bumper was pressed.

    Its messages have no stamp. When they were recorded, beside odometry, gives their time on the
    clock of odometry.

    Args:
        bag: an open recording.
        topic: std_msgs/Bool, true while pressed, or std_msgs/Empty, one for each bump.
        way: of the robot.

    Returns:
        Begin and end of each, by odometry's clock, rising; without those before or after the way.

    Raises:
        BagError: there is no such topic, its messages are damaged, or it is pressed all the time.
    """
    values = read_values(bag, topic, (BOOL, EMPTY), _value)
    first, last = way.received[0], way.received[-1]
    pressed = [
        (max(begin, first), min(end, last))
        for begin, end in _pressed(values, last)
        if begin < last and end > first
    ]
    share = sum(end - begin for begin, end in pressed) / max(last - first, 1)
    if share > MOST:
        raise BagError(
            f"{topic} in bag {bag.path} is pressed for {share:.0%} of the drive, as one that says "
            "true where nothing touches it; publish it the other way round, or leave --bumper out"
        )
    times = np.interp(
        np.reshape(np.array(pressed, np.float64) - first, -1),
        np.array(way.received) - first,
        np.array(way.stamps) - way.stamps[0],
    )
    spans = np.rint(times).astype(np.int64).reshape(-1, 2) + way.stamps[0]
    return [(int(begin), int(end)) for begin, end in spans if begin < end]


def _value(raw: RawMessage) -> tuple[int, bool]:
    """When a message was recorded, and whether it says that the bumper is pressed."""
    return raw.receive_ns, raw.type == EMPTY or bool(parse(raw).data)


def _pressed(values: list[tuple[int, bool]], last: int) -> list[Span]:
    """Begin and end of each press; one without an end lasts to the last pose."""
    if all(value for _, value in values):  # events
        return merged([(time, time + EVENT) for time, _ in values])
    spans, begin = [], None
    for time, value in [*values, (last, False)]:
        if value and begin is None:
            begin = time
        elif not value and begin is not None:
            spans.append((begin, max(time, begin + 1)))
            begin = None
    return spans


def merged(spans: list[Span]) -> list[Span]:
    """The same times, rising, in which none overlaps with another."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found
