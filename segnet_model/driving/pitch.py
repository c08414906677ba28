"""The pitch of a camera from what a drive shows: the horizon is between the ground and the sky."""

from __future__ import annotations

import numpy as np

from segnet_model.driving.horizon import sampled_rays
from segnet_model.driving.lens import Lens
from segnet_model.labels import LabelSet

_FEW = 0.03  # share of an image; less ground, or less sky, says nothing
_IMAGES = 5  # with enough of one kind
_STRAY = 1.0  # percent of the pixels of a kind that may be wrong
_ODD = 20.0  # percent of the images that may be
_WIDEST = np.radians(8.0)  # between ground and sky; more says too little


class PitchEstimate:
    """Collects, over images of one camera that moves, how far up ground and down sky are seen.

    Far ground comes close to the horizon from below, and the sky from above: the horizon is taken
    to be halfway. The camera is taken to be level from side to side.
    """

    def __init__(self, lens: Lens) -> None:
        """Begin, for images of the lens' size."""
        self.lens = lens
        self._lattice, rays = sampled_rays(lens)
        # Of each pixel, from the optical axis in its vertical plane: one angle along a horizon.
        self._down = np.arctan2(rays[..., 1], rays[..., 2])  # radians
        self._ground: list[float] = []
        self._sky: list[float] = []

    def add(
        self,
        labels: np.ndarray,
        uncertainty: np.ndarray,
        label_set: LabelSet,
        max_uncertainty: float,
    ) -> None:
        """Take an image; arguments as of `Horizon.contradiction`."""
        ids = labels[self._lattice]
        sure = (uncertainty[self._lattice] <= max_uncertainty) & np.isfinite(self._down)
        for found, flags, percent in (
            (self._ground, label_set.drivable, _STRAY),
            (self._sky, label_set.sky, 100 - _STRAY),
        ):
            kind = flags[ids] & sure
            if np.count_nonzero(kind) > _FEW * kind.size:
                found.append(float(np.percentile(self._down[kind], percent)))

    @property
    def pitch(self) -> tuple[float, float] | None:
        """Downward pitch and its largest error, both in radians; None where too little was seen."""
        if min(len(self._ground), len(self._sky)) < _IMAGES:
            return None
        ground, sky = np.percentile(self._ground, _ODD), np.percentile(self._sky, 100 - _ODD)
        if not 0 <= ground - sky <= _WIDEST:
            return None
        return float(-(ground + sky) / 2), float((ground - sky) / 2)
