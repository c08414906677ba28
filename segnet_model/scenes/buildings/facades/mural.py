"""Pictures that are painted when they are first seen, as fine as they are seen."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from segnet_model.scenes.drawing.sketch import Sketch, Texture, averaged

Painter = Callable[[float], Sketch]  # draws at a scale, in texels a meter, always the same
_COARSE = 2  # halvings of the scale for what is far


class Mural:
    """A picture without holes. Most houses are far away or hidden: they cost little or nothing."""

    def __init__(
        self, width: float, height: float, label: int, scale: float, paint: Painter
    ) -> None:
        """Keep what to paint, `width` x `height` meters, at up to `scale` texels a meter."""
        shape = max(2, round(height * scale)), max(2, round(width * scale))
        self.labels: npt.NDArray[np.uint8] = np.broadcast_to(np.uint8(label), shape)
        self.solid_label = label
        self._scale, self._paint = scale, paint
        self._painted: dict[int, npt.NDArray[np.uint8]] = {}
        self._levels: dict[tuple[int, int], npt.NDArray[np.uint8]] = {}

    def shrunk(self, columns: int, rows: int) -> npt.NDArray[np.uint8]:
        """Return the picture averaged over 2**columns x 2**rows texels, against flicker."""
        if (columns, rows) not in self._levels:
            # Painted finer than it is shown: thin lines fade instead of growing.
            halvings = _COARSE if min(columns, rows) > _COARSE else 0
            picture = self._picture(halvings)
            self._levels[columns, rows] = averaged(picture, self.labels.shape, columns, rows)
        return self._levels[columns, rows]

    def _picture(self, halvings: int) -> npt.NDArray[np.uint8]:
        if halvings not in self._painted:
            self._painted[halvings] = self._paint(self._scale / 2**halvings).rgb
        return self._painted[halvings]


class Cutout:
    """A picture with holes."""

    solid_label = None

    def __init__(self, paint: Callable[[], Sketch]) -> None:
        """Keep what to paint."""
        self._paint = paint

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """Class ids (h, w), CLEAR where transparent."""
        return self._texture.labels

    def shrunk(self, columns: int, rows: int) -> npt.NDArray[np.uint8]:
        """Return the picture averaged over 2**columns x 2**rows texels, against flicker."""
        return self._texture.shrunk(columns, rows)

    @cached_property
    def _texture(self) -> Texture:
        return self._paint().texture()
