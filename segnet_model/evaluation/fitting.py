"""Everything that calibration adds to a weights file, fitted on labeled images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from segnet_model.base.errors import SettingsError, UnfittedError
from segnet_model.base.progress import ShareDone, no_progress, part_of
from segnet_model.datasets.folder import LabeledFolder
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.drivable import RISK, check_risk, fit_bound
from segnet_model.evaluation.features import fit_features
from segnet_model.evaluation.place import fit_place
from segnet_model.evaluation.temperature import SAMPLES, Fit, fit_temperatures, temperatures
from segnet_model.inference.predictor import Predictor
from segnet_model.weights.bounds import Bound
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.model_info import ModelInfo

# Shares of the time, up to the end of each.
TEMPERATURES, PLACE, FEATURES = 0.1, 0.2, 0.4


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
    fits = fit_temperatures(engine, folder, part_of(progress, 0, TEMPERATURES), seed)
    info = replace(engine.info, temperatures=temperatures(fits), bounds={}, features=None)
    bounds: dict[str, Bound] = {}
    refusals: dict[str, str] = {}
    with _noted(refusals, "place", UnfittedError, SettingsError):
        part = part_of(progress, TEMPERATURES, PLACE)
        info = replace(info, place=fit_place(engine, folder, part))
    engine = TorchEngine(load_weights(path, trusted)[0], info, device)
    with _noted(refusals, "features", UnfittedError, SettingsError):
        part = part_of(progress, PLACE, FEATURES)
        info = replace(info, features=fit_features(engine, folder, part, seed))
    ways = dict.fromkeys(["none", *(["features"] if info.features else []), *fits])
    rest = part_of(progress, FEATURES, 1)
    for done, way in enumerate(ways):
        engine = TorchEngine(load_weights(path, trusted)[0], info, device)
        predictor = Predictor(engine, way, SAMPLES, seed)
        part = part_of(rest, done / len(ways), (done + 1) / len(ways))
        with _noted(refusals, way, UnfittedError):
            bounds[way] = fit_bound(predictor, folder, risk, part)
    return Calibration(replace(info, bounds=bounds), fits, refusals)


@contextmanager
def _noted(refusals: dict[str, str], name: str, *errors: type[Exception]) -> Iterator[None]:
    """Note why something cannot be fitted, and go on without it."""
    try:
        yield
    except errors as error:
        refusals[name] = str(error)


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
