"""Everything that calibration adds to a weights file, fitted on labeled images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from segnet_model.base.errors import SettingsError, UnfittedError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.folder import LabeledFolder
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.drivable import RISK, check_risk, fit_bound
from segnet_model.evaluation.features import fit_features
from segnet_model.evaluation.place import fit_place
from segnet_model.evaluation.temperature import SAMPLES, Fit, fit_temperatures, temperatures
from segnet_model.inference.predictor import Predictor
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.model_info import ModelInfo

TEMPERATURES, FEATURES, PLACE = 0.1, 0.2, 0.1  # of the time


@dataclass(frozen=True)
class Calibration:
    """Result of `calibrate`.

    Attributes:
        info: the metadata of the weights, with all that was fitted.
        temperatures: by uncertainty method.
        refusals: why an uncertainty method has no bound, why there is no feature score, or no
            place score.
    """

    info: ModelInfo
    temperatures: Mapping[str, Fit]
    refusals: Mapping[str, str]


def calibrate(
    path: Path,
    folder: LabeledFolder,
    risk: float = RISK,
    progress: ShareDone = no_progress,
    *,
    device: str = "auto",
    trusted: tuple[str, ...] = (),
    seed: int = 0,
) -> Calibration:
    """Fit temperatures, feature and place score, and bounds of the uncertainty with a promise.

    Args:
        path: the `.safetensors` file, which stays as it is.
        folder: labeled images that training did not see.
        risk: share of the drivable area that may be wrong, above 0, less than 1.
        progress: called with the share that is done.
        device: see `choose_device`.
        trusted: see `load_weights`.
        seed: of the choice of pixels and of the dropout masks.

    Raises:
        DatasetError: no pixel of the images is labeled, or a file cannot be read.
        SettingsError: the risk is no such share.
        WeightsError: the file is not usable weights.
    """
    check_risk(risk)
    engine = _without_place(path, trusted, device)
    info = engine.info
    fits = fit_temperatures(engine, folder, lambda share: progress(TEMPERATURES * share), seed)
    info = replace(info, temperatures=temperatures(fits), bounds={}, features=None)
    bounds, refusals = {}, {}
    try:
        info = replace(info, place=fit_place(engine, folder, _part(progress, TEMPERATURES, PLACE)))
    except (UnfittedError, SettingsError) as error:
        refusals["place"] = str(error)
    engine = TorchEngine(load_weights(path, trusted)[0], info, device)
    try:
        features = fit_features(
            engine, folder, _part(progress, TEMPERATURES + PLACE, FEATURES), seed
        )
        info = replace(info, features=features)
        ways = ["none", "features", *(way for way in fits if way != "none")]
    except (UnfittedError, SettingsError) as error:
        refusals["features"], ways = str(error), list(fits)
    begin = TEMPERATURES + PLACE + FEATURES
    step = (1 - begin) / len(ways)
    for done, way in enumerate(ways):
        engine = TorchEngine(load_weights(path, trusted)[0], info, device)
        predictor = Predictor(engine, way, SAMPLES, seed)
        try:
            bounds[way] = fit_bound(
                predictor, folder, risk, _part(progress, begin + done * step, step)
            )
        except UnfittedError as error:
            refusals[way] = str(error)
    return Calibration(replace(info, bounds=bounds), fits, refusals)


def calibrate_place(
    path: Path,
    folder: LabeledFolder,
    progress: ShareDone = no_progress,
    *,
    device: str = "auto",
    trusted: tuple[str, ...] = (),
) -> Calibration:
    """Fit the place score alone; arguments and errors as of `calibrate` and `fit_place`."""
    engine = _without_place(path, trusted, device)
    return Calibration(replace(engine.info, place=fit_place(engine, folder, progress)), {}, {})


def _without_place(path: Path, trusted: tuple[str, ...], device: str) -> TorchEngine:
    """The engine without an old place score, which may be of other layers and refuse to run."""
    network, info = load_weights(path, trusted)
    return TorchEngine(network, replace(info, place=None), device)


def _part(progress: ShareDone, begin: float, share: float) -> Callable[[float], object]:
    """The progress of a part that begins at a share of the whole, and is a share of it."""
    return lambda done: progress(begin + share * done)
