"""A suggestion for camera_pitch, for the log, where nobody gives the camera's pose."""

from __future__ import annotations

from segnet_model.base.errors import SegNetError
from segnet_model.driving import Lens
from segnet_model.driving.pitch import PitchEstimate
from segnet_model.driving.settings import GroundSettings
from segnet_model.inference.answer import Answer
from segnet_ros.segmentation.parameters import part
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.throttle import Throttle

IMAGES = 20
MAX_RATE = 1.0  # Hz; images in between show the same


class PitchSuggestion:
    """Looks at some images of a camera without a pose, and suggests a pitch once."""

    def __init__(self) -> None:
        """Begin."""
        self._throttle = Throttle()
        self._estimate: PitchEstimate | None = None
        self._left = IMAGES

    @property
    def lens(self) -> Lens | None:
        """Of the last images; None before the first."""
        return self._estimate.lens if self._estimate else None

    def add(self, answer: Answer, settings: NodeSettings, time: float) -> str:
        """Look at an answer.

        Args:
            answer: without a pose of the camera, though a grid is wanted.
            settings: where camera_height is given, nothing is suggested.
            time: seconds of a clock that never goes back.

        Returns:
            The suggestion, once; else empty.
        """
        if settings.camera_height or answer.info is None or not self._left or answer.strange:
            return ""
        if not self._throttle.passes(time, MAX_RATE):
            return ""
        try:
            lens = part(settings, GroundSettings).lens(answer.info, answer.image.shape[:2])
        except SegNetError:
            return ""  # the reason is in /diagnostics
        if self._estimate is None or self._estimate.lens != lens:
            self._estimate, self._left = PitchEstimate(lens), IMAGES
        found = answer.segmentation
        self._estimate.add(found.labels, found.uncertainty, answer.labels, answer.max_uncertainty)
        self._left -= 1
        return "" if self._left else self._text()

    def _text(self) -> str:
        pitch = self._estimate and self._estimate.pitch
        if not pitch:
            return ""
        return (
            "nobody gives the camera's pose, so there is no grid. In the last images the horizon "
            f"is where camera_pitch {pitch[0]:.2f} would have it, within {pitch[1]:.2f} rad, if "
            "the camera does not lean to a side: measure camera_height, and set both, or publish "
            "the pose in tf"
        )
