"""Messages of tf, written without ROS, and their poses as matrices by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np

from segnet_model.bags.images import RawMessage
from segnet_model.bags.messages import make_header, standard_types

TF_MESSAGE = "tf2_msgs/msg/TFMessage"


def quaternion(axis, angle):
    """(x, y, z, w) of a rotation by an angle in radians about an axis."""
    unit = np.asarray(axis, float) / np.linalg.norm(axis)
    return (*(unit * np.sin(angle / 2)), np.cos(angle / 2))


def matrix(translation, axis, angle):
    """(4, 4) of the same rotation and a translation."""
    found = np.eye(4)
    unit = np.asarray(axis, float) / np.linalg.norm(axis)
    found[:3, :3] = cv2.Rodrigues(unit * angle)[0]
    found[:3, 3] = translation
    return found


def placed(found):
    """Translation and quaternion of a (4, 4) pose."""
    turn = cv2.Rodrigues(np.asarray(found)[:3, :3])[0].ravel()
    angle = np.linalg.norm(turn)
    return found[:3, 3], quaternion(turn if angle else (0, 0, 1), angle)


def transform(parent, child, stamp_ns, translation=(0, 0, 0), rotation=(0, 0, 0, 1)):
    """A geometry_msgs/TransformStamped."""
    types = standard_types().types
    moved = types["geometry_msgs/msg/Vector3"](*map(float, translation))
    turned = types["geometry_msgs/msg/Quaternion"](*map(float, rotation))
    return types["geometry_msgs/msg/TransformStamped"](
        header=make_header(stamp_ns, parent),
        child_frame_id=child,
        transform=types["geometry_msgs/msg/Transform"](translation=moved, rotation=turned),
    )


def tf_message(*transforms):
    """A tf2_msgs/TFMessage."""
    return standard_types().types[TF_MESSAGE](transforms=list(transforms))


def raw_tf(*transforms, topic="/tf", receive_ns=0):
    """The same as a bag has it."""
    data = standard_types().serialize_cdr(tf_message(*transforms), TF_MESSAGE)
    return RawMessage(topic, TF_MESSAGE, receive_ns, bytes(data))
