"""Where the camera is, and which ground is mapped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segnet_model.base.tables import GroundOptions
from segnet_model.driving.calibration import lens_of
from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose


@dataclass(frozen=True)
class GroundSettings(GroundOptions):
    """What a map of the ground needs besides camera_info."""

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
