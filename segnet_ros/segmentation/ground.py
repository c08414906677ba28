"""The ground of a camera: from its calibration and its pose to `~/drivable_grid`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from segnet_model.base.errors import SegNetError, SettingsError
from segnet_model.driving import CameraPose, GridSpec, GroundProjector, Lens
from segnet_model.driving.calibration import check_frame
from segnet_model.driving.settings import GroundSettings
from segnet_ros.segmentation.parameters import part
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.transforms import Transforms

MAX_UNUSED = 2  # projectors in a row that came too late for the camera's pose
PATIENCE = 2.0  # seconds without a projector that need no reason


class Ground:
    """Keeps the projector of one camera, and makes a new one when the camera has moved.

    This takes a good part of a second, in a thread of its own, so that no image waits for it.

    Attributes:
        reason: why the last image had no projector; empty where it had one, or soon will.
        unplaced: whether neither parameters nor tf gave the camera's pose for it.
    """

    def __init__(
        self, transforms: Transforms, check_info: Callable[[], None] = lambda: None
    ) -> None:
        """Create it without a projector.

        Args:
            transforms: give the camera's pose where no parameter does.
            check_info: raises SettingsError where calibrations are not to be used.
        """
        self._transforms, self._check_info = transforms, check_info
        self._executor = ThreadPoolExecutor(1, "ground")
        self._result: Result | None = None
        self._pending: Future[Result] | None = None
        self._source = ""  # of the pose: the robot's frame, empty where parameters give it
        self._begin()
        self.reason = ""
        self.unplaced = False

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
        self.unplaced = False
        try:
            found = self._find(info, size, header, settings)
        except SegNetError as error:
            self.reason = f"no drivable_grid: {error}"
            return None
        self.reason = ""
        return found

    def _begin(self) -> None:
        self._unused = 0  # projectors in a row that fitted no image
        self._waiting_since: float | None = None

    def _find(
        self, info: CameraInfo | None, size: tuple[int, ...], header: Header, settings: NodeSettings
    ) -> GroundProjector | None:
        if info is None:
            raise SettingsError("no camera_info came; let the driver publish it, and remap it")
        self._check_info()
        check_frame(info, header.frame_id)
        mounting = part(settings, GroundSettings)
        source = "" if settings.camera_height else settings.base_frame
        if source != self._source:
            self._source = source
            self._begin()
        pose = self._look_up(header, source) if source else mounting.pose
        wanted = Inputs(mounting.lens(info, size), pose, mounting.spec)
        if self._pending is not None and self._pending.done():
            made, self._pending = self._pending, None
            self._result = made.result()  # may raise what is no SegNetError, as for lack of memory
        if self._result is not None and self._result.inputs.fit(wanted):
            self._begin()
            return self._result.get()
        self._make(wanted)
        return None

    def _look_up(self, header: Header, base: str) -> CameraPose:
        self.unplaced = True
        found = self._transforms.pose(base, header.frame_id, header.stamp)
        self.unplaced = False
        return found

    def _make(self, wanted: Inputs) -> None:
        """Begin with a projector where none is being made.

        Raises:
            SettingsError: this has taken long, because of the reason that it names.
        """
        if self._waiting_since is None:
            self._waiting_since = monotonic()
        if self._pending is None:
            self._pending = self._executor.submit(Result.of, wanted)
            self._unused += 1
        waited = monotonic() - self._waiting_since
        if self._unused > MAX_UNUSED and self._result is not None:
            changed = self._result.inputs.change(wanted, self._source)
            took = f"which takes {self._result.seconds:.1f} s"
            raise SettingsError(
                f"{changed[0]} faster than the grid can follow, {took}; {changed[1]}"
            )
        if waited > PATIENCE:
            raise SettingsError(
                f"its tables are being computed for {waited:.0f} s so far; wait, or set a coarser "
                "grid_resolution"
            )


@dataclass(frozen=True)
class Inputs:
    """Everything that a projector is made of."""

    lens: Lens
    pose: CameraPose
    spec: GridSpec

    def fit(self, other: Inputs) -> bool:
        """Whether a projector of these holds for others, too."""
        return (self.lens, self.spec) == (other.lens, other.spec) and not self.pose.moved(
            other.pose
        )

    def change(self, other: Inputs, source: str) -> tuple[str, str]:
        """The change to other inputs, and its mend.

        Args:
            other: inputs that do not fit.
            source: the robot's frame of the poses; empty where parameters give them.
        """
        if self.lens != other.lens:
            return "camera_info changes", "see that only one camera publishes on its topic"
        if self.spec != other.spec:
            return "a parameter of the ground grid changes", "set it less often"
        if not source:
            return "camera_pitch or another parameter of the pose changes", "set it less often"
        return (
            f"the camera moves in {source}",
            "set base_frame to a frame that is fixed to the robot",
        )


@dataclass(frozen=True)
class Result:
    """A projector, or the error instead, and how long it took."""

    inputs: Inputs
    seconds: float
    projector: GroundProjector | None = None
    error: SegNetError | None = None

    @classmethod
    def of(cls, inputs: Inputs) -> Result:
        """Make a projector."""
        start, lens, pose, spec = monotonic(), inputs.lens, inputs.pose, inputs.spec
        try:
            made = GroundProjector(lens, pose, spec)
        except SegNetError as error:
            return cls(inputs, monotonic() - start, error=error)
        return cls(inputs, monotonic() - start, made)

    def get(self) -> GroundProjector | None:
        """The projector; raises the error instead."""
        if self.error is not None:
            raise self.error
        return self.projector
