"""One camera's view of the ground: from its calibration and its place to `~/drivable_grid`."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from segnet_model.base.errors import SegNetError, SettingsError
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.settings import GroundSettings
from segnet_ros.segmentation.parameters import part
from segnet_ros.segmentation.settings import Settings
from segnet_ros.segmentation.transforms import Transforms

PATIENCE = 2  # projectors that are made in vain before that is worth a warning


class Ground:
    """Keeps the projector of one camera, and makes another where something has moved.

    Making one takes a good part of a second, in a thread of its own: no image waits for it.

    Attributes:
        reason: why there was none the last time; empty where there was, or soon will be.
    """

    def __init__(self, transforms: Transforms) -> None:
        """Ask these where the camera is, unless the parameters say it."""
        self._transforms = transforms
        self._maker = ThreadPoolExecutor(1, "ground")
        self._made: Made | None = None
        self._making: Future[Made] | None = None
        self._in_vain = 0  # of those that were begun, the last ones that no image could use
        self.reason = ""

    def close(self) -> None:
        """Make no more."""
        self._maker.shutdown(wait=False, cancel_futures=True)

    def projector(
        self, info: CameraInfo | None, size: tuple[int, ...], header: Header, settings: Settings
    ) -> GroundProjector | None:
        """The projector for an image; None where there is none yet, or, with a reason, cannot be.

        Args:
            info: of the camera; None where none came.
            size: (height, width) of the image.
            header: of the image.
            settings: say where the camera is mounted, and what ground is wanted.
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
        self, info: CameraInfo | None, size: tuple[int, ...], header: Header, settings: Settings
    ) -> GroundProjector | None:
        if info is None:
            raise SettingsError("no camera_info came; let the driver publish it, and remap it")
        mounting = part(settings, GroundSettings)
        pose = mounting.pose if settings.camera_height else self._look_up(header, settings)
        wanted = mounting.lens(info, size), pose, mounting.spec
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

    def _look_up(self, header: Header, settings: Settings) -> CameraPose:
        return self._transforms.pose(settings.base_frame, header.frame_id, header.stamp)


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
