"""Labels of an image by where the robot drove, and by what its sensors met."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segnet_model.datasets.sources import Frame
from segnet_model.driving import CameraPose, Lens
from segnet_model.driving.driven import Footprint, driven_pixels
from segnet_model.driving.standing import bumped_pixels, standing_pixels
from segnet_model.driving.way import DrivenPath, DrivenSettings
from segnet_model.labels import LabelSet
from segnet_model.recordings.senses import Senses

if TYPE_CHECKING:
    from segnet_model.inference.predictor import Predictor

LABELS = "driven"
DRIVABLE, BLOCKED = 0, 1
EDGE = 0.008  # share of the image's width: so near the edge of a thing, no pixel has a label
LEAST = 0.0005  # share of the image that must have been driven over
CameraView = Callable[[Frame, tuple[int, ...]], tuple[Lens, CameraPose]]


class DrivenLabels:
    """Labels images of one recording: a labeler of `extract`.

    Attributes:
        path: the robot's way.
        senses: what its sensors met.
        without_scan: number of images of whose time no scan is.
    """

    def __init__(
        self, path: DrivenPath, view: CameraView, footprint: Footprint, trust: DrivenSettings,
        senses: Senses, predictor: Predictor | None,
    ) -> None:  # fmt: skip
        """Take the way, and the camera.

        Args:
            path: the robot's way.
            view: gives lens and pose of the camera for a frame of (height, width) pixels.
            footprint: of the robot.
            trust: how far its way is trusted.
            senses: what its sensors met.
            predictor: finds the things that hide the ground or bar it; None finds none.
        """
        self.path, self.senses, self.without_scan = path, senses, 0
        self._view, self._footprint, self._trust = view, footprint, trust
        self._predictor, self._ignored = predictor, LabelSet.load(LABELS).ignore_id

    def __call__(self, frame: Frame, image: np.ndarray) -> np.ndarray | None:
        """The labels (H, W) uint8 of the set `driven`; None where the robot drove nowhere."""
        lens, camera = self._view(frame, image.shape[:2])
        stamp = frame.stamp_ns
        driven = driven_pixels(lens, camera, self.path, stamp, self._footprint, self._trust)
        if driven is None or driven.mean() < LEAST:
            return None
        labels = np.full(driven.shape, self._ignored, np.uint8)
        labels[driven] = DRIVABLE
        edge = np.ones((2 * max(1, round(EDGE * image.shape[1])) + 1,) * 2, np.uint8)
        if self._predictor is not None:
            self._block(labels, driven, *_things(self._predictor, image), edge)
        self._add_scans(labels, driven, lens, camera, stamp, edge)
        if bumps := [begin for begin, _ in self.senses.bumps]:
            bumped = bumped_pixels(
                lens, camera, self.path, stamp, bumps, self._footprint, self._trust
            )  # no edge is left out: these pixels lie within the ground before the footprint
            self._block(labels, driven, bumped, bumped, np.ones((1, 1), np.uint8))
        return labels if (labels == DRIVABLE).mean() >= LEAST else None

    def _add_scans(
        self, labels: np.ndarray, driven: np.ndarray, lens: Lens, camera: CameraPose, stamp: int,
        edge: np.ndarray,
    ) -> None:  # fmt: skip
        missing = False
        for scans in self.senses.scans:
            returns = scans.near(stamp)
            found = returns and standing_pixels(lens, camera, self.path, stamp, returns)
            if found:
                self._block(labels, driven, *found, edge)
            missing |= not found
        self.without_scan += missing

    def _block(
        self, labels: np.ndarray, driven: np.ndarray, sure: np.ndarray, maybe: np.ndarray,
        edge: np.ndarray,
    ) -> None:  # fmt: skip
        """Add things to labels: what may be one is not drivable, and what is one is blocked.

        Ground that was driven over, and yet has a thing in it, gets no label.

        Args:
            labels: (H, W) uint8, changed in place.
            driven: (H, W) bool, where the robot drove.
            sure: (H, W), where a thing is.
            maybe: (H, W), where one may be, or hide the ground.
            edge: by which sure is narrowed and maybe is widened.
        """
        labels[(cv2.dilate(maybe.astype(np.uint8), edge) > 0) & driven] = self._ignored
        labels[(cv2.erode(sure.astype(np.uint8), edge) > 0) & ~driven] = BLOCKED


def _things(predictor: Predictor, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the network is sure of what is no ground, and where it sees it: (H, W) bool."""
    found = predictor.predict(image)
    things = ~predictor.info.labels.ground[found.labels]
    return things & (found.uncertainty <= predictor.bound), things
