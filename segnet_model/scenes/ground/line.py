"""The center line of a street or a path: y as a function of x."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from segnet_model.scenes.drawing.panels import Floats


class CenterLine(Protocol):
    """A line along x that bends to the left and to the right."""

    def bend(self, x: npt.ArrayLike) -> npt.NDArray[np.floating]:
        """Return the world y of the line at each x."""

    def slope(self, x: float) -> Any:
        """Return dy/dx of the line, a number."""

    def place(self, x: float, y: float, z: float = 0.0) -> Floats:
        """Return the world point (3,) at x along, y left of the line."""
        return np.array([x, y + float(self.bend(x)), z])

    def heading(self, x: float) -> Floats:
        """Return the (3,) unit vector along the line."""
        slope = float(self.slope(x))
        return np.asarray(np.array([1.0, slope, 0.0]) / np.sqrt(1.0 + slope * slope))
