"""The way of a robot in a recording: from its odometry, from stamped poses or from tf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segnet_model.bags.images import RawMessage, parse
from segnet_model.bags.messages import ODOMETRY, POSE, stamp_ns
from segnet_model.bags.reader import BagReader
from segnet_model.bags.transforms import TF, TF_STATIC, Transforms
from segnet_model.base.errors import BagError, ImageError
from segnet_model.base.rejected import Rejected
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.pose import LENGTH, pose_matrices

ODOM = "odom"  # frame of tf
POSE_COVARIANCE = "geometry_msgs/msg/PoseWithCovarianceStamped"
TYPES = (ODOMETRY, POSE, POSE_COVARIANCE)
MAX_BACK = NANOSECONDS  # by which a stamp may be older than the one before
MAX_WAIT = 2 * NANOSECONDS  # of a stamp for the transforms that are missing at it


@dataclass
class Way:
    """Poses of a robot by time.

    Attributes:
        frames: that in which the poses are, and the robot's; empty where messages name none.
        stamps: nanoseconds, rising.
        poses: translation (3,) in meters and quaternion (4,) x, y, z, w of each.
        received: when each was recorded, nanoseconds: for messages that have no stamp.
        rejected: messages that hold no pose.
    """

    frames: tuple[str, str] = "", ""
    stamps: list[int] = field(default_factory=list)
    poses: list[np.ndarray] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    rejected: Rejected = field(default_factory=Rejected)

    def add(self, stamp: int, values: tuple[float, ...], received: int) -> None:
        """Add a pose of 7 numbers; one that is not newer than the last is left out.

        Args:
            stamp: nanoseconds.
            values: x, y, z in meters, and a quaternion x, y, z, w.
            received: when it was recorded, nanoseconds.

        Raises:
            ImageError: the numbers are no pose.
            BagError: time falls back.
        """
        pose = np.array(values, np.float64)
        length = np.linalg.norm(pose[3:])
        if not np.isfinite(pose).all() or abs(length - 1) > LENGTH:
            raise ImageError(f"{pose.round(3).tolist()} is no pose with a quaternion of length 1")
        if self.stamps and stamp < self.stamps[-1] - MAX_BACK:
            raise BagError(
                f"time falls back by {(self.stamps[-1] - stamp) / NANOSECONDS:.1f} s: two robots "
                "or a replay are on one topic; record each alone"
            )
        if not self.stamps or stamp > self.stamps[-1]:
            pose[3:] /= length
            self.stamps.append(stamp)
            self.poses.append(pose)
            self.received.append(received)

    def matrices(self) -> np.ndarray:
        """The poses as (n, 4, 4) float64."""
        poses = np.reshape(self.poses, (-1, 7))
        return pose_matrices(poses[:, :3], poses[:, 3:])


def read_way(bag: BagReader, topic: str | None, odom: str | None, base: str) -> Way:
    """Read the robot's way.

    Args:
        bag: an open recording.
        topic: Odometry, PoseStamped or PoseWithCovarianceStamped; None takes the only Odometry, or
            else tf.
        odom: the frame in tf that odometry starts in, to take tf without a topic; None stands for
            "odom" where the bag has no Odometry.
        base: the robot's frame.

    Raises:
        BagError: there is no such topic or transform, time falls back, or a message is about
            another frame.
    """
    topic = topic or (None if odom else _only_odometry(bag))
    odom = odom or ODOM
    way = Way(frames=(odom, base))
    if topic is None:
        _read_tf(bag, way)
        source = f"{TF} from {odom} to {base}"
    else:
        bag.check_topic(topic, TYPES)
        _read_topic(bag, topic, way, base)
        source = topic
    if len(way.stamps) < 2:
        faults = f":\n{way.rejected}" if len(way.rejected) else ""
        raise BagError(
            f"bag {bag.path} has no poses of the robot on {source}; name the topic of its odometry "
            f"(Odometry or PoseStamped), or the frames in tf{faults}"
        )
    return way


def _only_odometry(bag: BagReader) -> str | None:
    found = [name for name, info in bag.topics.items() if info.type == ODOMETRY and info.count]
    if len(found) > 1:
        raise BagError(
            f"bag {bag.path} has odometry on several topics; name one: {', '.join(found)}"
        )
    return found[0] if found else None


def _read_topic(bag: BagReader, topic: str, way: Way, base: str) -> None:
    frames: tuple[str, str] | None = None
    for raw in bag.messages(topic):
        try:
            message = parse(raw)
            found = message.header.frame_id, str(getattr(message, "child_frame_id", ""))
            if frames is not None and found != frames:
                raise BagError(
                    f"it is about {frames[1] or 'a robot'} in {frames[0]} and "
                    f"{found[1] or 'another'} in {found[0]}; record each robot alone"
                )
            frames = found
            stamp = stamp_ns(message.header) or raw.receive_ns
            way.add(stamp, _numbers(message.pose), raw.receive_ns)
        except ImageError as error:
            way.rejected.add(error)
        except BagError as error:
            raise BagError(f"{topic} in bag {bag.path}: {error}") from None
    if frames is not None:
        _check_base(topic, *frames, base)
        way.frames = frames[0], frames[1] or base


def _check_base(topic: str, parent: str, frame: str, base: str) -> None:
    base = base.removeprefix("/")
    if frame and parent.removeprefix("/") == base:
        raise BagError(
            f"{topic} gives poses of {frame} in {base}, and the robot is {base}: frame_id and "
            "child_frame_id are exchanged; correct their publisher, or name another source of the "
            "way with --odometry or --odom-frame"
        )
    if frame and frame.removeprefix("/") != base:
        raise BagError(
            f"{topic} is about the frame {frame}, and the camera's pose is given in {base}; name "
            f"the robot's frame: --base-frame {frame}"
        )


def _numbers(pose: Any) -> tuple[float, ...]:
    pose = getattr(pose, "pose", pose)  # within a covariance
    p, q = pose.position, pose.orientation
    return p.x, p.y, p.z, q.x, q.y, q.z, q.w


def _read_tf(bag: BagReader, way: Way) -> None:
    odom, base = way.frames
    transforms, waiting = Transforms(), set[int]()
    topics = [topic for topic in (TF_STATIC, TF) if topic in bag.topics]
    for raw in bag.messages(*topics) if topics else ():
        transforms.read([raw])
        waiting.update(_stamps(raw))
        # A transform between the two frames may come from several nodes, one after the other.
        for stamp in sorted(waiting):
            if (found := transforms.exact(odom, base, stamp)) is not None:
                way.add(stamp, (*found.translation, *found.rotation), raw.receive_ns)
                waiting.discard(stamp)
        waiting = {stamp for stamp in waiting if stamp > max(waiting) - MAX_WAIT}
    if way.stamps and transforms.is_connected(odom, base):
        transforms.check_circle(odom, base)


def _stamps(raw: RawMessage) -> Iterator[int]:
    """The stamps of a message's moving transforms."""
    try:
        message = parse(raw) if raw.topic == TF else None
    except ImageError:
        return
    yield from (stamp_ns(each.header) for each in (message.transforms if message else ()))
