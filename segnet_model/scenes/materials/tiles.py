"""Periodic pictures, and their mipmaps in one sheet that a single look-up reads."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Single = npt.NDArray[np.float32]
_BAND = 8192  # pixels that are looked up at once, so that all stays in the cache
_RIM = 2  # texels around each level, the same as on its far side


@dataclass(frozen=True, eq=False)
class Tile:
    """A square picture that repeats without a seam."""

    rgb: Picture  # (n, n, 3) RGB, n a power of two
    aspect: float = 1.0  # height over width of what it shows


@dataclass(frozen=True, eq=False)
class Mipmaps:
    """A tile at all sizes from n to 1 texel a side, side by side in one sheet."""

    sheet: Picture  # (rows, columns, 3) RGB
    sides: Single  # (levels,) texels
    left: Single  # (levels,) column of each level's first texel
    top: Single

    def look_up(self, u: Single, v: Single, level: Single) -> Single:
        """Return the (h, w, 3) colors at u, v in tiles, interpolated between levels (h, w)."""
        color = np.empty((*u.shape, 3), np.float32)
        band = max(1, _BAND // max(1, u.shape[1]))
        for row in range(0, u.shape[0], band):
            part = slice(row, row + band)
            self._fill(color[part], u[part], v[part], level[part])
        return color

    @property
    def mean(self) -> Single:
        """The (3,) mean color, 0 to 255."""
        return np.asarray(self.sheet[int(self.top[-1]), int(self.left[-1])], np.float32)

    def grid(self, u: Single, v: Single, level: float) -> Picture:
        """Return the colors at columns u (w,) and rows v (h,), in tiles, of the nearest level."""
        k = int(np.clip(round(level), 0, self.sides.size - 1))
        column = u * self.sides[k] + (self.left[k] - np.float32(0.5))
        row = v * self.sides[k] + (self.top[k] - np.float32(0.5))
        across, down = np.tile(column, (v.size, 1)), np.repeat(row[:, None], u.size, axis=1)
        return np.asarray(cv2.remap(self.sheet, across, down, cv2.INTER_LINEAR), np.uint8)

    def _fill(self, color: Single, u: Single, v: Single, level: Single) -> None:
        level = np.clip(level, 0, np.float32(self.sides.size - 1))
        fine = level.astype(np.uint8)
        u, v = u - np.floor(u), v - np.floor(v)
        color[:] = self._at(u, v, fine)
        far = self._at(u, v, np.minimum(fine + np.uint8(1), np.uint8(self.sides.size - 1)))
        color += (far - color) * (level - fine.astype(np.float32))[..., None]

    def _at(self, u: Single, v: Single, level: npt.NDArray[np.uint8]) -> Picture:
        side = self.sides[level]
        column = u * side + (self.left - np.float32(0.5))[level]
        row = v * side + (self.top - np.float32(0.5))[level]
        return np.asarray(cv2.remap(self.sheet, column, row, cv2.INTER_LINEAR), np.uint8)


def build_mipmaps(rgb: Picture) -> Mipmaps:
    """Return the mipmaps of an (n, n, 3) periodic picture: level 0 left, the others right of it."""
    levels = _halved(rgb.astype(np.float32))
    sides = np.array([level.shape[0] for level in levels])
    outer = sides + 2 * _RIM
    left = np.where(np.arange(sides.size) > 0, outer[0], 0) + _RIM
    top = np.concatenate([[0, 0], np.cumsum(outer[1:-1])])[: sides.size] + _RIM
    shape = (int((top + outer - _RIM).max()), int((left + outer - _RIM).max()), 3)
    sheet = np.zeros(shape, np.uint8)
    for level, x, y, side in zip(levels, left - _RIM, top - _RIM, outer, strict=True):
        rim = np.pad(np.rint(level), ((_RIM, _RIM), (_RIM, _RIM), (0, 0)), mode="wrap")
        sheet[y : y + side, x : x + side] = rim
    return Mipmaps(sheet, *(part.astype(np.float32) for part in (sides, left, top)))


def _halved(rgb: Single) -> list[Single]:
    levels = [rgb]
    while levels[-1].shape[0] > 1:
        half = levels[-1].shape[0] // 2
        small = cv2.resize(levels[-1], (half, half), interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(small, np.float32))
    return levels


def make_periodic(rgb: Picture) -> Picture:
    """Return a picture whose opposite edges meet; one that repeats already stays as it is."""
    for axis in (0, 1):
        seam, length = _seam(rgb, axis), rgb.shape[axis]
        if seam > 3.5:
            rgb = _cross_faded(rgb, axis, length // 5)
        elif seam > 1.5:  # grains that are smaller than this fade, or a frame of a texel
            rgb = _cross_faded(rgb, axis, length // 32)
    return rgb


def _seam(rgb: Picture, axis: int) -> float:
    """Return how much the edges differ, compared with neighboring lines inside."""
    lines = np.moveaxis(rgb, axis, 0).astype(np.float32)
    inside = np.abs(np.diff(lines, axis=0)).mean()
    return float(np.abs(lines[0] - lines[-1]).mean() / max(inside, 0.5))


def _cross_faded(rgb: Picture, axis: int, overlap: int) -> Picture:
    """Return the picture, shorter by the overlap; its start fades in from what followed its end.

    The mix of two different textures has less contrast than either; the divisor restores it.
    """
    lines = np.moveaxis(rgb, axis, 0).astype(np.float32)
    kept, beyond = lines[:-overlap].copy(), lines[-overlap:]
    share = np.linspace(0, 1, overlap + 2, dtype=np.float32)[1:-1, None, None]
    mean = lines.mean(axis=(0, 1))
    mixed = (kept[:overlap] - mean) * share + (beyond - mean) * (1 - share)
    kept[:overlap] = mixed / np.sqrt(share**2 + (1 - share) ** 2) + mean
    return np.moveaxis(np.clip(np.rint(kept), 0, 255).astype(np.uint8), 0, axis)
