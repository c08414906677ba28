"""Snow and fallen leaves over the ground."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segnet_model.scenes.classes import GRASS, PATH, PAVEMENT, ROAD, ROUGH, WATER
from segnet_model.scenes.drawing.panels import Canvas
from segnet_model.scenes.drawing.rays import GroundHits
from segnet_model.scenes.draws import Purpose, chance, look_up, noise_tile, pick_color, stream
from segnet_model.scenes.materials.tiles import Single
from segnet_model.scenes.plants.seasons import AUTUMN
from segnet_model.scenes.weather.sky import Weather

_HIDDEN = 0.5  # share of a pixel under snow from which grass is deep snow


@dataclass(frozen=True, eq=False)
class Cover:
    """What lies on the ground of one drive, and where."""

    snow: float  # 0 for none, 1 for deep
    leaves: float
    kept: npt.NDArray[np.float32]  # (256,) share that stays on each class: cars clear the road
    strewn: npt.NDArray[np.float32]  # (256,) the same of leaves
    dirt: float  # brightness of trodden snow
    colors: Single  # (3, 3) RGB of leaves
    tile: Single  # (512, 512) noise

    def lay(self, canvas: Canvas, hits: GroundHits) -> None:
        """Cover the ground; grass under deep snow becomes rough ground."""
        wide = look_up(self.tile, hits.x, hits.y, 4.0)
        fade = np.clip(np.float32(0.04) / hits.footprint.astype(np.float32), 0, 1)
        fine = look_up(self.tile, hits.x, hits.y, 27.0) * fade
        if self.leaves:
            self._strew(canvas, hits, wide, fine)
        if self.snow:
            self._snow(canvas, hits, wide, fine)

    def _strew(self, canvas: Canvas, hits: GroundHits, wide: Single, fine: Single) -> None:
        labels = canvas.labels[hits.first_row :]
        share = self.leaves * self.strewn[labels] * np.clip(1 + 2 * wide, 0, 2)
        seen = np.clip((np.float32(2) * fine + share - np.float32(0.55)) * 6, 0, 1)
        far = np.clip(hits.footprint.astype(np.float32) * 30, 0, 1)
        seen += (share * np.float32(0.6) - seen) * far
        other = look_up(self.tile, hits.y, hits.x, 27.0)
        kind = np.clip((np.float32(2.5) * other + np.float32(0.5)) * 3, 0, 2.9)
        leaf = self.colors[kind.astype(np.intp)] * (1 + other)[..., None]
        _blend(canvas, hits, leaf.astype(np.float32), np.clip(seen, 0, 0.95))

    def _snow(self, canvas: Canvas, hits: GroundHits, wide: Single, fine: Single) -> None:
        labels = canvas.labels[hits.first_row :]
        depth = np.float32(1.7 * self.snow) * self.kept[labels] - np.float32(0.5)
        share = np.clip((depth + np.float32(0.5) * wide + np.float32(0.25) * fine) * 4, 0, 1)
        trodden = (labels == ROAD) | (labels == PAVEMENT) | (labels == PATH)
        tone = np.where(trodden, np.float32(self.dirt), 1.0)
        tone = tone * (1 + np.float32(0.08) * fine + np.float32(0.06) * wide)
        white = tone[..., None].astype(np.float32) * np.array((232, 236, 244), np.float32)
        _blend(canvas, hits, white, share)
        labels[(labels == GRASS) & (share > _HIDDEN) & hits.hit] = ROUGH


def _blend(canvas: Canvas, hits: GroundHits, color: Single, share: Single) -> None:
    albedo = canvas.albedo[hits.first_row :]
    share = np.where(hits.hit, share, 0).astype(np.float32)
    new = np.clip(color, 0, 255).astype(np.uint8)
    albedo[:] = cv2.blendLinear(albedo, new, 1 - share, share)


def draw_cover(seed: int, weather: Weather) -> Cover | None:
    """Draw the cover of one drive; None if the ground is bare."""
    if not (weather.snow or weather.leaves):
        return None
    rng = stream(seed, Purpose.COVER)
    kept, strewn = np.ones(256, np.float32), np.ones(256, np.float32)
    kept[ROAD] = rng.uniform(0.3, 0.55) if chance(rng, 0.6) else rng.uniform(0.6, 1.0)
    kept[PAVEMENT] = rng.uniform(0.45, 1.0)
    strewn[ROAD], strewn[PAVEMENT] = rng.uniform(0.1, 0.4), rng.uniform(0.4, 0.9)
    kept[PATH], strewn[PATH] = kept[PAVEMENT], strewn[PAVEMENT]
    kept[WATER] = strewn[WATER] = 0.0
    return Cover(
        snow=weather.snow,
        leaves=weather.leaves,
        kept=kept,
        strewn=strewn,
        dirt=rng.uniform(0.72, 0.98),
        colors=np.array([pick_color(rng, AUTUMN, 10) for _ in range(3)], np.float32),
        tile=noise_tile(rng, 512, (8, 32, 128, 256, 512)),
    )
