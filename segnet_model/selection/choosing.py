"""One round's choice: which frames to learn from, and which to measure on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from segnet_model.base.errors import DatasetError
from segnet_model.base.progress import ShareDone
from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.extraction.store import ImageStore
from segnet_model.datasets.sources import Frame, Source
from segnet_model.images.files import list_images, read_image
from segnet_model.images.thumbnails import thumbnail
from segnet_model.inference.predictor import Predictor
from segnet_model.selection.plan import Pick, Plan
from segnet_model.selection.ranking import Candidate, choose, evenly, score_of
from segnet_model.selection.rounds import next_round
from segnet_model.selection.settings import SelectSettings
from segnet_model.selection.splitting import split_rule

THERE = "are in the data set already"
KEPT = "are kept to measure on"
NEAR = "are neighbours in time of the other split"


@dataclass(frozen=True, eq=False)
class _PickCandidate(Candidate):
    """A candidate that knows where it is found again."""

    pick: Pick


def choose_round(
    source: Source,
    store: ImageStore,
    predictor: Predictor,
    settings: SelectSettings,
    progress: ShareDone,
) -> Plan:
    """Rank what is not in the data set yet, and choose.

    Raises:
        BagError: the bag is damaged.
        DatasetError: nothing is left to choose, or a file is damaged.
    """
    number = next_round(store.folder)  # first: a damaged list is better known before the work
    ranked = _Ranking(source, store, predictor, settings, progress)
    train = store.folder / "train"
    known = [thumbnail(read_image(path)) for path in (list_images(train) if train.is_dir() else [])]
    chosen = choose(ranked.candidates, settings.count, known)
    if not chosen:
        raise DatasetError(
            f"{settings.source} has no frame left to choose: {ranked.left_out_text()}; give "
            "another recording or topic, or a smaller --every"
        )
    measured = [
        pick for pick in evenly(ranked.to_measure, settings.val) if pick not in ranked.there
    ]
    picks = tuple(each.pick for each in chosen)
    return Plan(settings, number, len(ranked.candidates), picks, tuple(measured))


class _Ranking:
    """What a source holds.

    Attributes:
        candidates: frames to choose from.
        to_measure: frames of the part to measure on.
        there: those of them that are in the data set already.
    """

    def __init__(
        self,
        source: Source,
        store: ImageStore,
        predictor: Predictor,
        settings: SelectSettings,
        progress: ShareDone,
    ) -> None:
        self.candidates: list[_PickCandidate] = []
        self.to_measure: list[Pick] = []
        self.there: set[Pick] = set()
        self._left_out: Counter[str] = Counter()
        self._store = store
        self._predictor = predictor
        self._rule = split_rule(source, store, settings.val > 0)
        # A folder's images are chosen from all, for they are no seconds apart.
        part = source.part(every=settings.every if source.timed else 0)
        for frame, image in part.images():
            self._sort(frame, image)
            progress(source.share(frame))

    def left_out_text(self) -> str:
        """How many are no candidates, and why."""
        parts = [f"{number} {why}" for why, number in self._left_out.items()]
        return ", ".join(parts) or "it holds none"

    def _sort(self, frame: Frame, image: np.ndarray) -> None:
        known = self._store.find(frame)
        is_there = known is not None and self._store.has(known)
        # What was in one split before somebody removed it must not come to the other one.
        split = known.split if known else self._rule(frame.receive_ns)
        if split == "val":
            pick = _pick(frame, 0.0)
            self.to_measure.append(pick)
            self.there.update([pick] if is_there else [])
        elif split == "train" and not is_there:
            self.candidates.append(self._candidate(frame, image))
            return
        self._left_out[KEPT if split == "val" else THERE if is_there else NEAR] += 1

    def _candidate(self, frame: Frame, image: np.ndarray) -> _PickCandidate:
        score = score_of(self._predictor, image)
        pick = _pick(frame, score)
        return _PickCandidate(frame.name, pick.seconds, score, thumbnail(image), pick)


def _pick(frame: Frame, score: float) -> Pick:
    return Pick(*frame.key[1:], frame.stamp_ns / NANOSECONDS, score)
