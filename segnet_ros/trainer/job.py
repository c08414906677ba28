"""A training that runs in a thread, so that the node stays responsive."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from segnet_model.base.errors import DatasetError, SegNetError
from segnet_model.datasets.extraction.extract import extract
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.datasets.folder import has_split
from segnet_model.training.tracking import Progress
from segnet_model.training.trainer import WEIGHTS_FILE, train
from segnet_ros.trainer.settings import TrainerSettings

# Phases, as TrainingProgress names them; written out because that may not be built.
EXTRACT, TRAIN, DONE, STOPPED, FAILED = "extract", "train", "done", "stopped", "failed"
logger = logging.getLogger("segnet_model.job")  # forwarded to ROS with what the training says


@dataclass(frozen=True)
class Status:
    """How far a training has come, at one moment."""

    phase: str
    message: str  # for people
    share: float = 0.0  # of the extraction, 0 to 1
    progress: Progress | None = None  # None before the first step
    best_miou: float | None = None


class Stop(Exception):  # noqa: N818 - no error, but a request
    """Ends an extraction or a training that was asked to stop."""


class TrainingJob(Thread):
    """One training from its data to its weights.

    Attributes:
        status: replaced, never changed, so that another thread may read it at any time.
        weights_path: where the weights are, or will be.
    """

    def __init__(self, settings: TrainerSettings) -> None:
        """Get ready; `start` begins.

        Raises:
            SettingsError: a setting is out of range.
        """
        # A daemon, so that a second Ctrl-C ends the program without waiting for a long step.
        super().__init__(name="training", daemon=True)
        self._settings, self._training = settings, settings.training
        self._stop_requested = Event()
        self._began = time.monotonic()
        self.weights_path = Path(settings.out) / WEIGHTS_FILE
        self.status = Status(EXTRACT if settings.bag else TRAIN, "reading the data")

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def stop(self) -> None:
        """Ask to stop after the step under way, with a saved state to resume from."""
        self._stop_requested.set()

    def run(self) -> None:
        """Extract the images of a bag, if one is given, and train; sets the last status."""
        try:
            self._work()
        except Stop:
            self._end(STOPPED, "stopped; start again with the same parameters to go on")
        except (SegNetError, OSError) as error:
            self._end(FAILED, str(error))
        except Exception as error:  # else it would end the thread in silence
            logger.debug("the training failed", exc_info=True)
            self._end(FAILED, f"{type(error).__name__}: {error}")

    def _work(self) -> None:
        settings = self._settings
        if settings.bag:
            self._extract()
        dataset = settings.extracted if settings.bag else Path(settings.dataset)
        self.status = Status(TRAIN, f"training on {dataset}")
        out = Path(settings.out)
        path = train(dataset, out, self._training, self._on_step, self._stop_requested.is_set)
        if path is None:
            raise Stop
        self._end(DONE, f"weights: {path}")

    def _extract(self) -> None:
        settings = self._settings
        self.status = Status(EXTRACT, f"taking images out of {settings.bag}")
        what = ExtractSettings(
            topics=(settings.image_topic,) if settings.image_topic else (),
            labels_topics=(settings.labels_topic,),
            every=settings.every, val=settings.val, tolerance=0.0,
        )  # fmt: skip
        counts = extract(settings.bag, settings.extracted, what, self._on_share)
        logger.info("%s: %s", settings.extracted, counts)
        if not has_split(settings.extracted, "train"):
            raise DatasetError(
                f"no image of bag {settings.bag} has labels on {settings.labels_topic}"
                " for training; labels need their image's stamp"
            )
        if not has_split(settings.extracted, "val"):
            logger.warning("no labeled image at the bag's end: the network is not measured")

    def _on_share(self, share: float) -> None:
        if self._stop_requested.is_set():
            raise Stop
        self.status = replace(self.status, share=share)

    def _on_step(self, progress: Progress) -> None:
        known = [m for m in (self.status.best_miou, progress.miou) if m is not None]
        best = max(known, default=None)
        self.status = replace(
            self.status, message=progress.phase, progress=progress, best_miou=best
        )

    def _end(self, phase: str, message: str) -> None:
        self.status = replace(self.status, phase=phase, message=message)
