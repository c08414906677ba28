"""How a network is asked: once, many times with dropout, or once a frame over a video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.base.errors import SettingsError
from segnet_model.engines import Engine
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.belief import Belief
from segnet_model.inference.monte_carlo import MonteCarlo
from segnet_model.inference.shots import Shot
from segnet_model.inference.temporal import Temporal
from segnet_model.networks.outputs import probabilities


class Inference(Protocol):
    """A way to ask."""

    def __call__(self, images: Tensor, shots: Sequence[Shot] = ()) -> Belief:
        """Ask about images.

        Args:
            images: (N, h, w, 3) uint8 RGB on the CPU.
            shots: where and when they were taken; without, each is of a camera of its own.
        """

    def reset(self) -> None:
        """Forget earlier images, as if none had been asked about."""

    def spare_memory(self) -> bool:
        """Need less memory from now on; False where that is not possible."""


class SinglePass:
    """One pass without dropout."""

    def __init__(self, engine: Engine) -> None:
        """Ask this engine."""
        self._engine = engine

    def __call__(self, images: Tensor, shots: Sequence[Shot] = ()) -> Belief:
        """See `Inference`."""
        logits = self._engine.logits(images)
        return Belief(probabilities(logits, self._engine.info.temperature("none")))

    def reset(self) -> None:
        """See `Inference`."""

    def spare_memory(self) -> bool:
        """See `Inference`."""
        return False


@dataclass(frozen=True)
class Way:
    """An entry of `UNCERTAINTIES`.

    Attributes:
        make: from an engine, the number of passes and the seed.
        needs_dropout: it samples the network's dropout, which only PyTorch can.
    """

    make: Callable[[Any, int, int], Inference]
    needs_dropout: bool = False


NONE = Way(lambda engine, samples, seed: SinglePass(engine))
MC = Way(MonteCarlo, needs_dropout=True)
TEMPORAL = Way(lambda engine, samples, seed: Temporal(engine, seed), needs_dropout=True)


def needs_dropout(uncertainty: str) -> bool:
    """Whether a way of this name needs PyTorch; SettingsError where there is none."""
    way: Way = UNCERTAINTIES.find(uncertainty)
    return way.needs_dropout


def choose_inference(engine: Engine, uncertainty: str, samples: int, seed: int) -> Inference:
    """The way of this name.

    Args:
        engine: to ask; "mc" and "temporal" need PyTorch and a network with dropout.
        uncertainty: one of `UNCERTAINTIES`.
        samples: passes of "mc", at least 1.
        seed: of the dropout masks, 0 or more.

    Raises:
        SettingsError: with the mend, where these do not go together.
    """
    way: Way = UNCERTAINTIES.find(uncertainty)
    if samples < 1:
        raise SettingsError(f"samples is {samples}; give at least 1")
    if not 0 <= seed < 2**31:
        raise SettingsError(f"seed is {seed}; give 0 to {2**31 - 1}")
    if way.needs_dropout and not isinstance(engine, TorchEngine):
        raise SettingsError(
            f"uncertainty {uncertainty!r} needs the network's dropout, which an export to "
            f"{engine.name} has not; give the .safetensors file, or choose uncertainty 'none'"
        )
    return way.make(engine, samples, seed)
