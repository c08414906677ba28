"""The ground of a camera: from its calibration and its pose to `~/drivable_grid`."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from segnet_model.base.errors import SegNetError, SettingsError
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.settings import GroundSettings
from segnet_ros.segmentation.parameters import part
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.transforms import Transforms

MAX_UNUSED = 2  # projectors in a row that came too late for the camera's pose


class Ground:
    """Keeps the projector of one camera, and makes a new one when the camera has moved.

    This takes a good part of a second, in a thread of its own, so that no image waits for it.

    Attributes:
        reason: why the last image had no projector; empty where it had one, or soon will.
    """

    def __init__(self, transforms: Transforms) -> None:
        """Take the source of the camera's pose, for where no parameter gives it."""
        self._transforms = transforms
        self._executor = ThreadPoolExecutor(1, "ground")
        self._result: Result | None = None
        self._pending: Future[Result] | None = None
        self._unused = 0  # projectors in a row that fitted no image
        self.reason = ""

    def close(self) -> None:
        """End the thread."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def projector(
        self, info: CameraInfo | None, size: tuple[int, ...], header: Header, settings: NodeSettings
    ) -> GroundProjector | None:
        """The projector for an image; None while it is being made, or, with a reason, for good.

        Args:
            info: of the camera; None before the first.
            size: (height, width) of the image.
            header: of the image.
            settings: give the mounting of the camera, and the grid.
        """
        try:
            found = self._find(info, size, header, settings)
        except SegNetError as error:
            self.reason = f"no drivable_grid: {error}"
            return None
        if found is not None:
            self.reason = ""
        return found

    def _find(
        self, info: CameraInfo | None, size: tuple[int, ...], header: Header, settings: NodeSettings
    ) -> GroundProjector | None:
        if info is None:
            raise SettingsError("no camera_info came; let the driver publish it, and remap it")
        mounting = part(settings, GroundSettings)
        pose = mounting.pose if settings.camera_height else self._look_up(header, settings)
        wanted = mounting.lens(info, size), pose, mounting.spec
        if self._pending is not None and self._pending.done():
            self._result, self._pending = self._pending.result(), None
        if self._result is not None and self._result.fits(*wanted):
            self._unused = 0
            if self._result.error is not None:
                raise self._result.error
            return self._result.projector
        if self._pending is None:
            self._pending = self._executor.submit(Result.of, *wanted)
            self._unused += 1
        if self._unused > MAX_UNUSED:
            raise SettingsError(
                f"the camera moves in {settings.base_frame} faster than the grid can follow; set "
                "base_frame to a frame that is fixed to the robot"
            )
        return None

    def _look_up(self, header: Header, settings: NodeSettings) -> CameraPose:
        return self._transforms.pose(settings.base_frame, header.frame_id, header.stamp)


@dataclass(frozen=True)
class Result:
    """A projector, or the error instead, and the inputs of which it was made."""

    lens: Lens
    pose: CameraPose
    spec: GridSpec
    projector: GroundProjector | None = None
    error: SegNetError | None = None

    @classmethod
    def of(cls, lens: Lens, pose: CameraPose, spec: GridSpec) -> Result:
        """Make a projector."""
        try:
            return cls(lens, pose, spec, GroundProjector(lens, pose, spec))
        except SegNetError as error:
            return cls(lens, pose, spec, error=error)

    def fits(self, lens: Lens, pose: CameraPose, spec: GridSpec) -> bool:
        """Whether the projector holds for these inputs."""
        return (self.lens, self.spec) == (lens, spec) and not self.pose.moved(pose)
