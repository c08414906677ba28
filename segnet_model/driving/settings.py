"""How outputs are made of an answer, where the camera is, and which ground is mapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segnet_model.base.errors import SettingsError
from segnet_model.driving.calibration import lens_of
from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose


@dataclass(frozen=True)
class AnswerSettings:
    """How outputs are made of an answer; names and defaults are those of the node's parameters.

    Attributes:
        max_uncertainty: of a drivable pixel, 0 to 1.
        drivable_min_area: share of the image; see `drivable_mask`.
        drivable_margin: pixels; see `drivable_mask`.
        overlay_alpha: share of the classes' colors in the overlay, 0 to 1.
        overlay_legend: whether the overlay names the classes and outlines the drivable area.
        output_size: width and height of the maps; (0, 0) keeps the image's.
        base_frame: the robot's frame, in which the grid is.
    """

    max_uncertainty: float = 0.5
    drivable_min_area: float = 0.0005
    drivable_margin: int = 0
    overlay_alpha: float = 0.5
    overlay_legend: bool = True
    output_size: tuple[int, ...] = (0, 0)
    base_frame: str = "base_link"

    def __post_init__(self) -> None:
        shares = self.max_uncertainty, self.drivable_min_area, self.overlay_alpha
        if not (all(0 <= share <= 1 for share in shares) and self.drivable_margin >= 0):
            raise SettingsError(
                f"max uncertainty {shares[0]}, min area {shares[1]} and overlay alpha {shares[2]} "
                f"must be from 0 to 1, margin {self.drivable_margin} 0 or more"
            )


@dataclass(frozen=True)
class GroundSettings:
    """What a map of the ground needs besides camera_info; names are the node's parameters'.

    Attributes:
        camera_height: meters above the ground; 0 where the camera's place is not known.
        camera_forward: meters before the robot's frame.
        camera_left: meters left of the robot's frame.
        camera_pitch: radians, positive looks down.
        camera_roll: radians, positive leans to the right.
        camera_yaw: radians, positive looks to the left.
        rectified: whether the images are free of distortion.
        grid_resolution: side of a cell, meters.
        grid_length: meters forward.
        grid_width: meters from right to left.
    """

    camera_height: float = 0.0
    camera_forward: float = 0.0
    camera_left: float = 0.0
    camera_pitch: float = 0.0
    camera_roll: float = 0.0
    camera_yaw: float = 0.0
    rectified: bool = False
    grid_resolution: float = 0.1
    grid_length: float = 15.0
    grid_width: float = 15.0

    @property
    def pose(self) -> CameraPose:
        """Where the camera is; SettingsError where it cannot be there."""
        return CameraPose.mounted(
            self.camera_height,
            self.camera_pitch,
            self.camera_roll,
            self.camera_yaw,
            self.camera_forward,
            self.camera_left,
        )

    @property
    def spec(self) -> GridSpec:
        """The grid; SettingsError where it has too many cells."""
        half = self.grid_width / 2
        return GridSpec(self.grid_resolution, 0.0, self.grid_length, -half, half)

    def lens(self, info: Any, size: tuple[int, ...]) -> Lens:
        """The lens that took images of (height, width) pixels, by the camera's CameraInfo.

        Raises:
            SettingsError: the camera is not calibrated, or its images have another shape.
        """
        return lens_of(info, self.rectified).scaled_to(size[1], size[0])
