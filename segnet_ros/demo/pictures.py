"""The demo's pictures: a video of overlays, and a sheet of a few frames in full."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from segnet_model.datasets.drives import Plan
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet
from segnet_model.pictures.drawing import HEAT_NOTE, annotated, heat, panel
from segnet_model.pictures.video import Video
from segnet_ros.demo.frames import AnsweredFrame, GroundMap

ROWS = 4
TITLES = {
    "image": "image", "mask": "mask", "uncertainty": "uncertainty", "drivable": "drivable",
    "grid": "drivable ground, 15 m", "map": "map, 20 m", "plan": "its truth", "truth": "truth",
}  # fmt: skip
NOTE = f"{HEAT_NOTE}; drivable: white; ground: green is free, red occupied, gray unseen"
FREE, OCCUPIED, UNKNOWN = (90, 190, 90), (200, 70, 60), (170, 170, 170)  # RGB


class Overview:
    """overview.png: frames spread evenly over the drive, one a row."""

    def __init__(
        self, path: Path, label_set: LabelSet, total: int, plan: Plan | None = None
    ) -> None:
        """Choose the rows among so many frames; plan gives the truth about the map."""
        self._path, self._plan = path, plan
        self._label_set = label_set
        # The middle of each part, since a drive's first frame is like no other.
        self._chosen = {int((row + 0.5) * total / ROWS) for row in range(ROWS)}
        self._rows: list[dict[str, np.ndarray]] = []
        self._index = 0

    def add(self, frame: AnsweredFrame) -> None:
        """Look at the next frame."""
        if self._index in self._chosen:
            self._rows.append(self._row(frame))
        self._index += 1

    def _row(self, frame: AnsweredFrame) -> dict[str, np.ndarray]:
        row = {
            "image": frame.image,
            "mask": self._label_set.colorize(frame.mask),
            "uncertainty": heat(frame.uncertainty),
            "drivable": frame.drivable,
        }
        if frame.grid is not None:
            height, width = frame.mask.shape
            row["grid"] = draw_grid(frame.grid, (height, width))
        if frame.map is not None:
            row |= self._maps(frame.map, frame.mask.shape)
        if frame.truth is not None:
            row["truth"] = self._label_set.colorize(frame.truth)
        return row

    def _maps(self, found: GroundMap, size: tuple[int, ...]) -> dict[str, np.ndarray]:
        """The map and the truth about it."""
        shown = {"map": found.cells}
        if self._plan is not None:
            free = self._plan(found.bag_ns, found.square)
            shown["plan"] = np.where(free, 0, 100).astype(np.int8)
        return {name: draw_grid(cells, (size[0], size[1])) for name, cells in shown.items()}

    def close(self) -> None:
        """Write the sheet, blank where a frame lacks what another has; without frames, none."""
        if self._rows:
            blank = np.full_like(self._rows[0]["image"], 255)
            columns = [name for name in TITLES if any(name in row for row in self._rows)]
            rows = [[row.get(name, blank) for name in columns] for row in self._rows]
            titles = [TITLES[name] for name in columns]
            write_png(self._path, panel(rows, titles, self._label_set, NOTE))


class OverlayVideo:
    """overlay.mp4: every frame as the node's ~/overlay shows it."""

    def __init__(self, video: Video, label_set: LabelSet) -> None:
        """Draw into a video."""
        self._video, self._label_set = video, label_set

    def add(self, frame: AnsweredFrame) -> None:
        """Draw and append a frame."""
        drawn = annotated(frame.image, frame.mask, self._label_set, frame.drivable)
        self._video.add(drawn, frame.stamp_ns / 1e9)


def draw_grid(grid: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Draw a grid of the ground with the robot at the bottom, looking up.

    Args:
        grid: (rows, columns) int8; rows go to the left, columns forward.
        size: (height, width) of the picture, in which it is centered.

    Returns:
        (height, width, 3) uint8 RGB: green is free, red occupied, gray unknown.
    """
    colors = np.full((*grid.shape, 3), UNKNOWN, np.uint8)
    colors[grid == 0], colors[grid > 0] = FREE, OCCUPIED
    height, width = size
    scale = min(height / grid.shape[1], width / grid.shape[0])
    turned = np.ascontiguousarray(colors[::-1, ::-1].transpose(1, 0, 2))
    sides = (int(grid.shape[0] * scale), int(grid.shape[1] * scale))
    drawn = cv2.resize(turned, sides, interpolation=cv2.INTER_NEAREST)
    picture = np.full((height, width, 3), 255, np.uint8)
    top, left = (height - sides[1]) // 2, (width - sides[0]) // 2
    picture[top : top + sides[1], left : left + sides[0]] = drawn
    return picture
