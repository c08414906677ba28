"""A camera of 160x120 pixels whose images are black, for nodes that see one class in any image."""

from __future__ import annotations

from array import array

from sensor_msgs.msg import CameraInfo, Image

WIDTH, HEIGHT, FOCAL = 160, 120, 120.0
K = [FOCAL, 0.0, 79.5, 0.0, FOCAL, 59.5, 0.0, 0.0, 1.0]


def image(seconds=0):
    message = Image(height=HEIGHT, width=WIDTH, encoding="mono8", step=WIDTH)
    message.data = array("B", bytes(HEIGHT * WIDTH))
    message.header.stamp.sec, message.header.frame_id = seconds, "camera_optical"
    return message


def info():
    return CameraInfo(height=HEIGHT, width=WIDTH, k=K, distortion_model="plumb_bob", d=[0.0] * 5)
