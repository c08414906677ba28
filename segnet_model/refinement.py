"""What may be done to a belief before it is read out."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from segnet_model.choices import REFINEMENTS
from segnet_model.crf import DenseCrf
from segnet_model.errors import SettingsError
from segnet_model.uncertainty import Belief


def choose_refinement(name: str) -> Callable[[Belief, Tensor], Belief]:
    """The refinement of this name: from a belief and its images, (N, h, w, 3) uint8, to a belief.

    Raises:
        SettingsError: there is none of this name.
    """
    if name not in REFINEMENTS:
        raise SettingsError(f"refine {name!r} is none of {', '.join(REFINEMENTS)}")
    return DenseCrf() if name == "crf" else (lambda belief, images: belief)
