"""Surfaces of real or drawn materials, to cover the things of a world.

A world whose road is always asphalt of one kind teaches a network the asphalt. Here each drive
covers its things with other materials, in other sizes and tones, so that shape and place decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from segnet_model.base.errors import SettingsError
from segnet_model.scenes.draws import Purpose, chance, noise_tile, pick, stream
from segnet_model.scenes.materials.catalog import CLASSES, MATERIALS, Material
from segnet_model.scenes.materials.drawn import draw_material
from segnet_model.scenes.materials.photographs import find_photographs, read_tile
from segnet_model.scenes.materials.tiles import Mipmaps, Picture, Single, Tile, build_mipmaps

_VARIANTS = 16  # pictures drawn of each material
_BLACK = 12  # of 255; where leaves or needles lie on black, there is no ground
_TEXEL = 0.003  # meters; as a camera 0.3 m above the ground sees before it


@dataclass(frozen=True, eq=False)
class Surface:
    """A picture of a material, laid over a plane without a seam."""

    material: str
    maps: Mipmaps
    size: tuple[float, float]  # meters that the picture's width and height cover
    turn: float  # radians
    start: tuple[float, float]  # of the picture, as a share of it
    detail: Mipmaps  # a pattern that is seen from near, where the picture is blurred
    finer: int = 1  # times that the detail lies in a picture, across and down; 1 for no detail

    def sample(
        self,
        x: npt.NDArray[np.floating],
        y: npt.NDArray[np.floating],
        footprint: npt.NDArray[np.floating],
    ) -> Single:
        """Return the (h, w, 3) RGB colors, 0 to 255, at points of a plane.

        Args:
            x: (h, w) meters, as is y.
            y: along the picture's height, upwards.
            footprint: (h, w) meters from one pixel to the next; larger ones see the mean color.
        """
        cos, sin = float(np.cos(self.turn)), float(np.sin(self.turn))
        u = x * (cos / self.size[0]) + (y * (sin / self.size[0]) + self.start[0])
        v = x * (sin / self.size[1]) - (y * (cos / self.size[1]) + self.start[1])
        # A kilometer away, float32 no longer tells texels apart: whole tiles go first.
        u, v = (u - np.floor(u)).astype(np.float32), (v - np.floor(v)).astype(np.float32)
        level = self._level(footprint.astype(np.float32))
        color = self.maps.look_up(u, v, level)
        if self.finer > 1:
            self._add_detail(color, u, v, level)
        return color

    def _add_detail(self, color: Single, u: Single, v: Single, level: Single) -> None:
        """Multiply by the detail in the rows that show the picture enlarged."""
        rows = np.nonzero((level < 0.5).any(axis=1))[0]
        if rows.size:
            part, times = slice(rows[0], rows[-1] + 1), np.float32(self.finer)
            finer = level[part] + np.float32(np.log2(self.finer))
            gain = self.detail.look_up(u[part] * times, v[part] * times, finer)
            gain /= np.maximum(self.detail.mean, 8)
            gain -= 1
            gain *= np.clip(np.float32(0.5) - level[part], 0, 1)[..., None]
            color[part] *= gain + 1
            np.minimum(color[part], 255, out=color[part])

    def picture(self, width: float, height: float, scale: float) -> Picture:
        """Return the upright surface, (rows, columns, 3) RGB, of width x height meters.

        Args:
            width: meters.
            height: meters.
            scale: texels a meter.
        """
        rows, columns = max(2, round(height * scale)), max(2, round(width * scale))
        u = (np.arange(columns, dtype=np.float32) + 0.5) / (scale * self.size[0]) + self.start[0]
        v = (np.arange(rows, dtype=np.float32) + 0.5) / (scale * self.size[1]) + self.start[1]
        return self.maps.grid(u % 1, v % 1, float(self._level(np.array(1 / scale, np.float32))))

    @property
    def mean(self) -> Single:
        """The (3,) mean color, 0 to 255."""
        return self.maps.mean

    def _level(self, footprint: Single) -> Single:
        """Return the mipmap level whose texels are as large as the footprint."""
        texel = np.sqrt(self.size[0] * self.size[1]) / self.maps.sides[0]
        steps = np.maximum(footprint * np.float32(1 / texel), np.float32(1e-3))
        return np.asarray(np.log2(steps), np.float32)


class Surfaces:
    """Materials to choose surfaces from: photographs, and drawn ones for what they lack.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> surface = Surfaces.procedural(seed=3).pick(rng, ["Gravel", "Grass"])
        >>> surface.picture(width=2.0, height=1.0, scale=64.0).shape
        (64, 128, 3)
    """

    def __init__(self, photographs: Mapping[str, Sequence[Path]], seed: int = 0) -> None:
        """Keep the files of each material or class; `seed` decides about the drawn pictures."""
        self.photographs, self.seed = dict(photographs), seed

    @classmethod
    def load(cls, folder: str | Path, seed: int = 0) -> "Surfaces":
        """Find the photographs in folders named by material (Gravel) or class (Path).

        They are read when they are needed. They need not repeat: edges that differ are faded.

        Raises:
            DatasetError: a folder is missing, empty or has an unknown name; a file is no JPEG or
                PNG. The rest of a damaged file is found only when it is picked.
        """
        return cls(find_photographs(Path(folder)), seed)

    @classmethod
    def procedural(cls, seed: int = 0) -> "Surfaces":
        """Draw all materials.

        Raises:
            SettingsError: seed below 0.
        """
        stream(seed, Purpose.DRAWN)
        return cls({}, seed)

    def pick(self, rng: Generator, materials: Sequence[str]) -> Surface:
        """Return a surface of one of the materials, of random size, turn and tone.

        Args:
            rng: decides.
            materials: names of `MATERIALS` or `CLASSES`; one that stands twice is twice as likely.
                If there are photographs of a class, only they are taken; else photographs of
                these materials, and the fewer they are, the more drawn ones; else a material is
                drawn.

        Raises:
            SettingsError: no name is a material's.
            DatasetError: a photograph is damaged.
        """
        found = [name for name in materials if name in self.photographs]
        own = [name for name in found if name in CLASSES]
        drawn = [name for name in materials if name in MATERIALS]
        if not found and not drawn:
            raise SettingsError(f"no material in {list(materials)}; use one of {list(MATERIALS)}")
        name = pick(rng, own or found or drawn)
        tile = self._photograph(rng, name) if found else None
        return _laid(rng, name, tile or _drawn_tile(name, self.seed, int(rng.integers(_VARIANTS))))

    def _photograph(self, rng: Generator, name: str) -> Tile | None:
        """Return one of a name's photographs, or None to draw instead.

        A single photograph of a material is taken half the time, nine are nine times in ten.
        """
        files = self.photographs[name]
        number = int(rng.integers(len(files) + (name in MATERIALS)))
        tile = read_tile(files[number]) if number < len(files) else None
        cut_out = tile and name in MATERIALS and (tile.rgb.max(axis=2) < _BLACK).mean() > 0.4
        return None if cut_out else tile


@lru_cache(maxsize=256)
def _drawn_tile(material: str, seed: int, variant: int) -> Tile:
    index = list(MATERIALS).index(material)
    return Tile(draw_material(stream(seed, Purpose.DRAWN, index, variant), material))


def _laid(rng: Generator, name: str, tile: Tile) -> Surface:
    """Return a surface with the tile in a random size, turn and tone."""
    material = MATERIALS.get(name, Material((0.8, 3.0)))
    width = float(np.exp(rng.uniform(*np.log(material.size))))
    turn = rng.uniform(0, 2 * np.pi)
    if material.laid:  # along or across, a few degrees off, rarely at an angle
        turn = round(turn / (np.pi / 2)) * np.pi / 2 + rng.normal(0, 0.01)
        turn += np.pi / 4 * chance(rng, 0.1)
    rgb = np.asarray(cv2.transform(tile.rgb, _draw_tone(rng, tile.rgb)), np.uint8)
    maps, start = build_mipmaps(rgb), (float(rng.random()), float(rng.random()))
    # Loose grains look alike at all scales, so their own picture, smaller, is their detail.
    detail = _grain() if material.laid else maps
    finer = int(np.clip(width / rgb.shape[0] / _TEXEL, 1, 8))
    return Surface(name, maps, (width, width * tile.aspect), turn, start, detail, finer)


@lru_cache(maxsize=1)
def _grain() -> Mipmaps:
    """Return the detail of stone, wood and steel: fine gray noise."""
    noise = noise_tile(stream(0, Purpose.DRAWN), 128, (16, 32, 64, 128))
    gray = np.asarray(128 + 44 * noise / noise.std() * 0.5, np.uint8)
    return build_mipmaps(np.repeat(gray[..., None], 3, axis=2))


def _draw_tone(rng: Generator, rgb: Picture) -> Single:
    """Return a (3, 4) matrix that varies brightness, hue, saturation and contrast."""
    gain = np.exp(rng.normal(0, 0.16) + rng.normal(0, 0.04, 3))
    saturation, contrast = rng.uniform(0.6, 1.15), rng.uniform(0.8, 1.15)
    mix = np.full((3, 3), (1 - saturation) / 3) + saturation * np.eye(3)
    mean = mix @ rgb.reshape(-1, 3).mean(axis=0)
    offset = (1 - contrast) * mean[:, None]
    return np.asarray(gain[:, None] * np.hstack([contrast * mix, offset]), np.float32)
