"""Images between processes: loss and latency by size, with Fast DDS's defaults and our profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.harness import Report
from benchmarks.streams import PROFILE, SIZES, Stream, listen, program, ros_is_here, text_of

PROFILES: dict[str, Path | None] = {"defaults": None, PROFILE.name: PROFILE}
FRAMES = 90
RATE = 30.0
# What a robot asks of the node: Nav2 the first two, a screen the third.
OUTPUTS = {"mask": "mono8", "confidence": "mono8", "overlay": "rgb8"}


def run(report: Report) -> None:
    """Send images of each size, alone and through a node to three outputs."""
    if not ros_is_here(report):
        return
    frames, names = report.amount(FRAMES, 15), list(PROFILES)[-report.amount(len(PROFILES), 1) :]
    sizes = SIZES[-report.amount(len(SIZES), 1) :]
    report.table(
        f"{frames} rgb8 images of a camera at {RATE:g} Hz, best effort, from process to process",
        [_alone(report, size, name, frames) for size in sizes for name in names],
    )
    rows = [row for name in names for row in _through_a_node(report, name, frames)]
    report.table("the same through a node without a network, 1920x1080, to a third process", rows)


def _alone(report: Report, size: tuple[int, int], name: str, frames: int) -> dict[str, Any]:
    stream = listen(["image"], _camera(size, frames), profile=PROFILES[name])[0]["image"]
    if PROFILES[name]:
        _add(report, f"transport: {text_of(size)}", stream)
    return {"size": text_of(size), "profile": name, **stream.row()}


def _through_a_node(report: Report, name: str, frames: int) -> list[dict[str, Any]]:
    node = program("relay", topic="image", outputs=OUTPUTS)
    # The camera is to be seen by the node alone.
    streams, _ = listen(list(OUTPUTS), _camera(SIZES[-1], frames), [node], PROFILES[name])
    if PROFILES[name]:
        for output, stream in streams.items():
            _add(report, f"transport: {output} of a node", stream)
    return [{"output": o, "profile": name, **stream.row()} for o, stream in streams.items()]


def _camera(size: tuple[int, int], frames: int) -> dict[str, Any]:
    return {"topic": "image", "size": size, "rate": RATE, "frames": frames}


def _add(report: Report, what: str, stream: Stream) -> None:
    report.add(f"{what}, lost", stream.lost, f"of {stream.sent}", at_most=0)
    report.add(f"{what}, p50", stream.percentile(50), "ms")
