"""Answer: one image with its segmentation, and everything derived from both, computed once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import nan
from typing import Any

import cv2
import numpy as np

from segnet_model.base.tables import USUAL_BOUND, AnswerSettings
from segnet_model.driving import GroundProjector
from segnet_model.driving.calibration import scaled_info
from segnet_model.driving.grid import UNKNOWN, trinary
from segnet_model.driving.mask import drivable_mask
from segnet_model.driving.scan import occupied_points
from segnet_model.driving.speed import speed_limit
from segnet_model.inference.place import strange_place
from segnet_model.inference.segmentation import Segmentation, resize_nearest
from segnet_model.inference.upright import not_upright
from segnet_model.labels import LabelSet
from segnet_model.pictures.drawing import annotated, overlay

SUMMARY_STEP = 8  # pixels between those that a summary counts


@dataclass(frozen=True)
class Summary:
    """A rough description of a segmentation."""

    largest: str  # name of the class with the most pixels
    share: float  # of the pixels of that class, 0 to 1
    unsure: float  # share of the pixels above max_uncertainty; NaN where it is unknown


@dataclass(frozen=True, eq=False)
class Answer:
    """One image with its segmentation, from which each output is made.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        segmentation: at the image's size.
        labels: the label set of its classes.
        settings: of the outputs.
        bound: of the uncertainty of a drivable pixel, 0 to 1, unless the settings have one.
        inference_ms: time of the network in milliseconds; NaN where it is not known.
        info: the camera's newest sensor_msgs/CameraInfo, of any library; None without one.
        ground: projects this camera's images to the ground; None where no grid is wanted, or the
            camera's pose is not known.
        recorded_drivable: (H, W) uint8, 0 or 255, from a recording; None to compute it.
        missing: of "confidence", "uncertainty" and "drivable", those that a recording lacks. Such
            confidence and uncertainty is NaN everywhere, and nothing is drivable unless
            max_uncertainty is 1.
        outdated: the answer does not hold any more, see `withdrawn`.
        turn: quarter turns to the left that set the image upright, as of `UprightCheck`; or 0.
        contradiction: why odometry contradicts the camera's pose, as of `MotionEstimate`; or empty.
    """

    image: np.ndarray
    segmentation: Segmentation
    labels: LabelSet
    settings: AnswerSettings = field(default_factory=AnswerSettings)
    bound: float = USUAL_BOUND
    inference_ms: float = nan
    info: Any = None
    ground: GroundProjector | None = None
    recorded_drivable: np.ndarray | None = None
    missing: frozenset[str] = frozenset()
    outdated: bool = False
    turn: int = 0
    contradiction: str = ""

    def withdrawn(self) -> Answer:
        """This answer once it does not hold any more: without pixels, and nothing is drivable."""
        size = self.image.shape[:2]
        ids = np.broadcast_to(np.uint8(self.labels.ignore_id), size)
        unknown = np.broadcast_to(np.float32(nan), size)
        return replace(
            self,
            image=np.broadcast_to(np.uint8(0), (*size, 3)),
            segmentation=Segmentation(ids, unknown, unknown),
            recorded_drivable=None,
            outdated=True,
        )

    @cached_property
    def resized(self) -> Segmentation:
        """The segmentation at the size of the outputs."""
        return self.segmentation.resized(self.size)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the outputs, in pixels."""
        width, height = self.settings.output_size
        return (height, width) if width else (self.image.shape[0], self.image.shape[1])

    @property
    def max_uncertainty(self) -> float:
        """The highest uncertainty of a drivable pixel, 0 to 1."""
        return self.settings.bound(self.bound)

    @property
    def place_score(self) -> float:
        """How unlike the place is to those of the training: 1 at the bound, NaN if unknown."""
        score = self.segmentation.place_score
        return nan if score is None else float(score)

    @property
    def _judged(self) -> np.ndarray:
        """The uncertainty (H, W) that decides what is drivable.

        Where the network answers ids alone, nothing is known to be certain, so nothing is drivable;
        but with max_uncertainty 1 the classes alone decide.
        """
        uncertainty = self.segmentation.uncertainty
        if self.max_uncertainty == 1 and self.segmentation.ids_alone:
            return np.zeros_like(uncertainty)
        return uncertainty

    @property
    def strange(self) -> str:
        """Why the network cannot know what it sees, with the mend; empty where it can."""
        if not self.settings.place_check:
            return ""
        return not_upright(self.turn) or strange_place(self.place_score)

    @cached_property
    def distrust(self) -> str:
        """Why nothing here may be driven on, with the mend; empty where nothing forbids it."""
        if self.outdated:
            return "the answer is too old"
        if self.strange or self.ground is None:
            return self.strange
        return self.contradiction or self.ground.horizon.contradiction(
            self.segmentation.labels, self._judged, self.labels, self.max_uncertainty
        )

    @cached_property
    def drivable(self) -> np.ndarray:
        """The drivable area: (H, W) uint8, 0 or 255, at the image's size."""
        if self.distrust:
            return np.zeros(self.image.shape[:2], np.uint8)
        if self.recorded_drivable is not None:
            return self.recorded_drivable
        return drivable_mask(
            self.segmentation.labels,
            self._judged,
            self.labels,
            self.max_uncertainty,
            min_area=self.settings.drivable_min_area,
            margin=self.settings.drivable_margin,
        )

    @property
    def resized_drivable(self) -> np.ndarray:
        """The drivable area at the size of the outputs."""
        return resize_nearest(self.drivable, self.size)

    @cached_property
    def overlay(self) -> np.ndarray:
        """The classes' colors over the image: (H, W, 3) uint8 RGB, at the image's size."""
        ids, alpha = self.segmentation.labels, self.settings.overlay_alpha
        if self.settings.overlay_legend:
            edge = None if "drivable" in self.missing else self.drivable
            return annotated(self.image, ids, self.labels, edge, alpha)
        return overlay(self.image, ids, self.labels, alpha)

    @cached_property
    def fractions(self) -> np.ndarray:
        """The share of the image that each class covers: (classes,) float32, 0 to 1."""
        ids = self.segmentation.labels
        counts = cv2.calcHist([ids], [0], None, [256], [0, 256]).ravel()
        return counts[: self.labels.num_classes] / np.float32(ids.size)

    @property
    def drivable_fraction(self) -> float:
        """The share of the image that is drivable, 0 to 1."""
        return cv2.countNonZero(self.drivable) / self.drivable.size

    @cached_property
    def grid(self) -> np.ndarray | None:
        """The ground before the robot, of values as in the settings; None without a projector."""
        if self.cost_grid is None or self.settings.grid_values == "scale":
            return self.cost_grid
        return trinary(self.cost_grid)

    @cached_property
    def cost_grid(self) -> np.ndarray | None:
        """The ground before the robot, as `GroundProjector.grid`; None without a projector."""
        if self.ground is None:
            return None
        if self.distrust:
            spec = self.ground.spec
            return np.full((spec.rows, spec.columns), UNKNOWN, np.int8)
        found = self.segmentation
        return self.ground.grid(found.labels, self._judged, self.labels, self.max_uncertainty)

    @property
    def obstacle_scan(self) -> dict[str, Any] | None:
        """The fields of a LaserScan over the grid, as `GroundScan.fields`; None without a grid."""
        if self.ground is None or self.grid is None:
            return None
        return self.ground.scan.fields(self.grid)

    @property
    def obstacle_points(self) -> np.ndarray | None:
        """The grid's occupied cells: (n, 3) float32, as `occupied_points`; None without a grid."""
        if self.ground is None or self.grid is None:
            return None
        return occupied_points(self.grid, self.ground.spec)

    @property
    def speed_limit(self) -> float | None:
        """The highest speed in percent, as `driving.speed.speed_limit`; None without a grid."""
        if self.ground is None or self.cost_grid is None:
            return None
        return speed_limit(self.cost_grid, self.ground.in_view, self.ground.spec, self.settings)

    @property
    def camera_info(self) -> Any:
        """A copy of the camera's calibration for the size of the outputs; None without one."""
        return None if self.info is None else scaled_info(self.info, self.size)

    @cached_property
    def summary(self) -> Summary:
        """Summary of every eighth row and column, quick enough for every image."""
        labels, uncertainty = (
            each[::SUMMARY_STEP, ::SUMMARY_STEP]
            for each in (self.segmentation.labels, self.segmentation.uncertainty)
        )
        # The ignored id, which a network that answers ids may give, is no class.
        numbers = np.bincount(labels.ravel(), minlength=256)[: self.labels.num_classes]
        largest = int(numbers.argmax())
        sure = float((uncertainty <= self.max_uncertainty).mean())  # NaN is not
        return Summary(
            self.labels.names[largest],
            float(numbers[largest] / labels.size),
            nan if np.isnan(uncertainty).all() else 1 - sure,
        )
