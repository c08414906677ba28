"""The surfaces that cover the things of one drive."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from segnet_model.scenes.drawing.sketch import Sketch
from segnet_model.scenes.draws import Purpose, chance, pick, stream
from segnet_model.scenes.materials.catalog import COVERS
from segnet_model.scenes.materials.surfaces import Surface, Surfaces
from segnet_model.scenes.materials.tiles import Picture

_UNIT = 64  # a gain of 1, so that a byte holds gains up to 4
_SHARE = 0.6  # of the drives in which a thing is covered


@dataclass(frozen=True)
class _Way:
    """How a kind of thing is covered."""

    count: int = 1  # surfaces in one drive
    keep: tuple[float, float] = (0.0, 0.0)  # lowest and highest `Covering.keep`


_WAYS = {
    "Road": _Way(),
    "Pavement": _Way(),
    "Wall": _Way(4, (-0.5, 1.0)),
    "Roof": _Way(2, (-0.5, 1.0)),
    "Fence": _Way(3, (-0.5, 1.0)),
    "Leaves": _Way(2, (0.6, 1.0)),
}


@dataclass(frozen=True, eq=False)
class Covering:
    """A surface, and how much is seen of the colors below it."""

    surface: Surface
    keep: float  # 0 hides what was drawn, 1 only gives it the surface's pattern

    def lay(self, rgb: Picture, scale: float) -> None:
        """Cover a picture of `scale` texels a meter, in place."""
        rows, columns = rgb.shape[:2]
        picture = self.surface.picture(columns / scale, rows / scale, scale)
        below = np.arange(256)[:, None] / np.maximum(self.surface.mean, 8)
        gain = np.clip(_UNIT * (1 + self.keep * (below - 1)), 0, 255).astype(np.uint8)
        cv2.multiply(picture, cv2.LUT(rgb, gain[None]), dst=rgb, scale=1 / _UNIT)


@dataclass(frozen=True, eq=False)
class Coverings:
    """The coverings of each thing of `COVERS`; what has none stays plain."""

    seed: int = 0
    things: Mapping[str, tuple[Covering, ...]] = field(default_factory=dict)

    @property
    def rich(self) -> bool:
        """Whether the drive has surfaces; houses, fences and signs are then of many kinds."""
        return self is not PLAIN

    def lay(self, thing: str, sheet: Sketch, place: float = 0.0) -> None:
        """Cover a sheet, whose labels stay; another place, in meters, may have another surface."""
        self.lay_picture(thing, sheet.rgb, sheet.scale, place)

    def lay_picture(self, thing: str, rgb: Picture, scale: float, place: float = 0.0) -> None:
        """Cover a picture of `scale` texels a meter, in place."""
        if self.things.get(thing):
            rng = stream(self.seed, Purpose.COVERINGS, round(place * 10))
            pick(rng, self.things[thing]).lay(rgb, scale)

    def ground(self, thing: str) -> Surface | None:
        """Return the surface of a road or pavement."""
        found = self.things.get(thing)
        return found[0].surface if found else None


PLAIN = Coverings()


def draw_coverings(seed: int, surfaces: Surfaces | None) -> Coverings:
    """Draw for each thing whether it is covered in this drive, and by what.

    Raises:
        DatasetError: a photograph is damaged.
    """
    if surfaces is None:
        return PLAIN
    things = {}
    for number, (thing, way) in enumerate(_WAYS.items()):
        rng = stream(seed, Purpose.COVERINGS, number)
        if chance(rng, _SHARE):
            keeps = np.clip(rng.uniform(*way.keep, way.count), 0, 1)
            things[thing] = tuple(
                Covering(surfaces.pick(rng, COVERS[thing]), float(keep)) for keep in keeps
            )
    return Coverings(seed, things)
