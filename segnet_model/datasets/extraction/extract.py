"""From recordings, folders and videos to a data set that people can label."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from segnet_model.base.errors import BagError, SegNetError, SettingsError, VideoError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.extraction.splits import (
    Neighbours,
    Rule,
    all_to,
    by_blocks,
    by_time,
    split_recordings,
    usual_gap,
)
from segnet_model.datasets.extraction.store import ImageStore
from segnet_model.datasets.extraction.taking import SourceExtraction
from segnet_model.datasets.sources import BagSource, Source, open_source

logger = logging.getLogger(__name__)
USUAL = ExtractSettings()


@dataclass(frozen=True)
class Extracted:
    """What came out of recordings."""

    train: int = 0  # new images
    val: int = 0  # new images
    kept: int = 0  # images that were in the data set already, and stayed as they were
    unlabelled: int = 0  # images left out because no labels had their stamp
    alike: int = 0  # images left out because they look like the one before
    between: int = 0  # images left out because they lie where the splits meet
    malformed: int = 0  # messages that were no images

    def __str__(self) -> str:
        """What came out, and what was left out, in words."""
        left_out = [
            (self.kept, "were there already"),
            (self.alike, "left out as they look like the one before"),
            (self.between, "left out where the splits meet"),
            (self.unlabelled, "left out for want of labels"),
            (self.malformed, "malformed messages skipped"),
        ]
        parts = [f"{self.train} images to train, {self.val} to val"]
        return ", ".join([*parts, *(f"{number} {text}" for number, text in left_out if number)])


def extract(
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    settings: ExtractSettings = USUAL,
    progress: ShareDone = no_progress,
) -> Extracted:
    """Take images out of recordings into a data set in CamVid's form.

    Images go to OUT/train and OUT/val, by stretches of time or by recording, and their labels, if
    any, to OUT/trainannot and OUT/valannot. OUT/manifest.csv says where each came from. What is
    there already stays, in the split where it is, so that an interrupted run can be repeated and
    corrected labels are never lost.

    Files are named STAMP.png, or STAMP_TOPIC.png where several topics are named. Where another
    image has that name, topic and bag are added: STAMP_TOPIC_BAG.png. Those of a folder keep their
    names, and those of a video are named VIDEO_NANOSECONDS.png.

    Args:
        sources: one or more bags, folders of images, images or videos.
        out: the data set; made where it is missing.
        settings: what to take, and how to split it.
        progress: told the share of the sources that is done.

    Raises:
        BagError: a bag cannot be opened or has no such topic, and nothing is taken; or it is
            damaged further on, and all that can be read, also in the others, is taken before.
        VideoError: likewise for a video.
        DatasetError: a file cannot be written, or labels do not fit their image.
        SettingsError: the settings do not fit the sources.
    """
    paths = [Path(sources)] if isinstance(sources, str | Path) else [Path(path) for path in sources]
    _check_paths(paths)
    with ExitStack() as stack:
        opened = [_open(path, settings, stack) for path in paths]
        store = ImageStore(Path(out))
        rules = _rules(store, [streams[0][0] for streams in opened], settings)
        stack.enter_context(store)  # makes folders, so what is refused has been refused before
        works = [
            SourceExtraction(source, labels, store, rule, settings)
            for streams, rule in zip(opened, rules, strict=True)
            for source, labels in streams
        ]
        errors = _run(works, progress)
    found = _found(store, works)
    if settings.split == "blocks" and 0 < settings.val < 1 and not store.holds_split("val"):
        logger.warning("%s has nothing in val: the bags are too short; give shorter blocks", out)
    if errors:
        raise type(errors[0])(f"{errors[0]}\nWhat could be read was taken: {out}: {found}")
    return found


def _check_paths(paths: Sequence[Path]) -> None:
    if not paths:
        raise SettingsError("there is no bag to take images out of; name one")
    twice = [path for path, n in Counter(path.resolve() for path in paths).items() if n > 1]
    if twice:
        raise SettingsError(f"bag {twice[0]} is named twice; name each once")


def _open(
    path: Path, settings: ExtractSettings, stack: ExitStack
) -> list[tuple[Source, str | None]]:
    """Each topic of a bag as a source, with the topic of its labels, or another source alone."""
    names, labels = settings.topics or (None,), settings.labels_topics
    exclude, name_topic = next(iter(labels), ""), len(names) > 1
    found: list[tuple[Source, str | None]] = []
    for name, labels_topic in zip(names, labels or [None] * len(names), strict=True):
        source = open_source(path, name, exclude=exclude, cut_ok=True, name_topic=name_topic)
        found.append((stack.enter_context(source), labels_topic))
        if not isinstance(source, BagSource):
            if labels:
                raise SettingsError(f"{path} is no bag and holds no labels; take it by itself")
            return found
        if labels_topic:
            source.labels_of(labels_topic)  # raises where the bag has no such labels
    return found


def _rules(store: ImageStore, sources: Sequence[Source], settings: ExtractSettings) -> list[Rule]:
    """Which images of each source come to which split."""
    val = settings.val
    known = [_neighbours(store, source, settings) for source in sources]
    if settings.split == "bag":
        rules = [all_to(split) for split in _split_sources(sources, known, val)]
    elif settings.split == "blocks":
        rules = [
            by_blocks(source.start_ns, settings.block_ns, val, _gap_ns(source, settings))
            for source in sources
        ]
    else:
        rules = [_by_time(source, settings) for source in sources]
    return [each.keep_apart(rule) for each, rule in zip(known, rules, strict=True)]


def _gap_ns(source: Source, settings: ExtractSettings) -> int:
    """What is left out where splits meet; nothing of a folder, whose images have no times."""
    return settings.gap_ns if source.timed or settings.gap is not None else 0


def _by_time(source: Source, settings: ExtractSettings) -> Rule:
    start, end, gap = source.start_ns, source.end_ns, _gap_ns(source, settings)
    if settings.gap is None:
        gap = usual_gap(start, end, settings.val, gap)
    return by_time(start, end, settings.val, gap)


def _neighbours(store: ImageStore, source: Source, settings: ExtractSettings) -> Neighbours:
    span = range(source.start_ns, source.end_ns + 1) if source.wall_clock else range(0)
    if settings.split == "bag":  # two cameras' bags may be of one time, and of different splits
        span = range(0)
    return Neighbours(store.times(source, span), _gap_ns(source, settings))


def _split_sources(sources: Sequence[Source], known: Sequence[Neighbours], val: float) -> list[str]:
    for source, there in zip(sources, known, strict=True):
        if len(there.splits) > 1:
            raise SettingsError(
                f"the data set has images of bag {source.path} in both splits; split it as before, "
                "or make a new data set"
            )
    lengths = [source.end_ns - source.start_ns for source in sources]
    before = {index: there.splits[0] for index, there in enumerate(known) if there.splits}
    return split_recordings(lengths, val, before)


def _run(works: Sequence[SourceExtraction], progress: ShareDone) -> list[SegNetError]:
    errors: list[SegNetError] = []
    for number, work in enumerate(works):
        try:
            for share in work.run():
                progress((number + share) / len(works))
        except (BagError, VideoError) as error:  # the others can be read all the same
            errors.append(error)
        if not work.source.is_complete():
            logger.warning(
                "bag %s is not whole: it grew while it was read, or was cut. What is whole was "
                "read; run the same command again when its recorder has ended, or try "
                "`mcap recover`",
                work.source.path,
            )
    progress(1.0)
    return errors


def _found(store: ImageStore, works: Sequence[SourceExtraction]) -> Extracted:
    left_out = sum((work.left_out for work in works), Counter[str]())
    malformed = sum(len(work.source.rejected) for work in works)
    return Extracted(**store.written, **left_out, malformed=malformed)
