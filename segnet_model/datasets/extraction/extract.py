"""From recordings to a folder that people can label."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from segnet_model.bags.reader import BagReader
from segnet_model.base.errors import BagError, SettingsError
from segnet_model.base.progress import ShareDone, untold
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.extraction.source import bag_id
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
from segnet_model.datasets.extraction.topic import TopicExtraction

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
    bags: str | Path | Sequence[str | Path],
    out: str | Path,
    settings: ExtractSettings = USUAL,
    progress: ShareDone = untold,
) -> Extracted:
    """Take images out of recordings into a data set in CamVid's form.

    Images go to OUT/train and OUT/val, by stretches of time or by recording, and their labels, if
    any, to OUT/trainannot and OUT/valannot. OUT/manifest.csv says where each came from. What is
    there already stays, in the split where it is, so that an interrupted run can be repeated and
    corrected labels are never lost.

    Files are named STAMP.png, or STAMP_TOPIC.png where several topics are named. Where another
    image has that name, topic and bag are added: STAMP_TOPIC_BAG.png.

    Args:
        bags: one or more rosbag2 folders, .mcap or .db3 files.
        out: the data set; made where it is missing.
        settings: what to take, and how to split it.
        progress: told the share of the recordings that is done.

    Raises:
        BagError: a bag cannot be opened or has no such topic, and nothing is taken; or it is
            damaged further on, and all that can be read, also in the other bags, is taken before.
        DatasetError: a file cannot be written, or labels do not fit their image.
        SettingsError: the settings do not fit the bags.
    """
    paths = [Path(bags)] if isinstance(bags, str | Path) else [Path(bag) for bag in bags]
    _check_bags(paths)
    with ExitStack() as stack:
        readers = [stack.enter_context(BagReader(path, cut_ok=True)) for path in paths]
        topics = [_topics(reader, settings) for reader in readers]
        store = ImageStore(Path(out))
        rules = _rules(store, readers, settings)
        stack.enter_context(store)  # makes folders, so what is refused has been refused before
        works = [
            TopicExtraction(reader, topic, labels, store, rule, settings)
            for reader, rule, named in zip(readers, rules, topics, strict=True)
            for topic, labels in named
        ]
        errors = _run(works, progress)
    found = _found(store, readers, works)
    if settings.split == "blocks" and 0 < settings.val < 1 and not store.holds_split("val"):
        logger.warning("%s has nothing in val: the bags are too short; give shorter blocks", out)
    if errors:
        raise BagError(f"{errors[0]}\nWhat could be read was taken: {out}: {found}")
    return found


def _check_bags(paths: Sequence[Path]) -> None:
    if not paths:
        raise SettingsError("there is no bag to take images out of; name one")
    twice = [path for path, n in Counter(path.resolve() for path in paths).items() if n > 1]
    if twice:
        raise SettingsError(f"bag {twice[0]} is named twice; name each once")


def _topics(reader: BagReader, settings: ExtractSettings) -> list[tuple[str, str | None]]:
    """Topics of images, and of their labels."""
    labels = settings.labels_topics
    for topic in labels:
        reader.labels(topic)  # raises where the bag has no such labels
    if not settings.topics:
        only = reader.choose_image_topic(besides=labels[0] if labels else None)
        return [(only, labels[0] if labels else None)]
    images = [reader.choose_image_topic(topic) for topic in settings.topics]
    return list(zip(images, labels or [None] * len(images), strict=True))


def _rules(
    store: ImageStore, readers: Sequence[BagReader], settings: ExtractSettings
) -> list[Rule]:
    """Which images of each bag come to which split."""
    val, gap = settings.val, settings.gap_ns
    known = [_neighbours(store, reader, settings) for reader in readers]
    if settings.split == "bag":
        rules = [all_to(split) for split in _split_bags(readers, known, val)]
    elif settings.split == "blocks":
        rules = [by_blocks(reader.start_ns, settings.block_ns, val, gap) for reader in readers]
    else:
        rules = [_by_time(reader, settings) for reader in readers]
    return [each.keep_apart(rule) for each, rule in zip(known, rules, strict=True)]


def _by_time(reader: BagReader, settings: ExtractSettings) -> Rule:
    start, end, gap = reader.start_ns, reader.end_ns, settings.gap_ns
    if settings.gap is None:
        gap = usual_gap(start, end, settings.val, gap)
    return by_time(start, end, settings.val, gap)


def _neighbours(store: ImageStore, reader: BagReader, settings: ExtractSettings) -> Neighbours:
    span = range(reader.start_ns, reader.end_ns + 1)
    if settings.split == "bag":  # two cameras' bags may be of one time, and of different splits
        span = range(0)
    return Neighbours(store.times(bag_id(reader.path), span), settings.gap_ns)


def _split_bags(readers: Sequence[BagReader], known: Sequence[Neighbours], val: float) -> list[str]:
    for reader, there in zip(readers, known, strict=True):
        if len(there.splits) > 1:
            raise SettingsError(
                f"the data set has images of bag {reader.path} in both splits; split it as before, "
                "or make a new data set"
            )
    lengths = [reader.end_ns - reader.start_ns for reader in readers]
    before = {index: there.splits[0] for index, there in enumerate(known) if there.splits}
    return split_recordings(lengths, val, before)


def _run(works: Sequence[TopicExtraction], progress: ShareDone) -> list[BagError]:
    errors = []
    for number, work in enumerate(works):
        before = work.bag_size()
        try:
            for share in work.run():
                progress((number + share) / len(works))
        except BagError as error:  # the other bags can be read all the same
            errors.append(error)
        if work.bag.cut or work.bag_size() != before:
            logger.warning(
                "bag %s is not whole: it grew while it was read, or was cut. What is whole was "
                "read; run the same command again when its recorder has ended, or try "
                "`mcap recover`",
                work.bag.path,
            )
    progress(1.0)
    return errors


def _found(
    store: ImageStore, readers: Sequence[BagReader], works: Sequence[TopicExtraction]
) -> Extracted:
    left_out = sum((work.left_out for work in works), Counter[str]())
    malformed = sum(reader.skipped for reader in readers)
    return Extracted(**store.written, **left_out, malformed=malformed)
