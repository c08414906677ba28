"""Monte Carlo dropout: many passes with fresh masks, and their mean.

Kendall, Badrinarayanan and Cipolla, "Bayesian SegNet", BMVC 2017, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.belief import Belief, entropy
from segnet_model.inference.dropout import drawing, sample_dropouts, sample_generator
from segnet_model.inference.shots import Shot
from segnet_model.networks.encoder_decoder import Midway
from segnet_model.networks.outputs import probabilities

BATCH = {"cpu": 1, "cuda": 8}  # samples at once; more need more memory and are no faster


class MonteCarlo:
    """Asks a network several times, with other dropout masks each time.

    All that comes before the first dropout runs once. Sums are taken as the samples arrive, so
    that memory does not grow with their number. A sample's masks depend on the seed and its
    number alone: the same image gives the same belief.
    """

    def __init__(self, engine: TorchEngine, samples: int, seed: int = 0) -> None:
        """Take over an engine, whose dropouts are changed in place.

        Args:
            engine: runs the network.
            samples: passes, at least 1.
            seed: of the masks, 0 or more.

        Raises:
            SettingsError: the network has no dropout.
        """
        self.samples, self.seed = samples, seed
        self.batch = min(samples, BATCH.get(engine.device.type, BATCH["cuda"]))
        self._engine = engine
        self._dropouts = sample_dropouts(engine.network)
        self._begin, self._finish = halves(engine.network)

    def __call__(self, images: Tensor, shots: Sequence[Shot] = ()) -> Belief:
        """See `Inference`."""
        x = self._engine.prepare(images)
        beliefs = [self._ask(x[index : index + 1]) for index in range(len(x))]
        return join(beliefs) if len(beliefs) > 1 else beliefs[0]

    def reset(self) -> None:
        """See `Inference`."""

    def spare_memory(self) -> bool:
        """Halve the number of samples that are computed at once."""
        spared = self.batch > 1
        self.batch = max(1, self.batch // 2)
        return spared

    def growing(self, images: Tensor, counts: Sequence[int]) -> Iterator[tuple[int, Belief]]:
        """What is believed of one image after each of some rising numbers of samples."""
        midway, sums = self._begin(self._engine.prepare(images)), Sums()
        for count in counts:
            self._sample(midway, sums, count)
            yield count, sums.belief()

    def passes(self, images: Tensor) -> Iterator[Tensor]:
        """The logits (K, C, h, w) of the samples of one image, as they are computed."""
        midway = self._begin(self._engine.prepare(images))
        yield from self._passes(midway, 0, self.samples)

    def _ask(self, x: Tensor) -> Belief:
        sums = Sums()
        self._sample(self._begin(x), sums, self.samples)
        return sums.belief()

    def _sample(self, midway: Any, sums: Sums, until: int) -> None:
        """Add samples until there are so many."""
        temperature = self._engine.info.temperature("mc")
        for logits in self._passes(midway, sums.count, until):
            sums.add(probabilities(logits, temperature))

    def _passes(self, midway: Any, first: int, until: int) -> Iterator[Tensor]:
        """The logits of the samples of these numbers."""
        for start in range(first, until, self.batch):
            numbers = range(start, min(start + self.batch, until))
            generators = [sample_generator(self.seed, n, self._engine.device) for n in numbers]
            with drawing(self._dropouts, generators):
                raw = self._finish(repeated(midway, len(generators)))
            yield self._engine.read(raw)


class Sums:
    """Running sums over samples."""

    def __init__(self) -> None:
        """Start with none."""
        self.count = 0
        self._probabilities = self._squares = self._entropy = torch.zeros(())

    def add(self, probabilities: Tensor) -> None:
        """Count samples (K, C, h, w) of one image."""
        if not self.count:
            shape = probabilities.shape[1:]
            self._probabilities = probabilities.new_zeros(shape)
            self._squares, self._entropy = probabilities.new_zeros(2, *shape[1:]).unbind()
        self.count += len(probabilities)
        self._probabilities += probabilities.sum(0)
        self._entropy += entropy(probabilities).sum(0)
        self._squares += probabilities.square_().sum((0, 1))

    def belief(self) -> Belief:
        """What the samples say together."""
        mean = self._probabilities / self.count
        variance = (self._squares / self.count - mean.square().sum(0)).clamp_min_(0) / len(mean)
        return Belief(mean[None], (self._entropy / self.count)[None], variance[None])


def halves(network: nn.Module) -> tuple[Callable[[Tensor], Any], Callable[[Any], Tensor]]:
    """What of a network comes before its first dropout, and the rest; see `EncoderDecoder`."""
    begin: Any = getattr(network, "begin", None)
    finish: Any = getattr(network, "finish", None)
    return (begin, finish) if begin and finish else ((lambda x: x), network)


def repeated(midway: Any, times: int) -> Any:
    """The same midway, or the same input, for several samples of one image; copies nothing."""
    if isinstance(midway, Midway):
        return replace(midway, x=repeated(midway.x, times))
    return midway.expand(times, -1, -1, -1)


def join(beliefs: list[Belief]) -> Belief:
    """One belief of several images."""
    maps = {
        name: torch.cat([getattr(belief, name) for belief in beliefs])
        for name, value in vars(beliefs[0]).items()
        if value is not None
    }
    return Belief(**maps)
