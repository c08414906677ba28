"""Selection of one round's frames for train and val."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.base.progress import ShareDone
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.extraction.dataset_writer import DatasetWriter
from segnet_model.datasets.extraction.settings import GAP
from segnet_model.datasets.extraction.splits import (
    Neighbors,
    SplitRule,
    all_to,
    by_time,
    fitting_gap,
)
from segnet_model.datasets.folder import split_images
from segnet_model.datasets.sources import Frame, Source
from segnet_model.images.files import read_image
from segnet_model.images.thumbnails import thumbnail
from segnet_model.inference.predictor import Predictor
from segnet_model.selection.history import next_number
from segnet_model.selection.ranking import Candidate, evenly_spaced, information, select
from segnet_model.selection.round import Pick, Round, SelectSettings

VAL_SHARE = 0.2  # of the source, at its end
# Why a frame is no candidate.
THERE = "are in the data set already"
KEPT = "are kept to measure on"
NEAR = "are neighbors in time of the other split"
UNUSABLE = "cannot be used"


@dataclass(frozen=True, eq=False)
class PickCandidate(Candidate):
    """A candidate with its identity."""

    pick: Pick

    @property
    def recording(self) -> str:
        """The source of the frame."""
        return self.pick.source


def select_round(
    source: Source,
    dataset: DatasetWriter,
    predictor: Predictor,
    settings: SelectSettings,
    progress: ShareDone,
) -> Round:
    """Rank the frames that are not in the data set, and select the best.

    Raises:
        BagError: the bag is damaged.
        DatasetError: no frame is left to select, or a file is damaged.
    """
    number = next_number(dataset.folder)  # first, so that a damaged file costs no work
    ranked = Ranking(source, dataset, predictor, settings, progress)
    known = [thumbnail(read_image(path)) for path in split_images(dataset.folder, "train")]
    chosen = select(ranked.candidates, settings.count, known)
    if not chosen:
        raise DatasetError(
            f"{settings.source} has no frame left to choose: {ranked.left_out_text()}; give "
            "another recording or topic, or a smaller --every"
        )
    val = evenly_spaced(ranked.val, settings.val)
    return Round(
        settings,
        number,
        len(ranked.candidates),
        train=tuple(each.pick for each in chosen),
        val=tuple(pick for pick in val if pick not in ranked.existing),
    )


class Ranking:
    """The frames of a source, sorted and scored.

    Attributes:
        candidates: frames for train.
        val: frames of the source's validation part.
        existing: those of `val` that are in the data set already.
    """

    def __init__(
        self,
        source: Source,
        dataset: DatasetWriter,
        predictor: Predictor,
        settings: SelectSettings,
        progress: ShareDone,
    ) -> None:
        self.candidates: list[PickCandidate] = []
        self.val: list[Pick] = []
        self.existing: set[Pick] = set()
        self._left_out: Counter[str] = Counter()
        self._dataset = dataset
        self._predictor = predictor
        self._rule = _split_rule(source, dataset, settings.val > 0)
        # The images of a folder have no times, so all are candidates.
        part = source.part(every=settings.every if source.timed else 0)
        for frame, image in part.images():
            self._sort(frame, image)
            progress(source.share(frame))
        source.check_used(len(self.candidates) + self._left_out.total())
        self._left_out[UNUSABLE] = len(source.rejected)

    def left_out_text(self) -> str:
        """The numbers and reasons of frames that are no candidates."""
        parts = [f"{number} {why}" for why, number in self._left_out.items() if number]
        return ", ".join(parts) or "it holds none"

    def _sort(self, frame: Frame, image: np.ndarray) -> None:
        known = self._dataset.find(frame)
        is_there = known is not None and self._dataset.contains(known)
        # A removed image comes back to its split only.
        split = known.split if known else self._rule(frame.receive_ns)
        if split == "val":
            pick = _pick(frame, 0.0)
            self.val.append(pick)
            self.existing.update([pick] if is_there else [])
        elif split == "train" and not is_there:
            self.candidates.append(self._candidate(frame, image))
            return
        self._left_out[KEPT if split == "val" else THERE if is_there else NEAR] += 1

    def _candidate(self, frame: Frame, image: np.ndarray) -> PickCandidate:
        score = information(self._predictor, image)
        pick = _pick(frame, score)
        return PickCandidate(frame.name, pick.seconds, score, thumbnail(image), pick)


def _pick(frame: Frame, score: float) -> Pick:
    source, topic, stamp, receive = frame.key
    return Pick(topic, stamp, receive, frame.stamp_ns / NANOSECONDS, score, source)


def _split_rule(source: Source, dataset: DatasetWriter, with_val: bool) -> SplitRule:
    """A rule from the time of reception to a split; None is too near to the other split."""
    start, end = source.start_ns, source.end_ns
    apart = round(GAP * NANOSECONDS) if source.timed else 0
    gap = fitting_gap(start, end, VAL_SHARE, apart)
    whole = by_time(start, end, VAL_SHARE, gap) if with_val else all_to("train")
    span = range(start, end + 1) if source.wall_clock else range(0)
    return Neighbors(dataset.image_times(source, span), apart).keep_apart(whole)
