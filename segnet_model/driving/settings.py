"""Settings of the ground grid: the camera's pose and the mapped rectangle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segnet_model.base.tables import GroundOptions
from segnet_model.driving.calibration import read_lens
from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose


@dataclass(frozen=True)
class GroundSettings(GroundOptions):
    """Everything that a ground grid needs besides camera_info."""

    @property
    def pose(self) -> CameraPose:
        """The camera's pose; SettingsError if it is impossible."""
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
        """The grid; SettingsError if it has too many cells."""
        half = self.grid_width / 2
        return GridSpec(self.grid_resolution, 0.0, self.grid_length, -half, half, self.robot_height)

    def lens(self, info: Any, size: tuple[int, ...]) -> Lens:
        """The lens of images of (height, width) pixels, from the camera's CameraInfo.

        Raises:
            SettingsError: the camera is not calibrated, or its images have another shape.
        """
        return read_lens(info, self.rectified).scaled_to(size[1], size[0])
