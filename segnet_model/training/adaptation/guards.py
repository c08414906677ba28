"""Guards of an adaptation together: on frames of today and of earlier, against one start or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import nn

from segnet_model.base.errors import SettingsError
from segnet_model.training.adaptation.frames import RecordedFrames
from segnet_model.training.adaptation.guard import Guard, Measure, Signs, no_gain
from segnet_model.training.adaptation.teacher import Forward
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.model_info import ModelInfo
from segnet_model.weights.shipped import find_weights


class Guards:
    """A guard on held-out frames of today, and others that see what it does not.

    Attributes:
        start: signs of the start, on frames of today.
    """

    def __init__(self, today: Guard, others: Mapping[str, Guard]) -> None:
        """Take the guards; the others by what they watch, as "earlier frames"."""
        self._today, self._others = today, others
        self.start = today.start

    def look(self, network: nn.Module) -> tuple[Signs, list[str]]:
        """Measure a network in eval mode.

        Returns:
            Its signs on frames of today, and why it is worse; empty where no guard says so.
        """
        signs = self._today.measure(network)
        today = self._today.reasons(signs)
        why = [*today]
        for what, guard in self._others.items():
            found = guard.reasons(guard.measure(network, signs))
            # What labels say is the same for frames of today and of earlier.
            why += [f"{what}: {each}" for each in found if each not in today]
        return signs, why

    def no_gain(self, signs: Signs) -> str:
        """Why a network is not better than the start on frames of today; empty where it is."""
        return no_gain(signs, self.start)


def watch(
    start: nn.Module, origin: nn.Module | None, info: ModelInfo, frames: RecordedFrames,
    forward: Forward, old: Measure, labeled: Measure | None,
) -> Guards:  # fmt: skip
    """Measure the start, and make the guards.

    Args:
        start: with the weights that the adaptation begins with, in eval mode.
        origin: of a row of adaptations, in eval mode: many small steps must not add up to harm.
        info: metadata of the weights.
        frames: held-out ones are measured on.
        forward: runs a network.
        old: measures on old images.
        labeled: measures on labeled images of the new place; None without any.
    """

    def guard(network: nn.Module, held: Sequence[np.ndarray], old: Measure) -> Guard:
        return Guard(network, info, held, forward, old, labeled)

    today = guard(start, frames.held, old)
    others = {}
    if frames.earlier:  # measured on the same labels as today
        others["earlier frames"] = guard(start, frames.earlier, lambda network: today.start.old)
    if origin is not None:
        device = next(start.parameters()).device
        held = (*frames.held, *frames.earlier)
        others["against the origin"] = guard(origin.to(device), held, old)
    return Guards(today, others)


def origin_of(weights: str, info: ModelInfo) -> nn.Module:
    """The network of a row's first weights; SettingsError where its classes are others."""
    network, found = load_weights(find_weights(weights))
    if found.labels.names != info.labels.names:
        raise SettingsError(
            f"the classes of origin {weights} are not those of init; give weights with the same"
        )
    return network.eval()
