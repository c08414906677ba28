"""Extraction of bags, folders and videos to a data set that people can label."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from segnet_model.base.errors import BagError, SegNetError, SettingsError, VideoError
from segnet_model.base.lock import locked
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.extraction.dataset_writer import DatasetWriter, check_folder
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.extraction.source_extraction import Labeler, SourceExtraction
from segnet_model.datasets.extraction.splits import (
    Neighbors,
    SplitRule,
    all_to,
    assign_recordings,
    by_blocks,
    by_time,
    fitting_gap,
)
from segnet_model.datasets.sources import BagSource, Source, open_source

logger = logging.getLogger(__name__)
DEFAULTS = ExtractSettings()
TAKEN = "\nWhat could be read was taken: "


@dataclass(frozen=True)
class Extracted:
    """Numbers of extracted and skipped images."""

    train: int = 0  # new images
    val: int = 0  # new images
    kept: int = 0  # images that were in the data set already; unchanged
    unlabeled: int = 0  # skipped: no labels had their stamp
    alike: int = 0  # skipped: they look like the last one
    between: int = 0  # skipped: in the gap between the splits
    malformed: int = 0  # messages that cannot be decoded

    def __str__(self) -> str:
        """One sentence with all numbers above 0."""
        skipped = [
            (self.kept, "were there already"),
            (self.alike, "left out as they look like the one before"),
            (self.between, "left out where the splits meet"),
            (self.unlabeled, "left out for want of labels"),
            (self.malformed, "malformed messages skipped"),
        ]
        parts = [f"{self.train} images to train, {self.val} to val"]
        return ", ".join([*parts, *(f"{number} {text}" for number, text in skipped if number)])


def extract(
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    settings: ExtractSettings = DEFAULTS,
    progress: ShareDone = no_progress,
    labeler: Labeler | None = None,
) -> Extracted:
    """Extract images of recordings to a data set in CamVid's form.

    Images go to OUT/train and OUT/val, split by time or by recording, and their labels, if any, to
    OUT/trainannot and OUT/valannot. OUT/manifest.csv lists the origin of each. Existing files stay,
    in the split where they are: an interrupted run can be repeated, and corrected labels are kept.

    Files are named STAMP.png, or STAMP_TOPIC.png with several topics, and STAMP_TOPIC_BAG.png where
    that name is taken. Images of a folder keep their names; those of a video are named
    VIDEO_NANOSECONDS.png.

    Args:
        sources: one or more bags, folders of images, images or videos.
        out: the data set; created if missing.
        settings: which images to extract, and how to split them.
        progress: called with the share of the sources that is done.
        labeler: makes the labels of images; those that it knows none for are left out.

    Raises:
        BagError: a bag cannot be opened or has no such topic, and nothing is extracted; or it is
            damaged further on, after everything readable of all sources is extracted.
        VideoError: the same for a video.
        DatasetError: a file cannot be written, or labels do not fit their image.
        SettingsError: the settings do not fit the sources.
    """
    paths = [Path(sources)] if isinstance(sources, str | Path) else [Path(path) for path in sources]
    _check_paths(paths)
    check_folder(Path(out))
    with locked(Path(out), "command"), ExitStack() as stack:
        opened = [_open(path, settings, stack) for path in paths]
        dataset = DatasetWriter(Path(out))
        rules = _split_rules(dataset, [streams[0][0] for streams in opened], settings)
        stack.enter_context(dataset)  # last, as it creates folders
        extractions = [
            SourceExtraction(source, labels, dataset, rule, settings, labeler)
            for streams, rule in zip(opened, rules, strict=True)
            for source, labels in streams
        ]
        errors = _run(extractions, progress)
    summary = _summary(dataset, extractions)
    if settings.split == "blocks" and 0 < settings.val < 1 and not dataset.has_images("val"):
        logger.warning("%s has nothing in val: the bags are too short; give shorter blocks", out)
    if errors:
        raise type(errors[0])(f"{errors[0]}{TAKEN}{out}: {summary}")
    return summary


def _check_paths(paths: Sequence[Path]) -> None:
    if not paths:
        raise SettingsError("there is no bag to take images out of; name one")
    twice = [path for path, n in Counter(path.resolve() for path in paths).items() if n > 1]
    if twice:
        raise SettingsError(f"bag {twice[0]} is named twice; name each once")


def _open(
    path: Path, settings: ExtractSettings, stack: ExitStack
) -> list[tuple[Source, str | None]]:
    """Open a bag, for each of its topics, or another source, with the topic of its labels."""
    topics, labels = settings.topics, settings.labels_topics
    exclude, name_topic = next(iter(labels), ""), len(topics) > 1
    topic = next(iter(topics), None)
    first = open_source(path, topic, exclude=exclude, cut_ok=True, name_topic=name_topic)
    stack.enter_context(first)
    if not isinstance(first, BagSource):
        if labels:
            raise SettingsError(f"{path} is no bag and holds no labels; take it by itself")
        return [(first, None)]
    sources = [first, *(first.with_topic(each) for each in topics[1:])]
    for source, labels_topic in zip(sources, labels, strict=bool(labels)):
        source.labels_of(labels_topic)  # raises where the bag has no such labels
    return list(zip(sources, labels or [None] * len(sources), strict=True))


def _split_rules(
    dataset: DatasetWriter, sources: Sequence[Source], settings: ExtractSettings
) -> list[SplitRule]:
    """The split rule of each source."""
    val = settings.val
    known = [_neighbors(dataset, source, settings) for source in sources]
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
    """Length of the gap between splits; 0 for a folder, whose images have no times."""
    return settings.gap_ns if source.timed or settings.gap is not None else 0


def _by_time(source: Source, settings: ExtractSettings) -> SplitRule:
    start, end, gap = source.start_ns, source.end_ns, _gap_ns(source, settings)
    if settings.gap is None:
        gap = fitting_gap(start, end, settings.val, gap)
    return by_time(start, end, settings.val, gap)


def _neighbors(dataset: DatasetWriter, source: Source, settings: ExtractSettings) -> Neighbors:
    span = range(source.start_ns, source.end_ns + 1) if source.wall_clock else range(0)
    if settings.split == "bag":  # bags of one time may be in different splits
        span = range(0)
    return Neighbors(dataset.image_times(source, span), _gap_ns(source, settings))


def _split_sources(sources: Sequence[Source], known: Sequence[Neighbors], val: float) -> list[str]:
    for source, neighbors in zip(sources, known, strict=True):
        if len(neighbors.splits) > 1:
            raise SettingsError(
                f"the data set has images of bag {source.path} in both splits; split it as before, "
                "or make a new data set"
            )
    lengths = [source.end_ns - source.start_ns for source in sources]
    before = {index: each.splits[0] for index, each in enumerate(known) if each.splits}
    return assign_recordings(lengths, val, before)


def _run(extractions: Sequence[SourceExtraction], progress: ShareDone) -> list[SegNetError]:
    errors: list[SegNetError] = []
    for number, extraction in enumerate(extractions):
        try:
            for share in extraction.run():
                progress((number + share) / len(extractions))
        except (BagError, VideoError) as error:  # the others may be readable
            errors.append(error)
        if not extraction.source.is_complete():
            logger.warning(
                "bag %s is not whole: it grew while it was read, or was cut. What is whole was "
                "read; run the same command again when its recorder has ended, or try "
                "`mcap recover`",
                extraction.source.path,
            )
    progress(1.0)
    return errors


def _summary(dataset: DatasetWriter, extractions: Sequence[SourceExtraction]) -> Extracted:
    skipped = sum((each.skipped for each in extractions), Counter[str]())
    malformed = sum(len(each.source.rejected) for each in extractions)
    return Extracted(**dataset.written, **skipped, malformed=malformed)
