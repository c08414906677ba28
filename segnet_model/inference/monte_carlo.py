"""Monte Carlo dropout: many passes with fresh masks, and their mean.

Kendall, Badrinarayanan and Cipolla, "Bayesian SegNet", BMVC 2017, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.dropout import (
    mask_generator,
    place_scores_of,
    replace_dropouts,
    use_generators,
)
from segnet_model.inference.prediction import Capture, Inference, Prediction, entropy
from segnet_model.networks.encoder_decoder import Intermediate, halves
from segnet_model.networks.outputs import probabilities

BATCH = {"cpu": 1, "cuda": 8}  # samples at once; more need more memory and are no faster


class MonteCarlo(Inference):
    """Inference by several passes with fresh dropout masks.

    The layers before the first dropout run once. Sums are taken as the samples arrive, so memory
    does not grow with their number. A sample's masks depend on the seed and its number alone: the
    same image gives the same prediction.
    """

    def __init__(self, engine: TorchEngine, samples: int, seed: int = 0) -> None:
        """Take over an engine and replace its dropouts; SettingsError where it has none.

        Args:
            engine: runs the network.
            samples: passes, at least 1.
            seed: of the masks, 0 or more.
        """
        self.samples, self.seed = samples, seed
        self.batch = min(samples, BATCH.get(engine.device.type, BATCH["cuda"]))
        self._engine = engine
        self._dropouts = replace_dropouts(engine.network)
        self._first_half, self._second_half = halves(engine.network)

    def __call__(self, images: Tensor, captures: Sequence[Capture] = ()) -> Prediction:
        """See `Inference`."""
        each = [next(self.predict_after(image[None], [self.samples]))[1] for image in images]
        return concatenate(each) if len(each) > 1 else each[0]

    def reduce_memory(self) -> bool:
        """Halve the number of samples that are computed at once."""
        reduced = self.batch > 1
        self.batch = max(1, self.batch // 2)
        return reduced

    def predict_after(
        self, images: Tensor, counts: Sequence[int]
    ) -> Iterator[tuple[int, Prediction]]:
        """Predictions of one image (1, h, w, 3) after each of some rising numbers of samples."""
        intermediate, sums = self._first_half(self._engine.prepare(images)), RunningSums()
        temperature = self._engine.info.temperature("mc")
        for count in counts:
            for logits in self._logits(intermediate, sums.count, count):
                sums.add(probabilities(logits, temperature))
            yield count, replace(sums.prediction(), place_scores=place_scores_of(self._engine))

    def sample_logits(self, images: Tensor) -> Iterator[Tensor]:
        """Logits (K, C, h, w) of the samples of one image, as they are computed."""
        yield from self._logits(self._first_half(self._engine.prepare(images)), 0, self.samples)

    def _logits(self, intermediate: Any, first: int, until: int) -> Iterator[Tensor]:
        for start in range(first, until, self.batch):
            numbers = range(start, min(start + self.batch, until))
            generators = [mask_generator(self.seed, n, self._engine.device) for n in numbers]
            with use_generators(self._dropouts, generators):
                raw = self._second_half(_repeat(intermediate, len(generators)))
            yield self._engine.read(raw)


class RunningSums:
    """Sums over the samples of one image, from which its prediction is made."""

    def __init__(self) -> None:
        """Start without samples."""
        self.count = 0
        self._probabilities = self._squares = self._entropy = torch.zeros(())

    def add(self, probabilities: Tensor) -> None:
        """Add samples (K, C, h, w), which are overwritten."""
        if not self.count:
            shape = probabilities.shape[1:]
            self._probabilities = probabilities.new_zeros(shape)
            self._squares, self._entropy = probabilities.new_zeros(2, *shape[1:]).unbind()
        self.count += len(probabilities)
        self._probabilities += probabilities.sum(0)
        self._entropy += entropy(probabilities).sum(0)
        self._squares += probabilities.square_().sum((0, 1))

    def prediction(self) -> Prediction:
        """Mean, mean entropy and variance of the samples so far."""
        mean = self._probabilities / self.count
        variance = (self._squares / self.count - mean.square().sum(0)).clamp_min_(0) / len(mean)
        return Prediction(mean[None], (self._entropy / self.count)[None], variance[None])


def _repeat(intermediate: Any, times: int) -> Any:
    """The output of the first half for several samples of one image; nothing is copied."""
    if isinstance(intermediate, Intermediate):
        return replace(intermediate, x=_repeat(intermediate.x, times))
    return intermediate.expand(times, -1, -1, -1)


def concatenate(predictions: Sequence[Prediction]) -> Prediction:
    """One prediction of several images."""
    maps = {
        name: torch.cat([getattr(each, name) for each in predictions])
        for name, value in vars(predictions[0]).items()
        if value is not None
    }
    return Prediction(**maps)
