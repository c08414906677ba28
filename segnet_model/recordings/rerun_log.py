"""Answers in the Rerun viewer, live or as a file: https://rerun.io."""

from __future__ import annotations

import os
import socket
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from segnet_model.base.atomic import whole_file
from segnet_model.base.errors import SettingsError
from segnet_model.base.optional import require
from segnet_model.inference.answer import Answer
from segnet_model.labels import LabelSet
from segnet_model.pictures.drawing import OUTLINE
from segnet_model.pictures.palette import brightened

EXTRA = "view"
APPLICATION = "segnet"
PORT = 9876  # Rerun's own
TIMEOUT_S = 10.0
JPEG_QUALITY = 85
LEVELS = 255  # of uncertainty: one byte for each pixel
IMAGE, CLASSES = "camera/image", "camera/classes"
UNCERTAINTY, DRIVABLE, EDGE = "uncertainty", "drivable", "camera/edge"
FRACTIONS, DRIVABLE_FRACTION = "fractions", "drivable_fraction"


@contextmanager
def rerun_log(label_set: LabelSet, save: Path | None = None) -> Iterator[RerunLog]:
    """Open the Rerun viewer, or write a file for it, whole or not at all.

    Args:
        label_set: label set of all answers.
        save: the .rrd file; None opens the viewer.

    Yields:
        The log, to add answers to.

    Raises:
        SettingsError: rerun is not installed, its viewer does not start, or save is no .rrd.
    """
    check_rerun(save)
    log = RerunLog(label_set)
    if save is None:
        log.show()
        yield log
        log.finish()
        return
    with whole_file(save) as temporary:
        log.save(temporary)
        yield log
        log.finish()


def check_rerun(save: Path | None) -> None:
    """Raise SettingsError where rerun is not installed, or a file cannot be written."""
    require("rerun", EXTRA)
    if save is not None and save.suffix != ".rrd":
        raise SettingsError(f"{save} must end in .rrd; so the viewer knows it")
    if save is not None and not save.absolute().parent.is_dir():
        raise SettingsError(f"there is no folder {save.absolute().parent}; make it")


class RerunLog:
    """Log of answers; see `rerun_log`."""

    def __init__(self, label_set: LabelSet) -> None:
        """Start without an output."""
        self._rr = require("rerun", EXTRA)
        self._label_set = label_set
        self._stream: Any = self._rr.RecordingStream(APPLICATION)
        self._count = 0

    def show(self) -> None:
        """Open the viewer.

        Raises:
            SettingsError: it does not start.
        """
        # Where the environment was not activated, its programs are on no path.
        paths = (os.environ.get("PATH", ""), sysconfig.get_path("scripts"))
        os.environ["PATH"] = os.pathsep.join(paths)
        try:
            self._stream.spawn(port=PORT, default_blueprint=self._layout())
            socket.create_connection(("127.0.0.1", PORT), timeout=TIMEOUT_S).close()
        except (RuntimeError, OSError) as error:
            self._stream.disconnect()
            reason = str(error).partition("\n")[0]
            raise SettingsError(
                f"the Rerun viewer does not start ({reason}); is there a screen? Save for it with "
                "--rrd, and open the file where there is one"
            ) from None
        self._describe()

    def save(self, path: Path) -> None:
        """Log to a file."""
        self._stream.save(path, default_blueprint=self._layout())
        self._describe()

    def add(self, answer: Answer, stamp_ns: int) -> None:
        """Log an answer at its stamp, nanoseconds since the epoch."""
        rr, log = self._rr, self._stream.log
        self._stream.set_time("stamp", timestamp=np.datetime64(stamp_ns, "ns"))
        self._stream.set_time("frame", sequence=self._count)
        self._count += 1
        log(IMAGE, rr.Image(answer.image).compress(jpeg_quality=JPEG_QUALITY))
        log(CLASSES, rr.SegmentationImage(answer.segmentation.labels))
        for name, share in zip(self._entities(), answer.fractions, strict=True):
            log(name, rr.Scalars(float(share)))
        if "uncertainty" not in answer.missing:
            log(UNCERTAINTY, self._heat(answer.segmentation.uncertainty))
        if "drivable" not in answer.missing:
            self._log_drivable(answer)

    def _heat(self, values: np.ndarray) -> Any:
        """(H, W) floats from 0 to 1, which Rerun colors; its tooltip shows the value."""
        levels = cv2.convertScaleAbs(values, alpha=LEVELS)
        return self._rr.DepthImage(
            levels, meter=LEVELS, depth_range=(0, LEVELS), colormap="inferno"
        )

    def _log_drivable(self, answer: Answer) -> None:
        rr, log, drivable = self._rr, self._stream.log, answer.drivable
        edges, _ = cv2.findContours(drivable, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        closed = [np.concatenate([edge[:, 0], edge[:1, 0]]) for edge in edges]
        log(EDGE, rr.LineStrips2D(closed, colors=[OUTLINE] * len(closed), radii=1.0))
        log(DRIVABLE, rr.SegmentationImage((drivable > 0).view(np.uint8)))
        log(DRIVABLE_FRACTION, rr.Scalars(answer.drivable_fraction))

    def finish(self) -> None:
        """Flush; SettingsError where the viewer was closed or the disk is full."""
        try:
            self._stream.flush(timeout_sec=6 * TIMEOUT_S)
            self._stream.disconnect()
        except (RuntimeError, ValueError, OSError) as error:
            raise SettingsError(
                f"not all arrived ({error}); was the viewer closed, or is the disk full?"
            ) from None

    def _describe(self) -> None:
        """Log the names and colors of classes and lines, for all times."""
        rr, log, labels = self._rr, self._stream.log, brightened(self._label_set)
        classes = [(i, c.name, c.color) for i, c in enumerate(labels.classes)]
        ignored = (labels.ignore_id, "ignored", labels.ignore_color)
        log("camera", rr.AnnotationContext([*classes, ignored]), static=True)
        ways = [(0, "keep off", (0, 0, 0)), (1, "drivable", OUTLINE)]
        log(DRIVABLE, rr.AnnotationContext(ways), static=True)
        for name, one in zip(self._entities(), labels.classes, strict=True):
            log(name, rr.SeriesLines(colors=[one.color], names=[one.name]), static=True)
        line = rr.SeriesLines(colors=[OUTLINE], names=["drivable area"])
        log(DRIVABLE_FRACTION, line, static=True)

    def _entities(self) -> list[list[str]]:
        """Path of each class's share; Rerun does not parse a list, so names may hold anything."""
        return [[FRACTIONS, name] for name in self._label_set.names]

    def _layout(self) -> Any:
        """Layout: image and classes large, the rest at the side, the shares below."""
        views = require("rerun.blueprint", EXTRA)
        flat = views.Spatial2DView
        pictures = views.Horizontal(
            flat(origin="camera", name="classes and drivable outline"),
            views.Vertical(
                flat(origin=UNCERTAINTY, name="uncertainty"),
                flat(origin=DRIVABLE, name="drivable"),
            ),
            column_shares=[2, 1],
        )
        shares = views.TimeSeriesView(
            name="share of the image", contents=[f"{FRACTIONS}/**", DRIVABLE_FRACTION]
        )
        return views.Blueprint(views.Vertical(pictures, shares, row_shares=[3, 1]))
