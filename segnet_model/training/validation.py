"""Validation: evaluate a network during training, keep the best weights, calibrate them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import nn

from segnet_model.base.errors import AnswerError, SegNetError, WeightsError
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.evaluate import evaluate
from segnet_model.evaluation.fitting import calibrate
from segnet_model.evaluation.sheet import draw_examples
from segnet_model.inference.predictor import Predictor
from segnet_model.training.session import Session
from segnet_model.training.tracking import MEND, Tracker
from segnet_model.weights.checkpoint import load_weights, replace_info, save_weights

logger = logging.getLogger(__name__)
EXAMPLES = 4  # in a picture for TensorBoard


@dataclass
class Scores:
    """mIoU on val, 0 to 1, at the last and at the best evaluation; None before the first."""

    miou: float | None = None
    measured_at: int = 0  # step
    best: float | None = None
    best_at: int = 0  # step


class Validation:
    """Evaluation of a session's network, and its weights file.

    Attributes:
        weights_path: of the weights file.
        scores: so far.
    """

    def __init__(
        self,
        session: Session,
        weights_path: Path,
        tracker: Tracker,
        report: Callable[[str], object],
    ) -> None:
        """Begin without a score.

        Args:
            session: to evaluate.
            weights_path: of the file to write.
            tracker: for mIoU and pictures.
            report: called with the phase after each image; may raise to stop.
        """
        self.weights_path, self.scores = weights_path, Scores()
        self._session, self._tracker, self._report = session, tracker, report
        self._settings, self._processes = session.settings, session.processes
        self._steps_per_epoch = session.data.plan.steps_per_epoch

    @property
    def is_due(self) -> bool:
        """Whether the network must be measured before the next step."""
        step, data = self._session.step, self._session.data
        period = self._steps_per_epoch * self._settings.evaluate_every
        return self.scores.measured_at < step and (step == data.steps or step % period == 0)

    @property
    def patience_is_over(self) -> bool:
        """Whether the best mIoU is older than the patience."""
        steps = self.scores.measured_at - self.scores.best_at
        return 0 < self._settings.patience <= steps / self._steps_per_epoch

    def measure(self) -> None:
        """Measure on val; save the weights if they are the best, or if there is no patience.

        Raises:
            SegNetError: the weights are not finite any more.
        """
        scores = self.scores
        if self._processes.first:
            network = self._session.final_network()
            predictor = self._predictor(network)
            self._measure(predictor)
            better = scores.best is None or scores.miou is None or scores.miou > scores.best
            if better:
                scores.best, scores.best_at = scores.miou, self._session.step
            if better or not self._settings.patience:
                self._save_weights(network)
            self._add_picture(predictor)
        scores.measured_at = self._session.step
        scores.best_at = self._processes.from_first(scores.best_at)

    def rewrite_missing_weights(self) -> None:
        """Measure and save again if the weights file is gone, or was cut short."""
        if not self._weights_are_whole():
            self.scores.best = None
            self.measure()

    def _weights_are_whole(self) -> bool:
        if not self.weights_path.exists():
            return False
        try:
            load_weights(self.weights_path, (self._session.info.network,))
        except WeightsError as error:
            logger.warning("%s; it is written again", error)
            return False
        return True

    def calibrate(self) -> None:
        """Calibrate on val, and add the result to the weights file, unless it has one."""
        val = self._session.data.val
        if val is None or not self._processes.first:
            return
        trusted = (self._session.info.network,)
        if load_weights(self.weights_path, trusted)[1].temperatures:
            return
        logger.info("calibrating: fitting the confidence to the accuracy on val")
        found = calibrate(
            self.weights_path, val, progress=lambda share: self._report("calibrating"),
            device=str(self._processes.device), trusted=trusted, seed=self._settings.seed,
        )  # fmt: skip
        for way, reason in found.refusals.items():
            missing = "place score" if way == "place" else f"bound of the uncertainty {way}"
            logger.info("no %s: %s", missing, reason)
        replace_info(self.weights_path, self.weights_path, found.info)

    def _predictor(self, network: nn.Module) -> Predictor:
        device = str(self._processes.device)
        return Predictor(TorchEngine(deepcopy(network), self._session.info, device))

    def _measure(self, predictor: Predictor) -> None:
        """Measure mIoU on val, if there is one."""
        step, val = self._session.step, self._session.data.val
        if val is None:
            return
        try:
            matrix = evaluate(predictor, val, lambda index: self._report("measuring"))
        except AnswerError:
            raise SegNetError(f"the network is not finite after step {step}; {MEND}") from None
        self.scores.miou = matrix.mean_iou
        self._tracker.add_miou(step, matrix.mean_iou)

    def _add_picture(self, predictor: Predictor) -> None:
        """Add a picture of val to the events; without val, of train."""
        data = self._session.data
        folder, split = (data.folder, "train") if data.val is None else (data.val, "val")
        draw = partial(draw_examples, predictor, folder, EXAMPLES)
        self._tracker.add_picture(f"{split}/answers", self._session.step, draw)
        self._report("measuring")

    def _save_weights(self, network: nn.Module) -> None:
        session, miou = self._session, self.scores.miou
        val = session.data.val
        metrics: dict[str, float] = {}
        if miou is not None and val is not None:
            metrics = {"val_miou": round(miou, 4), "val_images": len(val)}
        training = {**session.info.training, "step": session.step, "steps": session.data.steps}
        info = replace(session.info, training=training, metrics=metrics)
        save_weights(self.weights_path, network, info, torch.float16, known=True)  # by `train`
