"""The horizon in the image, by which labels contradict a wrong pose of the camera.

With the right pose, ground is seen below the horizon and the sky above it, whatever stands between.
"""

from __future__ import annotations

import numpy as np

from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose
from segnet_model.labels import LabelSet

_SAMPLES = 5000  # pixels that are looked at, about
_MARGIN = 1.5  # degrees around the horizon that say nothing
# Largest shares above the horizon, of ground with its slopes and banks and of drivable ground, and
# of the sky below it. Rendered drives with the right pose have up to 0.07, 0 and 0.02.
MAX_GROUND, MAX_DRIVABLE, MAX_SKY = 0.08, 0.02, 0.05
_FEW = 0.04  # share of the image; less of a kind says nothing


class Horizon:
    """Which pixels of a camera look above the horizon, and which below it."""

    def __init__(self, lens: Lens, pose: CameraPose) -> None:
        """Find them for images of the lens' size."""
        self._lattice, rays = sampled_rays(lens)
        up = rays @ pose.matrix[2, :3]
        limit = np.sin(np.radians(_MARGIN))
        self._above, self._below = up > limit, up < -limit  # both False where no ray is known
        self._pose = pose

    def contradiction(
        self,
        labels: np.ndarray,
        uncertainty: np.ndarray,
        label_set: LabelSet,
        max_uncertainty: float,
    ) -> str:
        """Why the pose cannot be right, with the mend; empty where the labels fit it.

        Args:
            labels: (H, W) uint8 class ids, of the lens' size.
            uncertainty: (H, W) floating point, 0 to 1.
            label_set: gives the ground classes; the sky is the class of that name.
            max_uncertainty: 0 to 1; a pixel above it says nothing.
        """
        ids = labels[self._lattice]
        sure = uncertainty[self._lattice] <= max_uncertainty  # NaN is not
        for kind, flags, side, where, most in (
            ("ground", label_set.ground, "above", self._above, MAX_GROUND),
            ("drivable ground", label_set.drivable, "above", self._above, MAX_DRIVABLE),
            ("sky", label_set.sky, "below", self._below, MAX_SKY),
        ):
            share = _share(flags[ids] & sure, where)
            if share > most:
                return self._reason(f"{share:.1%} of the {kind} is {side}", most)
        return ""

    def _reason(self, found: str, most: float) -> str:
        pitch = self._pose.pitch
        return (
            f"the camera's pose cannot be right: it looks {abs(pitch):.0f} degrees "
            f"{'up' if pitch < 0 else 'down'}, and {found} the horizon, more than {most:.0%}; "
            "check the sign of camera_pitch, which is positive downward, that frame_id is an "
            "optical frame (z forward, y down), and that the ground is flat"
        )


def _share(mask: np.ndarray, where: np.ndarray) -> float:
    """The share of a mask (h, w) that is at these places, (h, w) bool; 0 where it is too small."""
    count = np.count_nonzero(mask)
    return np.count_nonzero(mask & where) / count if count > _FEW * mask.size else 0.0


def sampled_rays(lens: Lens) -> tuple[tuple[slice, slice], np.ndarray]:
    """Pixels evenly over the image: their rows and columns, and their rays.

    Returns:
        Slices that make (h, w) of an image (H, W), and (h, w, 3) rays of length 1 in the optical
        frame, NaN where the lens has none.
    """
    step = max(1, round(np.sqrt(lens.width * lens.height / _SAMPLES)))
    rows, columns = slice(step // 2, None, step), slice(step // 2, None, step)
    row, column = np.indices((lens.height, lens.width))[:, rows, columns].astype(np.float64)
    rays = lens.unproject(np.column_stack([column.ravel(), row.ravel()]))
    return (rows, columns), rays.reshape(*row.shape, 3)
