"""Flat panels in space, drawn through a pinhole camera with exact depth."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segnet_model.scenes.sketch import CLEAR, Texture

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
NEAR = 0.2  # meters; nearest depth that is drawn


@dataclass(frozen=True, eq=False)
class Panel:
    """A texture stretched over a parallelogram."""

    corners: Floats  # (3, 3) world meters, rows: top left corner, edge across, edge down
    texture: Texture
    light: float = 1.0  # 1 is a sunlit horizontal surface
    reach: float = 220.0  # meters; the panel is not drawn beyond

    def moved(self, offset: Floats) -> "Panel":
        """Return the panel shifted by (3,) meters."""
        corners = self.corners.copy()
        corners[0] += offset
        return Panel(corners, self.texture, self.light, self.reach)


@dataclass(eq=False)
class Canvas:
    """The image, labels and depth of a frame while it is drawn."""

    albedo: npt.NDArray[np.uint8]  # (H, W, 3) RGB before light
    light: npt.NDArray[np.float32]  # (H, W)
    labels: npt.NDArray[np.uint8]  # (H, W)
    depth: Floats  # (H, W) meters along the optical axis

    @classmethod
    def empty(cls, height: int, width: int) -> "Canvas":
        """Return a canvas of sky only."""
        return cls(
            np.zeros((height, width, 3), np.uint8),
            np.ones((height, width), np.float32),
            np.zeros((height, width), np.uint8),
            np.full((height, width), np.inf),
        )


@dataclass(frozen=True, eq=False)
class View:
    """A pinhole camera at a pose."""

    matrix: Floats  # (3, 3) intrinsics
    camera_to_world: Floats  # (4, 4)


def draw_panels(canvas: Canvas, view: View, panels: Sequence[Panel]) -> None:
    """Draw panels into the pixels where they are nearer than the canvas's depth."""
    if not panels:
        return
    corners = _to_camera(view, np.stack([panel.corners for panel in panels]))
    reach = np.array([panel.reach for panel in panels])
    bounds = _bounds(view.matrix, corners)
    center = corners[:, 0] + (corners[:, 1] + corners[:, 2]) / 2
    distance = np.sqrt((center**2).sum(axis=1))
    homographies, flat = _homographies(view.matrix, corners)
    near_enough = (corners[:, 0, 2] < reach) & ~flat & _on_screen(bounds, canvas.labels.shape)
    # Nearest first: a panel that is wholly hidden then never reaches its texture.
    for i in np.argsort(distance, kind="stable"):
        if near_enough[i]:
            _draw(canvas, panels[i], homographies[i], bounds[i])


def _to_camera(view: View, corners: Floats) -> Floats:
    rotation, position = view.camera_to_world[:3, :3], view.camera_to_world[:3, 3]
    shifted = corners.copy()
    shifted[:, 0] -= position
    return np.asarray(shifted @ rotation)


def _homographies(matrix: Floats, corners: Floats) -> tuple[Floats, Mask]:
    """Return (n, 3, 3) maps from pixel to (s, t, 1) / depth, and which panels are edge-on.

    A ray q at depth z meets the panel where z q = s across + t down + origin, so the inverse of
    the matrix [across, down, origin] gives all three unknowns at once.
    """
    origin, across, down = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(across, down)
    volume = (normal * origin).sum(axis=1)
    flat = np.abs(volume) < 1e-9
    rows = np.stack([np.cross(down, origin), np.cross(origin, across), normal], axis=1)
    inverse = rows / np.where(flat, 1.0, volume)[:, None, None]
    fx, fy, cx, cy = matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]
    unproject = np.array([[1 / fx, 0, -cx / fx], [0, 1 / fy, -cy / fy], [0, 0, 1]])
    return inverse @ unproject, flat


def _bounds(matrix: Floats, corners: Floats) -> Floats:
    """Return (n, 4) pixel bounds left, top, right, bottom of the part beyond NEAR, NaN if none."""
    origin, across, down = corners[:, 0], corners[:, 1], corners[:, 2]
    ring = np.stack([origin, origin + across, origin + across + down, origin + down], axis=1)
    ends = np.concatenate(
        [_clipped(ring, np.roll(ring, 1, 1)), _clipped(ring, np.roll(ring, -1, 1))], 1
    )
    with np.errstate(invalid="ignore"):
        u = ends[..., 0] / ends[..., 2] * matrix[0, 0] + matrix[0, 2]
        v = ends[..., 1] / ends[..., 2] * matrix[1, 1] + matrix[1, 2]
    low, high = np.fmin.reduce([u, v], axis=2), np.fmax.reduce([u, v], axis=2)
    return np.asarray(np.concatenate([low, high]).T)


