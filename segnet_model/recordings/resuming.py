"""A labeling that goes on where an earlier one was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.bags.kinds import BESIDE
from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.base.tables import NetworkSettings
from segnet_model.base.version import version
from segnet_model.datasets.sources import Frame, Source
from segnet_model.driving import GroundProjector
from segnet_model.inference.answer import Answer
from segnet_model.recordings.answer_store import AnswerStore, Written, path_beside
from segnet_model.recordings.answers import Follower, FramePredictor
from segnet_model.recordings.calibration import CameraCalibration
from segnet_model.recordings.label_settings import LabelSettings
from segnet_model.recordings.piece_store import PieceAnswers, context_of
from segnet_model.recordings.recorded_map import MapView, RecordedMap


@dataclass(frozen=True, eq=False)
class Answered:
    """A frame's answer.

    Attributes:
        found: the network's, or what was written of it before the stop.
        view: what the map needs of the frame; None without one.
        place: see `PlaceMonitor.newest`.
    """

    found: Answer | Written
    view: MapView | None
    place: float | None


@dataclass(frozen=True, eq=False)
class ResumedAnswers:
    """The answers that an earlier labeling or pieces left, and where there is none the network's.

    Attributes:
        predictor: the network.
        store: of the answers; None keeps none.
        map: of the ground; None without one.
        pieces: answers that were made piece by piece; None without.
    """

    predictor: FramePredictor
    store: AnswerStore | None
    map: RecordedMap | None = None
    pieces: PieceAnswers | None = None

    def answer(self, frame: Frame, image: np.ndarray) -> Answered:
        """The answer to a frame and its image, (H, W, 3) uint8 RGB.

        Raises:
            ImageError: see `FramePredictor.answer`, as SettingsError.
        """
        kept = self.store.take(frame) if self.store else None
        of_piece = self.pieces.take(frame) if self.pieces else None
        found: Answer | Written
        if kept is not None:
            found, ground = kept, self._follow(frame, image, kept)[1]
        elif of_piece is not None:
            found, ground = self._joined(frame, image, of_piece)
        else:
            found = self.predictor.answer(frame, image)
            ground = found.ground
        if self.store and isinstance(found, Answer):
            self.store.end()
        view = self.map.view(frame, ground) if self.map else None
        return Answered(found, view, self.predictor.place.newest)

    def _joined(
        self, frame: Frame, image: np.ndarray, kept: Written
    ) -> tuple[Answer | Written, GroundProjector | None]:
        """A piece's answer, or the network's where the whole recording says otherwise."""
        place, ground = self._follow(frame, image, kept)
        info = self._calibration.info if self._calibration else None
        if context_of(image, place, info, ground) == kept.context:
            return kept, ground
        return replace(self.predictor.uncalibrated(frame, image), info=info, ground=ground), ground

    def _follow(
        self, frame: Frame, image: np.ndarray, kept: Written
    ) -> tuple[float | None, GroundProjector | None]:
        """Follow an answer that was kept, so that those to come are as without a stop.

        Returns:
            The place score with those before, and the projector of the grid.
        """
        place, calibration = kept.place, self._calibration
        if place is not None:
            place = self.predictor.place.follow(place, frame.seconds)
        ground = calibration.projector(frame, image.shape[:2]) if calibration else None
        return place, ground

    @property
    def _calibration(self) -> CameraCalibration | None:
        return self.predictor.calibration

    @property
    def followers(self) -> list[Follower]:
        """Those who wait for poses that are recorded after a frame."""
        mounting = self._calibration.mounting if self._calibration else None
        return [each for each in (mounting, self.map) if each is not None]

    def keep(self, frame: Frame, written: Written, place: float | None) -> Written:
        """Keep a new answer, and return it."""
        written = replace(written, place=place)
        if self.store:
            self.store.add(frame, written)
        return written


def open_store(
    out: Path,
    source: Source,
    outputs: Sequence[str],
    settings: LabelSettings,
    predictor: FramePredictor,
    network: NetworkSettings | None,
    sha256: str,
) -> AbstractContextManager[AnswerStore | None]:
    """The store beside an output for answers of this work; None where it cannot be resumed.

    Args:
        out: the output.
        source: open source of the frames.
        outputs: names of the outputs.
        settings: of the labeling.
        predictor: the network.
        network: how it runs; None where that is not known.
        sha256: of its weights file.

    Raises:
        SettingsError: another process is labeling to this output.
        BagError: the store is damaged or cannot be written.
    """
    # Where an answer depends on the frames before, all of them run again.
    if network is None or UNCERTAINTIES.find(network.uncertainty).averages:
        return nullcontext()
    engine = predictor.predictor.engine
    job: dict[str, Any] = {
        **asdict(settings.answer),
        **asdict(settings.ground),
        **asdict(network),
        "weights": sha256,
        "engine": engine.name,
        "device": str(engine.device),
        "precision": engine.precision,
        "the version of segnet": version(),
        "the recording": _files(source.path),
        "topic": source.topic,
        "camera_info": settings.info_topic,
        "topics": list(outputs),
    }
    return AnswerStore(path_beside(out), job)


def _files(path: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of a recording's files, or of a folder's."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [
        (str(each.absolute()), each.stat().st_size, each.stat().st_mtime_ns)
        for each in files
        if each.is_file() and not each.name.endswith(BESIDE)
    ]
