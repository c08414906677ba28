"""Adaptation of weights to a recording without labels, from top to bottom; it can be resumed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from math import isfinite
from pathlib import Path

import torch
from torch import nn

from segnet_model.base.atomic import check_output
from segnet_model.base.errors import AnswerError, SegNetError
from segnet_model.base.lock import locked
from segnet_model.base.progress import ShareDone, no_progress, part_of
from segnet_model.datasets.folder import LabeledFolder
from segnet_model.engines.torch_engine import TorchEngine, choose_device
from segnet_model.evaluation.evaluate import evaluate
from segnet_model.inference.predictor import Predictor
from segnet_model.training.adaptation.frames import read_frames
from segnet_model.training.adaptation.guard import Signs
from segnet_model.training.adaptation.guards import Guards, origin_of, watch
from segnet_model.training.adaptation.old_data import open_labeled, open_old_data, origins_of
from segnet_model.training.adaptation.report import REPORT, SHEET, draw, write_report
from segnet_model.training.adaptation.result import Images, Outcome, adapted_info, write_calibrated
from segnet_model.training.adaptation.session import Session
from segnet_model.training.adaptation.settings import AdaptSettings
from segnet_model.training.adaptation.state import Course, check_state, load, save
from segnet_model.training.adaptation.statistics import SHARES, measured_statistics, mixed
from segnet_model.training.estimate import rough
from segnet_model.training.tracking import MEND
from segnet_model.training.trainer import STATE_FILE, WEIGHTS_FILE
from segnet_model.weights.checkpoint import load_weights, save_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights

logger = logging.getLogger(__name__)
PATIENCE = 3  # setbacks, after which nothing more is tried
NOTHING = "nothing was better than the start"
SLOWER = 0.5  # factor of the learning rate after a setback
TRIAL_STEPS = 3  # before the time is estimated; the first is slower
# Shares of the time, for the progress, where the recording has been read: up to the end of each.
READ, RENDERED, MEASURED, LEARNED = 0.05, 0.2, 0.25, 0.9


def adapt(
    recording: Path,
    out: Path,
    settings: AdaptSettings,
    topic: str | None = None,
    progress: ShareDone = no_progress,
) -> Outcome:
    """Adapt weights to a recording, or resume an interrupted adaptation.

    The same recording, settings and seed give the same weights, interrupted or not.

    Args:
        recording: a bag, a folder of images, a video or a frame buffer, without labels.
        out: gets the weights, the report, and the state to resume from.
        settings: how to adapt.
        topic: of a bag; None for the only one.
        progress: called with the share that is done; may raise KeyboardInterrupt to stop, which
            leaves a state to resume from.

    Raises:
        DatasetError: too few frames can be used, or a data set is damaged.
        SettingsError: the settings do not work, or out holds another run.
        SegNetError: the loss is not finite any more.
        WeightsError: weights cannot be read, or a file cannot be written.
    """
    with locked(out, "adaptation"):
        begun = origins_of(settings)
        if (out / STATE_FILE).exists():
            check_state(out / STATE_FILE, settings, begun)
        else:
            for name in (WEIGHTS_FILE, REPORT, SHEET):
                check_output(out / name)
        return Adaptation(recording, out, settings, topic, progress, begun).run()


class Adaptation:
    """One adaptation: read, measure the start, mix statistics, learn, calibrate, report."""

    def __init__(
        self, recording: Path, out: Path, settings: AdaptSettings, topic: str | None,
        progress: ShareDone, begun: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Read the recording and the old data, with the arguments of `adapt` and its origins."""
        self._begun = begun
        self._out, self._settings, self._name = out, settings, recording.resolve().name
        self._progress = progress
        self._device = choose_device(settings.device)
        self._network, self._info = load_weights(find_weights(settings.init))
        labeled, labels = settings.labeled, self._info.labels
        self._labeled = open_labeled(labeled, labels) if labeled else None
        self._frames = read_frames(
            recording, topic, settings.frames, self._info.input_size, part_of(progress, 0, READ)
        )
        learned, held = self._frames.learned, self._frames.held
        logger.info("%d frames to learn from, %d held out", len(learned), len(held))
        self._old = open_old_data(settings, labels, out, part_of(progress, READ, RENDERED))
        self._fingerprint = self._frames.fingerprint + self._old.fingerprint()
        self._session = Session(
            deepcopy(self._network), self._info, self._frames, settings, self._device
        )
        self._course = Course(self._session.copy_of_teacher())

    def run(self) -> Outcome:
        """Adapt, and write weights and report."""
        self._guard = self._measured_start()
        self._session.learn_old(self._old)
        load(self._out / STATE_FILE, self._session, self._course, self._fingerprint)
        try:
            if not self._session.step and not self._course.looks:
                self._mix_statistics()
            if not self._settings.statistics_only:
                self._learn()
            return self._finish()
        except KeyboardInterrupt:
            self._save()
            raise

    def _measured_start(self) -> Guards:
        few, origin = self._labeled, self._settings.origin
        guards = watch(
            self._session.copy_of_teacher(), origin_of(origin, self._info) if origin else None,
            self._info, self._frames, self._session.forward,
            self._measure_on(self._old.held), self._measure_on(few) if few else None,
        )  # fmt: skip
        self._progress(MEASURED)
        return guards

    def _mix_statistics(self) -> None:
        """Mix the camera's statistics in where the guard finds that they help."""
        start, frames = self._session.copy_of_teacher(), self._frames.learned
        new = measured_statistics(start, frames, self._session.forward, self._settings.seed)
        for share in SHARES:
            network = mixed(start, new, share)
            signs, why = self._guard.look(network)
            if not why and (nothing := self._guard.no_gain(signs)):
                why = [nothing]
            self._look(f"{share:.0%} of the statistics", signs, why)
            if not why:
                self._course.share, self._course.accepted = share, network
                self._session.restart(network)
                return

    def _learn(self) -> None:
        """Take the remaining steps; the guard looks now and then."""
        session, settings = self._session, self._settings
        saved_at = began = time.monotonic()
        first = session.step
        while not self._is_over():
            loss = session.train_step()
            if not isfinite(loss):
                raise SegNetError(f"the loss is {loss} at step {session.step}; {MEND}")
            if session.step - first == TRIAL_STEPS:
                pace = (time.monotonic() - began) / TRIAL_STEPS
                left = rough(pace * (settings.steps - session.step))
                logger.info("%d steps: %s on %s", settings.steps, left, session.device)
            self._progress(MEASURED + (LEARNED - MEASURED) * session.step / settings.steps)
            if time.monotonic() - saved_at > settings.save_every_s:
                self._save()
                saved_at = time.monotonic()

    def _is_over(self) -> bool:
        """Let the guard look where that is due; returns whether nothing is left to learn."""
        session, course, steps = self._session, self._course, self._settings.steps
        due = session.step % self._settings.check_every == 0 or session.step == steps
        if due and course.checked_at < session.step:
            self._check()
        return session.step >= steps or course.setbacks >= PATIENCE

    def _check(self) -> None:
        """Keep the teacher, or take the steps since the last look back where it is worse."""
        session, course = self._session, self._course
        try:
            signs, why = self._guard.look(session.teacher)
        except AnswerError:
            raise SegNetError(f"the network is not finite at step {session.step}; {MEND}") from None
        self._look(f"step {session.step}", signs, why)
        course.checked_at = session.step
        if why:
            course.setbacks += 1
            session.rate *= SLOWER
            session.restart(course.accepted)
        else:
            course.accepted, course.accepted_at = session.copy_of_teacher(), session.step

    def _look(self, what: str, signs: Signs, why: list[str]) -> None:
        self._course.looks.append({"what": what, "signs": vars(signs), "reasons": why})
        if why:
            logger.info("%s: taken back, since %s", what, "; ".join(why))
        else:
            views = 100 * signs.steadiness
            logger.info("%s: old mIoU %.3f, two views agree in %.1f %%", what, signs.old, views)

    def _finish(self) -> Outcome:
        """Write weights and report."""
        self._save()
        path, course = self._out / WEIGHTS_FILE, self._course
        refusal = self._write_better(path) if course.share or course.accepted_at else NOTHING
        if not course.share and not course.accepted_at:
            info = adapted_info(self._info, self._settings.init, self._name)
            save_weights(path, self._network, info, torch.float16, known=True)
        before, after = (
            self._predictor(*load_weights(each))
            for each in (find_weights(self._settings.init), path)
        )
        sheet = draw(before, after, self._frames.held)
        summary = write_report(
            self._out, self._name, course, self._guard.start, sheet, self._settings.steps
        )
        self._progress(1.0)
        return Outcome(path, summary, refusal)

    def _write_better(self, path: Path) -> str:
        """Write the accepted weights, and measure the file itself; why it is no gain, or nothing.

        Where the file is worse, as its rounding could be, nothing is accepted any more.
        """
        course, kind = self._course, Images(self._old.held, self._frames.learned)
        how = (len(self._frames.learned), course.accepted_at, course.share)
        info = adapted_info(self._info, self._settings.init, self._name, *how)
        device, progress = str(self._device), part_of(self._progress, LEARNED, 1.0)
        self._progress(LEARNED)
        write_calibrated(path, course.accepted, info, kind, device, self._settings.seed, progress)
        signs, why = self._guard.look(load_weights(path)[0].to(self._device).eval())
        self._look("weights file", signs, why)
        if why:
            course.share, course.accepted_at = 0.0, 0
            return "; ".join(why)
        return self._guard.no_gain(signs)

    def _measure_on(self, folder: LabeledFolder) -> Callable[[nn.Module], float]:
        return lambda network: (
            evaluate(self._predictor(deepcopy(network), self._info), folder).mean_iou
        )

    def _predictor(self, network: nn.Module, info: ModelInfo) -> Predictor:
        return Predictor(TorchEngine(network, info, str(self._device)))

    def _save(self) -> None:
        save(self._out / STATE_FILE, self._session, self._course, self._fingerprint, self._begun)