def _clipped(start: Floats, end: Floats) -> Floats:
    """Return each start, moved along its edge to NEAR if behind it, NaN if all of it is."""
    z0, z1 = start[..., 2:], end[..., 2:]
    behind = z0 < NEAR
    step = np.where(behind & (z1 > NEAR), (NEAR - z0) / np.where(z1 == z0, 1.0, z1 - z0), 0.0)
    return np.where(behind & (z1 <= NEAR), np.nan, start + step * (end - start))


def _on_screen(bounds: Floats, shape: tuple[int, ...]) -> Mask:
    """Return whether bounds touch the image and are wider and higher than a pixel."""
    left, top, right, bottom = bounds.T
    inside = (right > 0) & (bottom > 0) & (left < shape[1] - 1) & (top < shape[0] - 1)
    return np.asarray(inside & (right - left > 1) & (bottom - top > 1.5))


def _draw(canvas: Canvas, panel: Panel, homography: Floats, bounds: Floats) -> None:
    height, width = canvas.labels.shape
    left, top = max(0, int(bounds[0])), max(0, int(bounds[1]))
    right, bottom = (
        min(width, int(min(bounds[2], width)) + 2),
        min(height, int(min(bounds[3], height)) + 2),
    )
    window = (slice(top, bottom), slice(left, right))
    x, y = np.arange(left, right), np.arange(top, bottom)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = 1.0 / _linear(homography[2], x, y)
        seen = (z > NEAR) & (z < canvas.depth[window])
        if not seen.any():
            return
        s, t = _linear(homography[0], x, y) * z, _linear(homography[1], x, y) * z
    seen &= (s >= 0) & (s < 1) & (t >= 0) & (t < 1)
    if panel.texture.solid_label is None:
        seen = _cut_out(seen, s, t, panel.texture, canvas.labels[window])
    else:
        canvas.labels[window][seen] = panel.texture.solid_label
    np.copyto(canvas.depth[window], z, where=seen)
    np.copyto(canvas.light[window], np.float32(panel.light), where=seen)
    color = _sample(panel.texture, s, t, bounds)
    np.copyto(canvas.albedo[window], color, where=seen[..., None])


def _linear(row: Floats, x: npt.NDArray[np.int64], y: npt.NDArray[np.int64]) -> Floats:
    """Return row @ (x, y, 1) for every pixel of a window, (h, w)."""
    return np.asarray((row[1] * y + row[2])[:, None] + row[0] * x)


def _cut_out(
    seen: Mask, s: Floats, t: Floats, texture: Texture, labels: npt.NDArray[np.uint8]
) -> Mask:
    """Label the pixels with visible texels, and return the mask of these pixels."""
    rows, columns = np.nonzero(seen)
    height, width = texture.labels.shape
    found = texture.labels[
        (t[rows, columns] * height).astype(np.intp), (s[rows, columns] * width).astype(np.intp)
    ]
    kept = found != CLEAR
    rows, columns = rows[kept], columns[kept]
    labels[rows, columns] = found[kept]
    solid = np.zeros_like(seen)
    solid[rows, columns] = True
    return solid


def _sample(texture: Texture, s: Floats, t: Floats, bounds: Floats) -> npt.NDArray[np.uint8]:
    """Return the texture's colors at s, t, from the mipmap level nearest to the size in view."""
    height, width = texture.labels.shape
    picture = texture.shrunk(
        _level(width, bounds[2] - bounds[0]), _level(height, bounds[3] - bounds[1])
    )
    u = (s * picture.shape[1] - 0.5).astype(np.float32)
    v = (t * picture.shape[0] - 0.5).astype(np.float32)
    return np.asarray(
        cv2.remap(picture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _level(texels: int, pixels: float) -> int:
    return max(0, int(np.log2(max(1.0, texels / max(pixels, 1.0)))))
