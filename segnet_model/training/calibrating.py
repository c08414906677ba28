"""How sure trained weights may be, for the weights file to say."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from segnet_model.datasets.folder import LabelledFolder
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.temperature import fit_temperatures, temperatures
from segnet_model.weights.checkpoint import change_info, load_weights

logger = logging.getLogger(__name__)


def calibrate(
    path: Path, trusted: str, folder: LabelledFolder, device: str,
    on_share: Callable[[float], object], seed: int,
) -> None:  # fmt: skip
    """Fit the temperatures of a weights file, unless it has some.

    Args:
        path: of the file, which is written anew.
        trusted: name of the network that it may be of.
        folder: labelled images that were not learned from.
        device: that the network runs on.
        on_share: told how much is done.
        seed: of the pixels that are looked at.
    """
    network, info = load_weights(path, {trusted})
    if info.temperatures:
        return
    logger.info("fitting how sure the network is to how often it is right")
    fits = fit_temperatures(TorchEngine(network, info, device), folder, on_share, seed)
    change_info(path, path, replace(info, temperatures=temperatures(fits)))
