"""The demo's pictures: a video of overlays, and a sheet of a few frames in full."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from segnet_model.data.files import write_png
from segnet_model.drawing import heat, overlay, panel
from segnet_model.labels import LabelSet
from segnet_ros.demo.frames import Frame

ROWS = 4
TITLES = ("image", "mask", "uncertainty", "drivable", "truth")


class Overview:
    """overview.png: frames spread evenly over the drive, one a row."""

    def __init__(self, path: Path, label_set: LabelSet, total: int) -> None:
        """Choose the rows among so many frames."""
        self._path = path
        self._label_set = label_set
        # The middle of each part, since a drive's first frame is like no other.
        self._chosen = {int((row + 0.5) * total / ROWS) for row in range(ROWS)}
        self._rows: list[list[np.ndarray]] = []
        self._index = 0

    def add(self, frame: Frame) -> None:
        """Look at the next frame."""
        if self._index in self._chosen:
            self._rows.append(self._row(frame))
        self._index += 1

    def _row(self, frame: Frame) -> list[np.ndarray]:
        row = [
            frame.image,
            self._label_set.colorize(frame.mask),
            heat(frame.uncertainty),
            frame.drivable,
        ]
        return row if frame.truth is None else [*row, self._label_set.colorize(frame.truth)]

    def close(self) -> None:
        """Write the sheet; without frames there is none."""
        if self._rows:
            columns = min(len(row) for row in self._rows)
            rows = [row[:columns] for row in self._rows]
            write_png(self._path, panel(rows, TITLES[:columns]))


class Video:
    """overlay.mp4: every frame under its classes' colours, H.264."""

    def __init__(self, path: Path, label_set: LabelSet, fps: float) -> None:
        """Open the file for writing.

        Raises:
            ImportError: PyAV is not installed.
        """
        import av

        self._av = av
        self._label_set = label_set
        self._file = av.open(str(path), "w")
        self._stream = self._file.add_stream("libx264", Fraction(fps).limit_denominator(1000))
        self._stream.pix_fmt = "yuv420p"  # the only one that every player knows

    def add(self, frame: Frame) -> None:
        """Draw and append a frame."""
        height, width = (side // 2 * 2 for side in frame.mask.shape)  # yuv420p wants even sides
        drawn = overlay(frame.image, frame.mask, self._label_set)[:height, :width]
        if not self._file.streams.video[0].codec_context.is_open:
            self._stream.width, self._stream.height = width, height
        picture = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(drawn), "rgb24")
        self._file.mux(self._stream.encode(picture))

    def close(self) -> None:
        """Finish the file."""
        self._file.mux(self._stream.encode())
        self._file.close()
