"""A stand-in for tf2_ros, which is not on PyPI: one buffer of direct transforms, one listener.

As tf2's own, the buffer keeps ten seconds of each frame, takes nothing from before them, and keeps
fixed transforms where it is cleared. The listener gets single transforms, since tf2_msgs is not on
PyPI either.
"""

from __future__ import annotations

from geometry_msgs.msg import TransformStamped
from rclpy.time import Time

KEPT = 10 * 10**9  # nanoseconds
TOPIC = "/tf_stand_in"


class TransformException(Exception):  # noqa: N818 - tf2's name
    pass


class Buffer:
    def __init__(self):
        self._moving: dict[tuple[str, str], dict[int, TransformStamped]] = {}
        self._fixed: dict[tuple[str, str], TransformStamped] = {}

    def set_transform(self, transform, authority):
        known = self._moving.setdefault(_frames(transform), {})
        stamp = Time.from_msg(transform.header.stamp).nanoseconds
        newest = max(known, default=stamp)
        if stamp < newest - KEPT:
            return  # TF_OLD_DATA
        known[stamp] = transform
        for old in [each for each in known if each < max(newest, stamp) - KEPT]:
            del known[old]

    def set_transform_static(self, transform, authority):
        self._fixed[_frames(transform)] = transform

    def clear(self):
        self._moving.clear()

    def lookup_transform(self, target, source, time):
        if (target, source) in self._fixed:
            return self._fixed[target, source]
        known = self._moving.get((target, source))
        if not known:
            raise TransformException(f'"{source}" does not exist. ')
        asked = time.nanoseconds or max(known)
        if not min(known) <= asked <= max(known):
            raise TransformException("Lookup would require extrapolation. ")
        return known[max(each for each in known if each <= asked)]


class TransformListener:
    open = 0

    def __init__(self, buffer, node):
        TransformListener.open += 1
        self._buffer, self._node = buffer, node
        if node is not None:
            self._subscription = node.create_subscription(
                TransformStamped,
                TOPIC,
                lambda got: self._buffer.set_transform(got, "stand-in"),
                100,
            )

    def unregister(self):
        TransformListener.open -= 1
        if self._node is not None:
            self._node.destroy_subscription(self._subscription)


def _frames(transform):
    return transform.header.frame_id, transform.child_frame_id


def transform(parent, child, seconds, translation, rotation):
    """A TransformStamped; rotation is a quaternion x, y, z, w."""
    found = TransformStamped(child_frame_id=child)
    found.header.frame_id = parent
    found.header.stamp = Time(nanoseconds=round(seconds * 1e9)).to_msg()
    place, turn = found.transform.translation, found.transform.rotation
    place.x, place.y, place.z = map(float, translation)
    turn.x, turn.y, turn.z, turn.w = map(float, rotation)
    return found
