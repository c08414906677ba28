"""Frames of a recording to adapt to: chosen, looked through, and partly held out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.base.progress import ShareDone
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.folder import spread
from segnet_model.datasets.sources import Source, open_source
from segnet_model.datasets.sources.frame_filter import FrameFilter
from segnet_model.images.usable import fault
from segnet_model.networks.inputs import network_size, resize_image
from segnet_model.training.adaptation.settings import LEAST_FRAMES, USUAL_FRAMES

MOST_HELD = 40  # held-out frames, so that the guard is quick
UNLIKE = 0.5  # percent of `difference`: less is the same view again
BLOCKS, HELD_PART, OF_PARTS = 20, 2, 5  # every fifth of twenty blocks of time is held out


@dataclass(frozen=True)
class RecordedFrames:
    """Frames of a recording.

    Attributes:
        learned: to learn from, each (h, w, 3) uint8 RGB at the size of the network's input.
        held: held out, for the guard and the pictures; alike.
        fingerprint: digest of all of them.
    """

    learned: tuple[np.ndarray, ...]
    held: tuple[np.ndarray, ...]
    fingerprint: str


def read_frames(
    path: Path, topic: str | None, most: int, input_size: tuple[int, int], progress: ShareDone
) -> RecordedFrames:
    """Read frames of a recording, evenly spaced, that show something and differ.

    Args:
        path: a bag, a folder or a video.
        topic: of a bag; None for the only one.
        most: number of frames at most.
        input_size: (height, width) of the network.
        progress: called with the share that is done.

    Raises:
        DatasetError: too few frames can be used; says how many, and why not the others.
        BagError: the recording cannot be read.
    """
    skipped: Counter[str] = Counter()
    with open_source(path, topic, cut_ok=True) as source:
        seconds = (source.end_ns - source.start_ns) / NANOSECONDS
        part = source.part(every=seconds / most * (1 - 1e-6))
        images = list(_usable(part, input_size, skipped, progress))
        source.check_used(len(images) + skipped.total())
    if len(images) < LEAST_FRAMES:
        raise DatasetError(f"{path} has {_too_few(len(images), skipped, most)}")
    return _split([images[index] for index in spread(most, len(images))])


def _too_few(usable: int, skipped: Counter[str], most: int) -> str:
    """What there is too little of, and the mend: of evenly spaced frames some may be left out."""
    why = "".join(f"; {count} {reason}" for reason, count in skipped.most_common())
    spaced = most < USUAL_FRAMES and usable + skipped.total() >= most / 2
    mend = (
        f"Give more --frames than {most}" if spaced
        else "Record a longer drive, of a minute or more"
    )  # fmt: skip
    taken = f" of {most} evenly spaced ones" if spaced else ""
    return (
        f"{usable} usable frames that differ{taken}, and an adaptation needs {LEAST_FRAMES}{why}. "
        f"{mend}"
    )


def _usable(
    source: Source, input_size: tuple[int, int], skipped: Counter[str], progress: ShareDone
) -> Iterator[np.ndarray]:
    filter_, size = FrameFilter(0, UNLIKE), None
    for frame, image in source.images():
        progress(source.share(frame))
        # All frames have the size of the first one, so that they make batches.
        size = size or network_size((image.shape[0], image.shape[1]), input_size)
        small = np.ascontiguousarray(resize_image(image, size))
        reason = fault(small) or ("look like the one before" if filter_.is_similar(small) else "")
        if reason:
            skipped[reason] += 1
        else:
            filter_.accept(frame.stamp_ns, small)
            yield small


def _split(images: list[np.ndarray]) -> RecordedFrames:
    parts = [index * BLOCKS // len(images) % OF_PARTS for index in range(len(images))]
    learned = [each for each, part in zip(images, parts, strict=True) if part != HELD_PART]
    held = [each for each, part in zip(images, parts, strict=True) if part == HELD_PART]
    digest = hashlib.sha256()
    for image in images:
        digest.update(image.tobytes())
    chosen = tuple(held[index] for index in spread(MOST_HELD, len(held)))
    return RecordedFrames(tuple(learned), chosen, digest.hexdigest())
