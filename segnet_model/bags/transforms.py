"""tf of a recording: the pose of one frame in another at a time, looked up as tf2 does."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from segnet_model.bags.images import RawMessage, parse
from segnet_model.bags.poses import IDENTITY, Transform
from segnet_model.base.errors import ImageError, SettingsError
from segnet_model.base.listed import join_first
from segnet_model.base.rejected import Rejected
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.pose import LENGTH
from segnet_model.driving.way import JUMP, MAX_AGE, MAX_GAP

TF, TF_STATIC = "/tf", "/tf_static"
TF_MESSAGE = "tf2_msgs/msg/TFMessage"
WINDOW_NS = 10 * NANOSECONDS  # for which samples are kept, as in tf2
MAX_FRAMES, MAX_SAMPLES, MAX_LISTED = 1000, 2000, 20  # samples of each frame
MAX_PARENTS = 5  # of a frame, that are told
logger = logging.getLogger(__name__)


@dataclass
class _Samples:
    """Poses of a frame in its parent, by rising stamps; a fixed one has a single sample.

    Attributes:
        fixed: whether the frame never moves.
        max_gap: seconds between two samples, which a pose in between is taken from.
        stamps: nanoseconds.
        poses: the parent, and the pose in it.
        parents: of all samples, but for those beyond a few.
    """

    fixed: bool
    max_gap: float
    stamps: list[int] = field(default_factory=list)
    poses: list[tuple[str, Transform]] = field(default_factory=list)
    parents: dict[str, None] = field(default_factory=dict)

    def add(self, stamp: int, parent: str, pose: Transform) -> None:
        if len(self.parents) < MAX_PARENTS:
            self.parents[parent] = None
        if self.fixed or (self.stamps and stamp < self.stamps[-1] - JUMP * NANOSECONDS):
            self.stamps, self.poses = [], []  # replaced, or begun again
        place = bisect_right(self.stamps, stamp)
        self.stamps.insert(place, stamp)
        self.poses.insert(place, (parent, pose))
        old = bisect_left(self.stamps, self.stamps[-1] - WINDOW_NS)
        old = max(old, len(self.stamps) - MAX_SAMPLES)
        del self.stamps[:old], self.poses[:old]

    def at(self, stamp: int) -> tuple[str, Transform] | None:
        """Parent and pose at a time; None before the first and after the last sample."""
        if self.fixed:
            return self.poses[-1]
        after = bisect_left(self.stamps, stamp)
        if after < len(self.stamps) and self.stamps[after] == stamp:
            return self.poses[after]
        if not 0 < after < len(self.stamps):
            return None
        (parent, first), (other, second) = self.poses[after - 1], self.poses[after]
        if parent != other:
            return parent, first
        begin, end = self.stamps[after - 1], self.stamps[after]
        if end - begin > self.max_gap * NANOSECONDS:
            return None
        return parent, first.towards(second, (stamp - begin) / (end - begin))


class Transforms:
    """The transforms of a recording up to the place where it is read.

    Attributes:
        ignored: transforms that tf2 would ignore too, by reason.
    """

    def __init__(self) -> None:
        """Know none."""
        self._frames: dict[str, _Samples] = {}
        self.ignored = Rejected()

    def read(self, messages: Iterable[RawMessage]) -> None:
        """Add the transforms of messages of any topic."""
        for raw in messages:
            if raw.topic in (TF, TF_STATIC) and raw.type == TF_MESSAGE:
                try:
                    message = parse(raw)
                except ImageError as error:
                    self._ignore(raw.topic, error)
                    continue
                for each in message.transforms:
                    pose = each.transform
                    self._add(each, raw.topic, pose.translation, pose.rotation)

    def read_odometry(self, messages: Iterable[RawMessage]) -> None:
        """Add the poses of nav_msgs/Odometry; there is none within a gap, as in the node."""
        for raw in messages:
            try:
                message = parse(raw)
            except ImageError as error:
                self._ignore(raw.topic, error)
                continue
            pose = message.pose.pose
            self._add(message, raw.topic, pose.position, pose.orientation, MAX_GAP)

    def _add(
        self, stamped: Any, topic: str, place: Any, rotation: Any, max_gap: float = inf
    ) -> None:
        child, parent = _name(stamped.child_frame_id), _name(stamped.header.frame_id)
        stamp = stamped.header.stamp.sec * NANOSECONDS + stamped.header.stamp.nanosec
        try:
            if stamp < 0 and topic != TF_STATIC:  # no image has such a time
                raise SettingsError(f"the stamp of {child} in {parent} is negative")
            pose = _read_pose(place, rotation, child, parent)
            if child not in self._frames and len(self._frames) >= MAX_FRAMES:
                raise SettingsError(f"there are more than {MAX_FRAMES} frames")
        except SettingsError as error:
            self._ignore(topic, error)
            return
        samples = self._frames.setdefault(child, _Samples(topic == TF_STATIC, max_gap))
        samples.add(stamp, parent, pose)

    def _ignore(self, topic: str, error: Exception) -> None:
        if self.ignored.add(error):
            logger.warning("a transform on %s is ignored: %s", topic, error)

    def __bool__(self) -> bool:
        return bool(self._frames)

    def is_connected(self, base: str, frame: str) -> bool:
        """Whether two frames are in one tree, at any time."""
        return not set(self._parents(_name(base))).isdisjoint(self._parents(_name(frame)))

    def exact(self, base: str, frame: str, stamp: int) -> Transform | None:
        """The pose of a frame in a base at a time in nanoseconds; None where it is not known."""
        to_base = dict(self._upward(_name(base), lambda each: each.at(stamp)))
        for ancestor, pose in self._upward(_name(frame), lambda each: each.at(stamp)):
            if ancestor in to_base:
                return to_base[ancestor].inverse().after(pose)
        return None

    def find(self, base: str, frame: str, stamp: int) -> Transform:
        """The pose of a frame in a base at a time, or else the newest if that is near.

        Args:
            base: the frame in which the pose is given, e.g. "base_link".
            frame: e.g. "camera_optical_frame".
            stamp: nanoseconds.

        Raises:
            SettingsError: there is none.
        """
        base, frame = _name(base), _name(frame)
        self.check(base, frame)
        if (found := self.exact(base, frame, stamp)) is not None:
            return found
        newest = self._newest_common(base, frame)
        found = self.exact(base, frame, newest)
        if found is None or abs(stamp - newest) > MAX_AGE * NANOSECONDS:
            raise SettingsError(
                f"no transform from {frame} to {base} within {MAX_AGE} s of the image's stamp was "
                "recorded; check the clocks of the machines, and that its publisher ran"
            )
        return found

    def check(self, base: str, frame: str) -> None:
        """Raise SettingsError, with the frames that there are, where two are not connected."""
        base, frame = _name(base), _name(frame)
        if not frame:
            raise SettingsError("the images have no frame_id")
        if not self.is_connected(base, frame):
            _, *above = self._parents(frame)
            known = f"; it is below {join_first(above, MAX_LISTED)}" if above else ""
            raise SettingsError(
                f"{TF} and {TF_STATIC} have no way from {frame} to {base}{known}"
                f"{self._faults(base, frame)}"
            )
        self.check_circle(base, frame)

    def check_circle(self, base: str, frame: str) -> None:
        """Raise SettingsError where a circle of transforms is between two connected frames."""
        base, frame = _name(base), _name(frame)
        down, up = self._between(base, frame)
        if not {*down, *up}.isdisjoint(circle := self._circle(frame) or self._circle(base)):
            raise SettingsError(
                f"{TF} and {TF_STATIC} give no pose of {frame} in {base}: {_in_circle(circle)}"
            )

    def with_one_inverse(self, base: str, frame: str) -> Iterator[tuple[str, str, Transform]]:
        """The pose of a frame in a base if one of the transforms between were its inverse.

        Yields:
            Parent and child of that transform, and the pose, by the newest samples.
        """
        down, up = self._between(_name(base), _name(frame))
        for each in (*down, *up):
            parent, _ = self._frames[each].poses[-1]
            yield parent, each, self._product(up, each).inverse().after(self._product(down, each))

    def _product(self, frames: Sequence[str], inverse: str) -> Transform:
        pose = IDENTITY
        for each in frames:
            _, edge = self._frames[each].poses[-1]
            pose = (edge.inverse() if each == inverse else edge).after(pose)
        return pose

    def _faults(self, base: str, frame: str) -> str:
        """Faults of the tree above two frames, one of which may keep them apart."""
        if circle := self._circle(frame) or self._circle(base):
            return f"; {_in_circle(circle)}"
        above = {*self._parents(frame), *self._parents(base)}
        for name, each in self._frames.items():
            if len(each.parents) > 1 and not above.isdisjoint((name, *each.parents)):
                return (
                    f"; {name} has several parents, {join_first(list(each.parents), MAX_LISTED)}: "
                    "one of these transforms is too much, or its parent and child are exchanged"
                )
        return ""

    def _circle(self, frame: str) -> list[str]:
        """The frames of a circle above a frame; empty without one."""
        above = list(self._parents(frame))
        last = self._frames.get(above[-1])
        return above[above.index(last.poses[-1][0]) :] if last else []

    def _between(self, base: str, frame: str) -> tuple[list[str], list[str]]:
        """The frames from each of two to the common one above, which is left out."""
        down, up = list(self._parents(frame)), list(self._parents(base))
        common = next(each for each in down if each in up)
        return down[: down.index(common)], up[: up.index(common)]

    def _newest_common(self, base: str, frame: str) -> int:
        """The newest time for which all transforms between two frames of one tree are known."""
        down, up = self._between(base, frame)
        samples = [self._frames[each] for each in (*down, *up)]
        return min((each.stamps[-1] for each in samples if not each.fixed), default=0)

    def _parents(self, frame: str) -> Iterator[str]:
        """A frame and all frames above it, by the newest samples."""
        return (name for name, _ in self._upward(frame, lambda each: each.poses[-1]))

    def _upward(
        self, frame: str, sample: Callable[[_Samples], tuple[str, Transform] | None]
    ) -> Iterator[tuple[str, Transform]]:
        """A frame and those above it, each with the pose of the first in it."""
        pose, seen = IDENTITY, {frame}
        yield frame, pose
        while (found := self._frames.get(frame)) and (edge := sample(found)):
            frame, pose = edge[0], edge[1].after(pose)
            if frame in seen:  # a loop, which tf2 refuses too
                return
            seen.add(frame)
            yield frame, pose


def _name(frame: str) -> str:
    """A frame's name without the slash of ROS 1."""
    return frame.removeprefix("/")


def _in_circle(circle: Sequence[str]) -> str:
    return (
        f"the transforms of {join_first(circle, MAX_LISTED)} lead in a circle, which has no root; "
        "in one of them, parent and child are exchanged"
    )


def _read_pose(t: Any, q: Any, child: str, parent: str) -> Transform:
    """Read a position and a quaternion; SettingsError where tf2 would ignore them."""
    translation, rotation = np.array([t.x, t.y, t.z]), np.array([q.x, q.y, q.z, q.w])
    if not child or not parent or child == parent:
        raise SettingsError(f"frame {child!r} has the parent {parent!r}")
    if not np.isfinite([*translation, *rotation]).all():
        raise SettingsError(f"the pose of {child} in {parent} is not finite")
    length = float(np.linalg.norm(rotation))
    if abs(length - 1) > LENGTH:
        raise SettingsError(f"the rotation of {child} in {parent} is no quaternion of length 1")
    return Transform(translation, rotation / length)
