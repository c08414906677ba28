"""The camera's pose on the robot: from options, or from the tf of its recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from segnet_model.bags.images import RawMessage, parse
from segnet_model.bags.poses import Transform
from segnet_model.bags.reader import BagReader
from segnet_model.bags.transforms import TF, TF_MESSAGE, TF_STATIC, Transforms
from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.datasets.sources import BagFrame, Frame
from segnet_model.driving import CameraPose
from segnet_model.driving.pose import pose_matrices
from segnet_model.driving.settings import GroundSettings

MOST_FIXED, MOST_TRIED = 10_000, 1000  # messages of fixed and of moving transforms
GIVE = "; name a frame of the robot with --base-frame, or give --camera-height"


class Mounting:
    """The pose of a camera in the robot's frame while its recording is read.

    Attributes:
        ground: size of the grid, and the camera's pose where that is given.
    """

    def __init__(self, bag: BagReader, ground: GroundSettings, base_frame: str) -> None:
        """Read the fixed transforms, which images before them get too.

        Args:
            bag: the recording.
            ground: its camera_height is 0 where the pose comes from tf.
            base_frame: the robot's frame, whose x and y lie on the ground.
        """
        self.ground, self._base = ground, base_frame
        self._given = ground.pose if ground.camera_height else None
        self._transforms = Transforms() if self.is_given else fixed_transforms(bag)

    @property
    def is_given(self) -> bool:
        """Whether options give the pose."""
        return self._given is not None

    def check(self, bag: BagReader, topic: str) -> None:
        """Raise SettingsError where no pose is given and the bag's tf can have none.

        Args:
            bag: the recording.
            topic: of its images.
        """
        if self.is_given:
            return
        if not has_transforms(bag):
            raise SettingsError(f"bag {bag.path} has no transforms on {TF} or {TF_STATIC}{GIVE}")
        tried = fixed_transforms(bag)
        tried.read(islice(bag.messages(TF), MOST_TRIED) if _has(bag, TF) else ())
        try:
            tried.check(self._base, _frame_id(bag, topic))
        except SettingsError as error:
            raise SettingsError(f"bag {bag.path}: {error}{GIVE}") from None

    def check_fixed(self, bag: BagReader, topic: str) -> None:
        """Raise SettingsError where the pose may change; arguments as of `check`, which passed."""
        if not (self.is_given or self._transforms.is_connected(self._base, _frame_id(bag, topic))):
            raise SettingsError(
                f"bag {bag.path} has the camera's pose in {self._base} on {TF} only, where it may "
                f"move, and a pose that is fixed is needed{GIVE}"
            )

    def read(self, messages: Sequence[RawMessage]) -> None:
        """Add the transforms of messages of any topic."""
        if not self.is_given:
            self._transforms.read(messages)

    def pose(self, frame: Frame) -> CameraPose:
        """The pose of the camera that took a frame; SettingsError where tf has none."""
        if self._given is not None:
            return self._given
        found = self._transforms.find(self._base, camera_frame(frame), frame.stamp_ns)
        return CameraPose.from_transform(found.translation.tolist(), found.rotation.tolist())

    def with_one_inverse(self, frame: Frame) -> Iterator[tuple[str, str, Transform]]:
        """Poses of the camera if a transform were its inverse; see `Transforms`."""
        if not self.is_given:
            yield from self._transforms.with_one_inverse(self._base, camera_frame(frame))

    def is_known(self, frame: Frame) -> bool:
        """Whether the pose at a frame's stamp itself is known, not only one near it."""
        if self.is_given:
            return True
        return self._transforms.exact(self._base, camera_frame(frame), frame.stamp_ns) is not None


def has_transforms(bag: BagReader) -> bool:
    """Whether a bag has messages of tf."""
    return _has(bag, TF) or _has(bag, TF_STATIC)


def _has(bag: BagReader, topic: str) -> bool:
    return has_type(bag, topic, TF_MESSAGE)


def has_type(bag: BagReader, topic: str, kind: str) -> bool:
    """Whether a bag has messages of a type on a topic."""
    info = bag.topics.get(topic)
    return info is not None and info.type == kind and info.count > 0


def fixed_transforms(bag: BagReader) -> Transforms:
    """The first of a bag's fixed transforms."""
    found = Transforms()
    if _has(bag, TF_STATIC):
        # The first of each frame replaces those that come later.
        found.read(reversed(list(islice(bag.messages(TF_STATIC), MOST_FIXED))))
    return found


def fixed_pose(bag: BagReader, base: str, frame: str) -> np.ndarray | None:
    """The pose (4, 4) of a frame in another by a bag's fixed transforms; None without one."""
    found = fixed_transforms(bag).exact(base, frame, 0) if frame else None
    return None if found is None else pose_matrices(found.translation, found.rotation)


def _frame_id(bag: BagReader, topic: str) -> str:
    """The frame of a bag's first whole image; empty without one."""
    for raw in bag.messages(topic):
        try:
            return str(parse(raw).header.frame_id)
        except ImageError:
            continue
    return ""


def camera_frame(frame: Frame) -> str:
    """The frame_id of a recording's image."""
    assert isinstance(frame, BagFrame)
    return str(frame.message.header.frame_id)
