"""Where and when an image was taken, which is what makes images the frames of a video."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shot:
    """What is known of an image besides its pixels.

    Attributes:
        stream: names the camera; images of the same stream are averaged over time.
        stamp: when it was taken, in seconds; None where that is not known.
    """

    stream: str = ""
    stamp: float | None = None


def shots_of(count: int, stamp: float | None = None) -> list[Shot]:
    """What is taken of the images of a batch: each is of a camera of its own."""
    return [Shot(str(index), stamp) for index in range(count)]
