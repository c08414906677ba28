"""Flat panels in space, drawn through a pinhole camera with exact depth."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segnet_model.scenes.drawing.sketch import CLEAR, Cover

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_SNOW = np.array([234.0, 238.0, 246.0], np.float32)
_LEVEL = 0.6  # cosine of the slope up to which snow stays
NEAR = 0.2  # meters; nearest depth that is drawn


@dataclass(frozen=True, eq=False)
class Panel:
    """A texture stretched over a parallelogram."""

    corners: Floats  # (3, 3) world meters, rows: top left corner, edge across, edge down
    texture: Cover
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
    snow: float = 0.0  # share of what faces up that is white

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
    """A camera at a pose."""

    matrix: Floats  # (3, 3) intrinsics
    camera_to_world: Floats  # (4, 4)
    rays: Floats | None = None  # (2, H, W) x and y at depth 1 behind a lens that distorts


def draw_panels(canvas: Canvas, view: View, panels: Sequence[Panel]) -> None:
    """Draw panels into the pixels where they are nearer than the canvas's depth."""
    if not panels:
        return
    corners = _to_camera(view, np.stack([panel.corners for panel in panels]))
    reach = np.array([panel.reach for panel in panels])
    # Behind a lens, panels are cut in the plane at depth 1, and pixels find their rays there.
    matrix = view.matrix if view.rays is None else np.eye(3)
    bounds = _bounds(matrix, corners)
    extents = bounds[:, 2:] - bounds[:, :2]
    if view.rays is not None:
        extents *= (view.matrix[0, 0], view.matrix[1, 1])
        bounds = _pixel_bounds(view.rays, bounds)
    center = corners[:, 0] + (corners[:, 1] + corners[:, 2]) / 2
    distance = np.sqrt((center**2).sum(axis=1))
    homographies, flat = _homographies(matrix, corners)
    seen = _on_screen(bounds, extents, canvas.labels.shape)
    near_enough = (corners[:, 0, 2] < reach) & ~flat & seen
    # Nearest first: a panel that is wholly hidden then never reaches its texture.
    nearest = _nearest(corners)
    for i in np.argsort(distance, kind="stable"):
        if near_enough[i]:
            window = _window(view.rays, bounds[i], canvas.labels.shape)
            if canvas.depth[window.part].max() > nearest[i]:
                _draw(canvas, panels[i], homographies[i], window, extents[i])


def _nearest(corners: Floats) -> Floats:
    """Return the least depth of (n, 3, 3) panels."""
    origin, across, down = corners[:, 0, 2], corners[:, 1, 2], corners[:, 2, 2]
    return np.asarray(origin + np.minimum(0, across) + np.minimum(0, down))


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


def _pixel_bounds(rays: Floats, bounds: Floats) -> Floats:
    """Return (n, 4) bounds in pixels of bounds at depth 1; never too small, NaN is off screen."""
    sides = []
    for axis in (0, 1):
        low, high = rays[axis].min(axis=axis), rays[axis].max(axis=axis)
        first = np.searchsorted(np.maximum.accumulate(high), bounds[:, axis]) - 1
        past = np.searchsorted(
            np.minimum.accumulate(low[::-1])[::-1], bounds[:, axis + 2], side="right"
        )
        sides.append((first, past))
    (left, right), (top, bottom) = sides
    return np.stack([left, top, right, bottom], axis=1).astype(np.float64)


def _on_screen(bounds: Floats, extents: Floats, shape: tuple[int, ...]) -> Mask:
    """Return whether bounds touch the image and are wider and higher than a pixel."""
    left, top, right, bottom = bounds.T
    inside = (right > 0) & (bottom > 0) & (left < shape[1] - 1) & (top < shape[0] - 1)
    return np.asarray(inside & (extents[:, 0] > 1) & (extents[:, 1] > 1.5))


@dataclass(frozen=True, eq=False)
class _Window:
    """A part of the image, and the pixels' x and y that the homographies are made for."""

    part: tuple[slice, slice]
    x: Floats | npt.NDArray[np.int64]  # (w,) or (h, w)
    y: Floats | npt.NDArray[np.int64]  # (h, 1) or (h, w)

    def linear(self, row: Floats) -> Floats:
        """Return row @ (x, y, 1) for every pixel, (h, w)."""
        return np.asarray((row[1] * self.y + row[2]) + row[0] * self.x)


def _window(rays: Floats | None, bounds: Floats, shape: tuple[int, ...]) -> _Window:
    """Return the window of pixel bounds."""
    left, top = max(0, int(bounds[0])), max(0, int(bounds[1]))
    right = min(shape[1], int(min(bounds[2], shape[1])) + 2)
    bottom = min(shape[0], int(min(bounds[3], shape[0])) + 2)
    part = (slice(top, bottom), slice(left, right))
    if rays is not None:
        return _Window(part, rays[0][part], rays[1][part])
    return _Window(part, np.arange(left, right), np.arange(top, bottom)[:, None])


def _draw(canvas: Canvas, panel: Panel, homography: Floats, view: _Window, extent: Floats) -> None:
    window = view.part
    with np.errstate(divide="ignore", invalid="ignore"):
        z = 1.0 / view.linear(homography[2])
        seen = (z > NEAR) & (z < canvas.depth[window])
        if not seen.any():
            return
        s, t = view.linear(homography[0]) * z, view.linear(homography[1]) * z
    seen &= (s >= 0) & (s < 1) & (t >= 0) & (t < 1)
    if panel.texture.solid_label is None:
        seen = _cut_out(seen, s, t, panel.texture, canvas.labels[window])
    else:
        canvas.labels[window][seen] = panel.texture.solid_label
    np.copyto(canvas.depth[window], z, where=seen)
    np.copyto(canvas.light[window], np.float32(panel.light), where=seen)
    color = _sample(panel.texture, s, t, extent)
    if canvas.snow and _faces_up(panel):
        color = np.asarray(color + (_SNOW - color) * canvas.snow, np.uint8)
    np.copyto(canvas.albedo[window], color, where=seen[..., None])


def _faces_up(panel: Panel) -> bool:
    normal = np.cross(panel.corners[1], panel.corners[2])
    return bool(abs(normal[2]) > _LEVEL * np.sqrt((normal**2).sum()))


def _cut_out(
    seen: Mask, s: Floats, t: Floats, texture: Cover, labels: npt.NDArray[np.uint8]
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


def _sample(texture: Cover, s: Floats, t: Floats, extent: Floats) -> npt.NDArray[np.uint8]:
    """Return the texture's colors at s, t, from the mipmap level nearest to the size in view."""
    height, width = texture.labels.shape
    picture = texture.shrunk(_level(width, extent[0]), _level(height, extent[1]))
    u = (s * picture.shape[1] - 0.5).astype(np.float32)
    v = (t * picture.shape[0] - 0.5).astype(np.float32)
    return np.asarray(
        cv2.remap(picture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _level(texels: int, pixels: float) -> int:
    return max(0, int(np.log2(max(1.0, texels / max(pixels, 1.0)))))
