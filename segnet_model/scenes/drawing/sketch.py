"""Textures with labels, and a sketch pad in meters to draw them on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.scenes.draws import Color

CLEAR = 255  # label of a transparent texel
Point = tuple[float, float]  # meters: to the right, up from the bottom edge


class Cover(Protocol):
    """The picture of a panel: a `Texture`, or one that is painted when it is seen."""

    @property
    def labels(self) -> npt.NDArray[np.uint8]:
        """Class ids (h, w), CLEAR where transparent."""

    @property
    def solid_label(self) -> int | None:
        """The class of a picture of one class without holes; else None."""

    def shrunk(self, columns: int, rows: int) -> npt.NDArray[np.uint8]:
        """Return the picture averaged over 2**columns x 2**rows texels, against flicker."""


@dataclass(frozen=True, eq=False)
class Texture:
    """A picture of a flat surface and the class of each of its texels."""

    rgb: npt.NDArray[np.uint8]  # (h, w, 3) RGB
    labels: npt.NDArray[np.uint8]  # (h, w) class ids, CLEAR where transparent
    _levels: dict[tuple[int, int], npt.NDArray[np.uint8]] = field(default_factory=dict)

    @cached_property
    def solid_label(self) -> int | None:
        """The class of a texture of one class without holes; else None."""
        first = int(self.labels[0, 0])
        return first if first != CLEAR and bool((self.labels == first).all()) else None

    def shrunk(self, columns: int, rows: int) -> npt.NDArray[np.uint8]:
        """Return the picture averaged over 2**columns x 2**rows texels, against flicker."""
        if (columns, rows) not in self._levels:
            self._levels[columns, rows] = averaged(self.rgb, self.labels.shape, columns, rows)
        return self._levels[columns, rows]


def averaged(
    picture: npt.NDArray[np.uint8], shape: tuple[int, ...], columns: int, rows: int
) -> npt.NDArray[np.uint8]:
    """Return a picture averaged to the size of 2**columns x 2**rows texels of (h, w) = shape."""
    size = (max(1, shape[1] >> columns), max(1, shape[0] >> rows))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


class Sketch:
    """Draws shapes, in meters, into a picture and its labels alike."""

    def __init__(self, width: float, height: float, label: int, scale: float) -> None:
        """Open an empty sheet of width x height meters at `scale` texels a meter."""
        self.width, self.height, self.label, self.scale = width, height, label, scale
        shape = (max(2, round(height * scale)), max(2, round(width * scale)))
        self.rgb: npt.NDArray[np.uint8] = np.zeros((*shape, 3), np.uint8)
        self.labels: npt.NDArray[np.uint8] = np.full(shape, CLEAR, np.uint8)

    def polygon(self, points: Sequence[Point], color: Color, label: int | None = None) -> None:
        """Fill a polygon."""
        corners = np.array([self._texel(point) for point in points], np.int32)
        cv2.fillPoly(self.rgb, [corners], color)
        cv2.fillPoly(self.labels, [corners], self._id(label))

    def box(self, low: Point, high: Point, color: Color, label: int | None = None) -> None:
        """Fill an upright rectangle between two corners."""
        self.polygon(_rectangle(low, high), color, label)

    def disc(self, center: Point, radius: float, color: Color, label: int | None = None) -> None:
        """Fill a circle."""
        self.oval(center, (radius, radius), color, label)

    def oval(self, center: Point, radii: Point, color: Color, label: int | None = None) -> None:
        """Fill an ellipse with upright axes."""
        middle = self._texel(center)
        axes = (max(1, round(radii[0] * self.scale)), max(1, round(radii[1] * self.scale)))
        cv2.ellipse(self.rgb, middle, axes, 0, 0, 360, color, -1)
        cv2.ellipse(self.labels, middle, axes, 0, 0, 360, self._id(label), -1)

    def limb(
        self, points: Sequence[Point], thickness: float, color: Color, label: int | None = None
    ) -> None:
        """Draw a round-ended line through the points."""
        corners = np.array([self._texel(point) for point in points], np.int32)
        width = max(1, round(thickness * self.scale))
        cv2.polylines(self.rgb, [corners], False, color, width)
        cv2.polylines(self.labels, [corners], False, self._id(label), width)

    def paste(self, other: "Sketch", left: float, bottom: float) -> None:
        """Copy a sheet of the same scale, without its empty part; meters of its corner."""
        rows, columns = other.labels.shape
        x = round(left * self.scale)
        y = self.labels.shape[0] - round(bottom * self.scale) - rows
        x0, y0 = max(0, x), max(0, y)
        x1, y1 = min(self.labels.shape[1], x + columns), min(self.labels.shape[0], y + rows)
        if x0 >= x1 or y0 >= y1:
            return
        here = slice(y0, y1), slice(x0, x1)
        there = slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)
        labels = other.labels[there]
        shown = labels != CLEAR
        np.copyto(self.labels[here], labels, where=shown)
        np.copyto(self.rgb[here], other.rgb[there], where=shown[..., None])

    def darken_box(self, low: Point, high: Point, factor: float) -> None:
        """Scale the brightness inside an upright rectangle between two corners."""
        self.darken(_rectangle(low, high), factor)

    def darken(self, points: Sequence[Point], factor: float) -> None:
        """Scale the brightness inside a polygon."""
        corners = np.array([self._texel(point) for point in points], np.int32)
        low = np.clip(corners.min(axis=0), 0, self.labels.shape[::-1])
        high = np.clip(corners.max(axis=0) + 1, 0, self.labels.shape[::-1])
        if (low >= high).any():
            return
        part = self.rgb[low[1] : high[1], low[0] : high[0]]
        inside = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(inside, [np.asarray(corners - low, np.int32)], 1)
        dark = cv2.convertScaleAbs(part, alpha=factor)
        np.copyto(part, dark, where=inside[..., None] > 0)

    def units(self, rng: Generator, color: Color, spread: float, size: Point) -> None:
        """Fill the colors with bricks, stones or panels of (width, height) meters."""
        wide, tall = size
        shape = max(1, round(self.height / tall)), max(1, round(self.width / wide)), 1
        tones = np.clip(rng.normal(0, spread, shape) + color, 0, 255).astype(np.uint8)
        rows, columns = self.labels.shape
        cv2.resize(tones, (columns, rows), dst=self.rgb, interpolation=cv2.INTER_NEAREST)

    def texture(self) -> Texture:
        """Return the texture; its empty part gets the mean color, to avoid black edges."""
        empty = (self.labels == CLEAR).astype(np.uint8)
        if cv2.countNonZero(empty):
            mean = cv2.mean(self.rgb, 1 - empty)
            self.rgb[empty > 0] = np.array(mean[:3], np.uint8)
        return Texture(self.rgb, self.labels)

    def grain(self, rng: Generator, strength: int) -> None:
        """Add noise, the same in all three channels."""
        noise = rng.integers(0, 2 * strength, self.labels.shape, np.uint8)
        brighter = cv2.add(self.rgb, cv2.merge([noise, noise, noise]))
        self.rgb[:] = brighter - np.minimum(brighter, np.uint8(strength))

    def shade(self, bottom: float, top: float) -> None:
        """Scale the brightness from the bottom edge to the top edge."""
        ramp = np.linspace(top, bottom, self.rgb.shape[0], dtype=np.float32)[:, None, None]
        self.rgb[:] = np.clip(self.rgb * ramp, 0, 255).astype(np.uint8)

    def _texel(self, point: Point) -> tuple[int, int]:
        return round(point[0] * self.scale), round((self.height - point[1]) * self.scale)

    def _id(self, label: int | None) -> int:
        return self.label if label is None else label


def _rectangle(low: Point, high: Point) -> list[Point]:
    (x0, y0), (x1, y1) = low, high
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
