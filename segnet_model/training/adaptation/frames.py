"""Frames of a recording to adapt to: chosen, looked through, and partly held out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.base.progress import ShareDone
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.buffer import MOST_HELD, is_buffer, is_held_out, list_buffered
from segnet_model.datasets.folder import spread
from segnet_model.datasets.sources import Source, open_source
from segnet_model.datasets.sources.frame_filter import FrameFilter
from segnet_model.images.files import read_image
from segnet_model.images.usable import fault
from segnet_model.networks.inputs import network_size, resize_image
from segnet_model.training.adaptation.settings import LEAST_FRAMES, USUAL_FRAMES

UNLIKE = 0.5  # percent of `difference`: less is the same view again
LEAST_HELD = LEAST_FRAMES // 5  # of a buffer's newest session
LEAST_LEARNED = LEAST_FRAMES - LEAST_HELD
BLOCKS = 20  # of time, of a recording


@dataclass(frozen=True)
class RecordedFrames:
    """Frames of a recording.

    Attributes:
        learned: to learn from, each (h, w, 3) uint8 RGB at the size of the network's input.
        held: held out, for the guard and the pictures; alike.
        fingerprint: digest of all of them.
        earlier: held out of earlier sessions, which a buffer alone has.
    """

    learned: tuple[np.ndarray, ...]
    held: tuple[np.ndarray, ...]
    fingerprint: str
    earlier: tuple[np.ndarray, ...] = ()


def read_frames(
    path: Path, topic: str | None, most: int, input_size: tuple[int, int], progress: ShareDone
) -> RecordedFrames:
    """Read frames of a recording, evenly spaced, that show something and differ.

    Args:
        path: a bag, a folder, a video, or a frame buffer, whose own frames are held out.
        topic: of a bag; None for the only one.
        most: number of frames at most.
        input_size: (height, width) of the network.
        progress: called with the share that is done.

    Raises:
        DatasetError: too few frames can be used; says how many, and why not the others.
        BagError: the recording cannot be read.
    """
    if is_buffer(path):
        return _read_buffer(path, most, input_size, progress)
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
    learned: list[np.ndarray] = []
    held: list[np.ndarray] = []
    for index, image in enumerate(images):
        (held if is_held_out(index * BLOCKS // len(images)) else learned).append(image)
    chosen = tuple(held[index] for index in spread(MOST_HELD, len(held)))
    return RecordedFrames(tuple(learned), chosen, _digest(images))


def _digest(images: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for image in images:
        digest.update(image.tobytes())
    return digest.hexdigest()


def _read_buffer(
    path: Path, most: int, input_size: tuple[int, int], progress: ShareDone
) -> RecordedFrames:
    """Read a frame buffer, which may lose some of its files meanwhile."""
    files = list_buffered(path)
    learned, held, earlier = (
        [group[index] for index in spread(count, len(group))]
        for group, count in (
            (files.learned, most), (files.held, MOST_HELD), (files.earlier, MOST_HELD)
        )
    )  # fmt: skip
    size, found = None, []
    for index, each in enumerate([*held, *earlier, *learned]):
        image = _read_if_there(each)
        if image is not None:
            # As the newest session's, so that all make batches.
            size = size or network_size((image.shape[0], image.shape[1]), input_size)
            found.append((each, np.ascontiguousarray(resize_image(image, size))))
        progress(index / (len(held) + len(earlier) + len(learned)))
    parts = [
        tuple(image for each, image in found if each in group)
        for group in map(set, (learned, held, earlier))
    ]
    _check_enough(path, len(parts[0]), len(parts[1]))
    return RecordedFrames(parts[0], parts[1], _digest(image for _, image in found), parts[2])


def _read_if_there(path: Path) -> np.ndarray | None:
    try:
        return read_image(path)
    except DatasetError:
        if path.exists():
            raise
        return None


def _check_enough(path: Path, learned: int, held: int) -> None:
    if learned < LEAST_LEARNED or held < LEAST_HELD:
        raise DatasetError(
            f"{path} has {learned} frames to learn from and {held} held out of its newest session, "
            f"and an adaptation needs {LEAST_LEARNED} and {LEAST_HELD}; drive on, and where it is "
            "different"
        )
