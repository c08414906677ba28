"""The weights file of an adaptation, calibrated anew."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.progress import ShareDone
from segnet_model.datasets.folder import LabeledFolder
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.fitting import calibrate
from segnet_model.evaluation.place import fit_place
from segnet_model.weights.checkpoint import load_weights, replace_info, save_weights
from segnet_model.weights.model_info import ModelInfo

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What an adaptation came to.

    Attributes:
        weights: the file.
        text: the outcome in a sentence.
        refusal: why the weights are not better than the start; empty where the guard's signs say
            that they are better on frames of today, and worse nowhere.
    """

    weights: Path
    text: str
    refusal: str


def adapted_info(
    info: ModelInfo, init: str, recording: str, frames: int = 0, steps: int = 0, share: float = 0.0
) -> ModelInfo:
    """Metadata of adapted weights; without frames, steps and a share, of the start's.

    Args:
        info: of the start.
        init: the start's file or name.
        recording: its name.
        frames: that were learned.
        steps: that were accepted.
        share: of the camera's statistics in batch normalization.
    """
    about = {"adapted_from": Path(init).name, "recording": recording, "frames": frames,
             "steps": steps, "statistics": share}  # fmt: skip
    return replace(info, training={**info.training, "adaptation": about})


@dataclass(frozen=True)
class Images:
    """Old images with labels, and then frames of the recording without."""

    old: LabeledFolder
    frames: Sequence[np.ndarray]

    def __len__(self) -> int:
        """Number of both together."""
        return len(self.old) + len(self.frames)

    def read(self, index: int) -> tuple[np.ndarray, None]:
        """An image (H, W, 3) uint8 RGB, and no labels."""
        own = index - len(self.old)
        return (self.old.read(index)[0] if own < 0 else self.frames[own]), None


def write_calibrated(
    path: Path, network: nn.Module, info: ModelInfo, images: Images, device: str, seed: int,
    progress: ShareDone,
) -> None:  # fmt: skip
    """Write weights, and fit confidence, bounds and place score anew.

    Confidence is fitted on old images, which have labels, so no bound may grow by it: a network
    that teaches itself gets too sure, and most so where it was taught. The place score is fitted on
    both kinds of images: the network knows both.

    Args:
        path: of the file; it may be replaced.
        network: adapted; moved to the CPU.
        info: of the start, with what is known of the adaptation.
        images: to fit on.
        device: to run on.
        seed: of the calibration.
        progress: called with the share that is done.

    Raises:
        WeightsError: the file cannot be written.
    """
    fresh = replace(info, metrics={}, temperatures={}, bounds={}, features=None, place=None)
    save_weights(path, network.cpu(), fresh, torch.float16, known=True)
    found = calibrate(path, images.old, progress=progress, device=device, seed=seed).info
    bounds = {}
    if "none" in info.bounds and "none" not in found.bounds:  # without, the node takes a wider one
        bounds["none"] = info.bounds["none"]
        logger.warning(
            "no new bound of the uncertainty can be fitted on %d old images: that of the start "
            "stays, and its promise is not proven; run segnet calibrate on labeled images",
            len(images.old),
        )  # fmt: skip
    for way, bound in found.bounds.items():
        bounds[way] = min(bound, info.bounds.get(way, bound), key=lambda each: each.max_uncertainty)
    found = replace(found, bounds=bounds, place=None)
    try:
        engine = TorchEngine(load_weights(path)[0], found, device)
        found = replace(found, place=fit_place(engine, images))
    except (DatasetError, SettingsError) as error:
        logger.info("no place score: %s", error)
    replace_info(path, path, found)
