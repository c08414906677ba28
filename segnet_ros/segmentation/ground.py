"""One camera's view of the ground: from its calibration and its place to `~/drivable_grid`."""

from __future__ import annotations

from array import array
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from segnet_model.base.errors import SegNetError, SettingsError
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_ros.segmentation.settings import Settings
from segnet_ros.segmentation.transforms import Transforms

PATIENCE = 2  # projectors that are made in vain before that is worth a warning


class Ground:
    """Keeps the projector of one camera, and makes another where something has moved.

    Making one takes a good part of a second, in a thread of its own: no image waits for it.

    Attributes:
        problem: why there was none the last time; empty where there was, or soon will be.
    """

    def __init__(self, transforms: Transforms) -> None:
        """Ask these where the camera is, unless the parameters say it."""
        self._transforms = transforms
        self._maker = ThreadPoolExecutor(1, "ground")
        self._made: Made | None = None
        self._making: Future[Made] | None = None
        self._in_vain = 0  # of those that were begun, the last ones that no image could use
        self.problem = ""

    def close(self) -> None:
        """Make no more."""
        self._maker.shutdown(wait=False, cancel_futures=True)

    def projector(
        self, info: CameraInfo | None, size: tuple[int, ...], header: Header, settings: Settings
    ) -> GroundProjector | None:
        """The projector for an image; None where there is none yet, or, with a problem, cannot be.

        Args:
            info: of the camera; None where none came.
            size: (height, width) of the image.
            header: of the image.
            settings: say where the camera is mounted, and what ground is wanted.
        """
        try:
            found = self._find(info, size, header, settings)
        except SegNetError as error:
            self.problem = f"no drivable_grid: {error}"
            return None
        if found is not None:
            self.problem = ""
        return found

    def _find(
        self, info: CameraInfo | None, size: tuple[int, ...], header: Header, settings: Settings
    ) -> GroundProjector | None:
        if info is None:
            raise SettingsError("no camera_info came; let the driver publish it, and remap it")
        lens = lens_of(info, settings.rectified).scaled_to(size[1], size[0])
        wanted = lens, self._pose(header, settings), grid_spec(settings)
        self._take()
        made = self._made
        if made is not None and made.fits(*wanted):
            self._in_vain = 0
            if made.error is not None:
                raise made.error
            return made.projector
        if self._making is None:
            self._making = self._maker.submit(Made.of, *wanted)
            self._in_vain += 1
        if self._in_vain > PATIENCE:
            raise SettingsError(
                f"the camera moves in {settings.base_frame}, and a grid takes a good part of a "
                "second to follow; name a base_frame that is fixed to the robot"
            )
        return None

    def _take(self) -> None:
        if self._making is not None and self._making.done():
            self._made, self._making = self._making.result(), None

    def _pose(self, header: Header, settings: Settings) -> CameraPose:
        if not settings.camera_height:
            return self._transforms.pose(settings.base_frame, header.frame_id, header.stamp)
        return CameraPose.mounted(
            settings.camera_height,
            settings.camera_pitch,
            settings.camera_roll,
            settings.camera_yaw,
            settings.camera_forward,
            settings.camera_left,
        )


@dataclass(frozen=True)
class Made:
    """A projector, or why it could not be made, and what for."""

    lens: Lens
    pose: CameraPose
    spec: GridSpec
    projector: GroundProjector | None = None
    error: SegNetError | None = None

    @classmethod
    def of(cls, lens: Lens, pose: CameraPose, spec: GridSpec) -> Made:
        """Make one."""
        try:
            return cls(lens, pose, spec, GroundProjector(lens, pose, spec))
        except SegNetError as error:
            return cls(lens, pose, spec, error=error)

    def fits(self, lens: Lens, pose: CameraPose, spec: GridSpec) -> bool:
        """Whether it may be used for these."""
        return (self.lens, self.spec) == (lens, spec) and not self.pose.moved(pose)


def lens_of(info: CameraInfo, rectified: bool) -> Lens:
    """The lens that took an image, at the size of the image before binning.

    Raises:
        SettingsError: the camera is not calibrated.
    """
    if rectified:
        matrix = np.reshape(info.p, (3, 4))[:, :3]
        lens = Lens.from_camera_info(info.width, info.height, matrix.ravel().tolist())
    else:
        lens = Lens.from_camera_info(
            info.width, info.height, info.k.tolist(), info.distortion_model, info.d.tolist()
        )
    part = info.roi
    if not (part.width and part.height):
        return lens
    return lens.cropped(part.x_offset, part.y_offset, part.width, part.height)


def message(grid: np.ndarray, spec: GridSpec, header: Header, frame_id: str) -> OccupancyGrid:
    """Make a grid a message.

    Args:
        grid: (rows, columns) int8, 0 free, 100 occupied, -1 not known.
        spec: of the grid.
        header: of the image that it was made from.
        frame_id: of the robot's frame.
    """
    found = OccupancyGrid(header=Header(stamp=header.stamp, frame_id=frame_id))
    found.info.map_load_time = header.stamp
    found.info.resolution = spec.resolution
    found.info.height, found.info.width = grid.shape
    found.info.origin.position.x = spec.x_min
    found.info.origin.position.y = spec.y_min
    found.info.origin.orientation.w = 1.0
    found.data = array("b", np.ascontiguousarray(grid).tobytes())
    return found


def grid_spec(settings: Settings) -> GridSpec:
    """The grid that the parameters ask for.

    Raises:
        SettingsError: it has too many cells.
    """
    half = settings.grid_width / 2
    return GridSpec(settings.grid_resolution, 0.0, settings.grid_length, -half, half)
