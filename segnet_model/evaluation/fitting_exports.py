"""Calibration of an `.onnx`, as of an adopted network, whose weights file there is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from segnet_model.base.errors import SettingsError, UnfittedError
from segnet_model.base.progress import ShareDone, no_progress, part_of
from segnet_model.datasets.folder import LabeledFolder
from segnet_model.engines.onnx_engine import OnnxEngine
from segnet_model.evaluation.drivable import RISK, check_risk, fit_bound
from segnet_model.evaluation.fitting import Calibration
from segnet_model.evaluation.temperature import fit_temperatures, temperatures
from segnet_model.inference.predictor import Predictor

TEMPERATURES = 0.2  # of the time


def calibrate_onnx(
    path: Path, folder: LabeledFolder, risk: float = RISK, progress: ShareDone = no_progress
) -> Calibration:
    """Fit the temperature, and the bound of the uncertainty that keeps a promise.

    Args:
        path: the `.onnx`, which stays as it is.
        folder: labeled images that training did not see.
        risk: share of the drivable area that may be wrong, above 0, less than 1.
        progress: called with the share that is done.

    Raises:
        DatasetError: no pixel of the images is labeled.
        SettingsError: the risk is no such share, or the network answers ids alone.
        WeightsError: the file is no export.
    """
    check_risk(risk)
    engine = OnnxEngine.open(path)
    if engine.info.answers_ids:
        raise SettingsError(
            f"{path} answers ids alone and has no confidence to fit; adopt the network again with "
            "--answers logits"
        )
    fits = fit_temperatures(engine, folder, part_of(progress, 0, TEMPERATURES))
    engine.info = replace(engine.info, temperatures=temperatures(fits), bounds={})
    try:
        bound = fit_bound(Predictor(engine), folder, risk, part_of(progress, TEMPERATURES, 1))
    except UnfittedError as error:
        return Calibration(engine.info, fits, {"none": str(error)})
    return Calibration(replace(engine.info, bounds={"none": bound}), fits, {})
