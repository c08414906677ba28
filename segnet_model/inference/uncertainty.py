"""Ways to estimate uncertainty: entropy, features, Monte Carlo dropout, an average of a video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.base.errors import SettingsError
from segnet_model.engines import Engine
from segnet_model.inference.prediction import Capture, Inference, Prediction
from segnet_model.networks.outputs import probabilities

if TYPE_CHECKING:
    from torch import Tensor


class SinglePass(Inference):
    """One pass without dropout."""

    def __init__(self, engine: Engine) -> None:
        """Run this engine."""
        self._engine = engine

    def __call__(self, images: Tensor, captures: Sequence[Capture] = ()) -> Prediction:
        """See `Inference`."""
        answer, info = self._engine.logits(images), self._engine.info
        if info.answers_ids:
            return Prediction.of_ids(answer[:, 0], info.labels.num_classes)
        found = probabilities(answer, info.temperature("none"))
        return Prediction(found, place_scores=self._engine.place_scores)


class FeatureScoring(SinglePass):
    """One pass without dropout, and the feature score as its uncertainty."""

    def __init__(self, engine: Engine) -> None:
        """Run this engine; SettingsError where its weights or its export have no feature score."""
        engine.check_scored()
        super().__init__(engine)

    def __call__(self, images: Tensor, captures: Sequence[Capture] = ()) -> Prediction:
        """See `Inference`."""
        logits, score = self._engine.scored(images)
        temperature = self._engine.info.temperature("none")
        found = probabilities(logits, temperature)
        return Prediction(found, score=score, place_scores=self._engine.place_scores)


@dataclass(frozen=True)
class UncertaintyMethod:
    """An entry of `UNCERTAINTIES`.

    Attributes:
        make: from an engine, the number of passes and the seed.
        needs_dropout: it samples the network's dropout, which only PyTorch can.
        averages: an answer depends on earlier images of its camera, and is less sure than one
            alone.
    """

    make: Callable[[Any, int, int], Inference]
    needs_dropout: bool = False
    averages: bool = False


def _monte_carlo(engine: Any, samples: int, seed: int) -> Inference:
    from segnet_model.inference.monte_carlo import MonteCarlo

    return MonteCarlo(engine, samples, seed)


def _temporal(engine: Any, samples: int, seed: int) -> Inference:
    from segnet_model.inference.temporal import TemporalAverage

    return TemporalAverage(engine, seed)


NONE = UncertaintyMethod(lambda engine, samples, seed: SinglePass(engine))
FEATURES = UncertaintyMethod(lambda engine, samples, seed: FeatureScoring(engine))
# With imports of their own, so that an export runs without PyTorch.
MC = UncertaintyMethod(_monte_carlo, needs_dropout=True)
TEMPORAL = UncertaintyMethod(_temporal, needs_dropout=True, averages=True)


def make_inference(engine: Engine, uncertainty: str, samples: int, seed: int) -> Inference:
    """Make the inference that estimates uncertainty in this way.

    Args:
        engine: runs the network; "mc" and "temporal" need PyTorch and a network with dropout.
        uncertainty: one of `UNCERTAINTIES`.
        samples: passes of "mc", at least 1.
        seed: of the dropout masks, 0 or more.

    Raises:
        SettingsError: there is no such way, or the engine or a value does not suit it.
    """
    method: UncertaintyMethod = UNCERTAINTIES.find(uncertainty)
    if samples < 1:
        raise SettingsError(f"samples is {samples}; give at least 1")
    if not 0 <= seed < 2**31:
        raise SettingsError(f"seed is {seed}; give 0 to {2**31 - 1}")
    if method.needs_dropout and engine.name != "torch":
        raise SettingsError(
            f"uncertainty {uncertainty!r} needs the network's dropout, which an export to "
            f"{engine.name} has not; give the .safetensors file, or choose uncertainty 'none'"
        )
    return method.make(engine, samples, seed)
