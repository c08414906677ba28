"""Pieces of a long recording: spans of its time, on each of which a worker works by itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

from segnet_model.fleet.job import Input

FOLDER = ".pieces"  # in the output's, until the recordings are joined
MOST = 1000  # of a recording


@dataclass(frozen=True)
class Piece:
    """One of the equal parts of a recording's time.

    Attributes:
        number: from 0.
        count: of all pieces of the recording.
    """

    number: int
    count: int

    def span(self, start_ns: int, end_ns: int) -> tuple[float, float]:
        """Times of reception, of which the second is excluded; the outer ones are infinite.

        Args:
            start_ns: of the recording's first message.
            end_ns: just after its last one.
        """
        begin, end = (
            start_ns + (end_ns - start_ns) * number // self.count
            for number in (self.number, self.number + 1)
        )
        return begin if self.number else -inf, end if self.number + 1 < self.count else inf


def pieces_of(item: Input, size: float) -> list[Piece]:
    """The pieces of an input, each of about as many bytes as `size`; 0 cuts nothing."""
    count = min(MOST, ceil(item.size / size)) if size else 1
    return [Piece(number, count) for number in range(count)]
