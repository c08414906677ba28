"""Temperature scaling: makes the confidence of a network match its accuracy.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section
4.2: logits are divided by one number, fitted on images that training did not see. The most likely
class of one pass stays the same. The mean of several passes with dropout is less confident than one
pass without, so each way to estimate uncertainty has a temperature of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from segnet_model.base.errors import DatasetError
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.datasets.folder import LabeledFolder, spread
from segnet_model.engines import Engine
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.calibration import Reliability
from segnet_model.inference.dropout import has_dropout
from segnet_model.inference.monte_carlo import MonteCarlo
from segnet_model.labels import LabelSet
from segnet_model.networks.inputs import network_size, resize_image, resize_maps

SAMPLES = 10  # passes of mc
MOST_IMAGES = 32  # spread over the folder
PIXELS = 2000  # of each image; its neighbors say much the same
_BOUNDS = (0.05, 20.0)  # a network that needs more is not worth calibrating

Passes = Callable[[Tensor], Tensor]  # from one image to logits (T, C, h, w)


@dataclass(frozen=True)
class Fit:
    """A temperature, and the calibration error of the pixels that it was fitted on."""

    temperature: float
    error_before: float  # expected calibration error, 0 to 1, with temperature 1
    error: float  # with this temperature


def fit_temperature(passes: Tensor, truth: Tensor) -> float:
    """Fit the temperature that makes the truth likeliest under the passes' mean probabilities.

    Args:
        passes: (T, C, N) logits of N pixels.
        truth: (N,) int64 class ids.

    Returns:
        The divisor of the logits that makes the negative log-likelihood least.
    """
    passes = passes.float()
    logarithm = torch.zeros((), requires_grad=True)
    solver = torch.optim.LBFGS([logarithm], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        # Of the sum, not the mean: log T changes no gradient.
        log_likelihood = F.log_softmax(passes / logarithm.exp(), 1).logsumexp(0)
        value = F.nll_loss(log_likelihood.T, truth)
        value.backward()
        return value

    with torch.enable_grad():
        solver.step(loss)
    return float(np.clip(exp(logarithm.item()), *_BOUNDS))


def fit_temperatures(
    engine: Engine, folder: LabeledFolder, progress: ShareDone = no_progress, seed: int = 0
) -> dict[str, Fit]:
    """Fit a temperature for each way to estimate uncertainty.

    Args:
        engine: runs the network; its dropout layers are changed in place.
        folder: labeled images that training did not see.
        progress: called with the share that is done.
        seed: of the choice of pixels and of the dropout masks.

    Returns:
        Fits by name: "none", and "mc" for a network with dropout in PyTorch.

    Raises:
        DatasetError: no pixel of the images is labeled.
    """
    ways: dict[str, Passes] = {"none": engine.logits}
    if isinstance(engine, TorchEngine) and has_dropout(engine.network):
        sampler = MonteCarlo(engine, SAMPLES, seed)
        ways["mc"] = lambda image: torch.cat(list(sampler.sample_logits(image)))
    chosen = spread(MOST_IMAGES, len(folder))
    rng = np.random.default_rng(seed)
    passes: dict[str, list[Tensor]] = {name: [] for name in ways}
    truths: list[Tensor] = []
    for done, index in enumerate(chosen, 1):
        image, labels = folder.read(index)
        size = engine.size or network_size(labels.shape, engine.info.input_size)
        small = torch.from_numpy(resize_image(image, size))[None]
        places, truth = _known_pixels(labels, size, folder.label_set, rng)
        truths.append(truth)
        with torch.inference_mode():
            for name, run in ways.items():
                logits = resize_maps(run(small), size)
                passes[name].append(logits.flatten(2)[..., places].cpu())
        progress(done / len(chosen))
    truth = torch.cat(truths)
    if not len(truth):
        raise DatasetError("no pixel of these images is labeled; label some first")
    return {name: _fit(torch.cat(each, 2), truth) for name, each in passes.items()}


def temperatures(fits: Mapping[str, Fit]) -> dict[str, float]:
    """Temperatures by name, rounded, for `ModelInfo`."""
    return {name: round(fit.temperature, 4) for name, fit in fits.items()}


def _fit(passes: Tensor, truth: Tensor) -> Fit:
    temperature = fit_temperature(passes, truth)
    return Fit(temperature, _error(passes, truth, 1.0), _error(passes, truth, temperature))


def _error(passes: Tensor, truth: Tensor, temperature: float) -> float:
    confidence, labels = (passes / temperature).softmax(1).mean(0).max(0)
    reliability = Reliability()
    reliability.update(confidence.numpy(), (labels == truth).numpy())
    return reliability.expected_calibration_error


def _known_pixels(
    labels: np.ndarray, size: tuple[int, int], label_set: LabelSet, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Sample labeled pixels at the network's size: places in a flat image, and ids."""
    rows, columns = (
        ((np.arange(small) + 0.5) * large / small).astype(int)
        for small, large in zip(size, labels.shape, strict=True)
    )
    flat = labels[rows[:, None], columns].ravel()
    known = np.flatnonzero(flat != label_set.ignore_id)
    places = rng.choice(known, min(PIXELS, len(known)), replace=False)
    return torch.from_numpy(places), torch.from_numpy(flat[places].astype(np.int64))
