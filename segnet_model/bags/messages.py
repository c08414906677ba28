"""ROS messages of recordings, made and read without ROS.

Their layouts have not changed since ROS 2 Foxy, so one set of definitions reads every bag.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from segnet_model.base.errors import BagError
from segnet_model.base.units import NANOSECONDS
from segnet_model.driving.pose import quaternion

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
POSE = "geometry_msgs/msg/PoseStamped"
ODOMETRY = "nav_msgs/msg/Odometry"
LASER_SCAN = "sensor_msgs/msg/LaserScan"
IMU = "sensor_msgs/msg/Imu"
BOOL, EMPTY = "std_msgs/msg/Bool", "std_msgs/msg/Empty"
FFMPEG_PACKET = "ffmpeg_image_transport_msgs/msg/FFMPEGPacket"
# Types of images, and the transport of the node that receives them.
TRANSPORTS = {IMAGE: "raw", COMPRESSED_IMAGE: "compressed", FFMPEG_PACKET: "ffmpeg"}
FFMPEG_PACKET_FIELDS = """\
std_msgs/Header header
int32 width
int32 height
string encoding
uint64 pts
uint8 flags
bool is_bigendian
uint8[] data
"""


def new_types() -> Typestore:
    """A new copy of the standard message types and of videos' packets, to add other types to."""
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(FFMPEG_PACKET_FIELDS, FFMPEG_PACKET))
    return types


@cache
def standard_types() -> Typestore:
    """The shared copy of the standard message types; never add to it."""
    return new_types()


def stamp_ns(header: Any) -> int:
    """The stamp of a std_msgs/Header in nanoseconds since the epoch."""
    return int(header.stamp.sec) * NANOSECONDS + int(header.stamp.nanosec)


def make_header(stamp: int, frame_id: str) -> Any:
    """A std_msgs/Header with a stamp in nanoseconds since the epoch."""
    seconds, nanoseconds = divmod(int(stamp), NANOSECONDS)
    if not 0 <= seconds < 1 << 31:
        raise BagError(f"stamp {stamp} ns does not fit a ROS header; give 0 to 2**31 seconds")
    types = standard_types().types
    time = types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=nanoseconds)
    return types["std_msgs/msg/Header"](stamp=time, frame_id=frame_id)


def image_message(header: Any, pixels: np.ndarray, encoding: str) -> Any:
    """A sensor_msgs/Image of pixels (H, W) or (H, W, C), rows without padding."""
    data = np.ascontiguousarray(pixels)
    height, width = data.shape[:2]
    return standard_types().types[IMAGE](
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=data[0].nbytes,
        data=data.reshape(-1).view(np.uint8),
    )


def compressed_message(header: Any, data: bytes, image_format: str) -> Any:
    """A sensor_msgs/CompressedImage with a whole "jpeg" or "png" file."""
    return standard_types().types[COMPRESSED_IMAGE](
        header=header, format=image_format, data=np.frombuffer(data, np.uint8)
    )


def camera_info_message(
    header: Any,
    size: tuple[int, int],
    focal: tuple[float, float],
    center: tuple[float, float],
    model: str = "plumb_bob",
    distortion: Sequence[float] = (),
) -> Any:
    """A sensor_msgs/CameraInfo of an image that is not rectified.

    Args:
        header: std_msgs/Header with the camera's optical frame.
        size: (width, height) in pixels.
        focal: (fx, fy) in pixels.
        center: (cx, cy) in pixels.
        model: ROS's name of the distortion model.
        distortion: its coefficients; () means none.
    """
    types = standard_types().types
    (fx, fy), (cx, cy) = focal, center
    region = types["sensor_msgs/msg/RegionOfInterest"](
        x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
    )
    return types[CAMERA_INFO](
        header=header,
        height=size[1],
        width=size[0],
        distortion_model=model,
        d=np.array(distortion or (0.0,) * 5, float),
        k=np.array([fx, 0, cx, 0, fy, cy, 0, 0, 1], float),
        r=np.eye(3).ravel(),
        p=np.array([fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0], float),
        binning_x=0,
        binning_y=0,
        roi=region,
    )


def pose_message(header: Any, matrix: np.ndarray) -> Any:
    """A geometry_msgs/PoseStamped of a (4, 4) matrix in meters, from the body to header's frame."""
    return standard_types().types[POSE](header=header, pose=_pose(matrix))


def odometry_message(header: Any, child: str, matrix: np.ndarray) -> Any:
    """An exact nav_msgs/Odometry of a (4, 4) matrix in meters, from child's to header's frame.

    Its velocity is unknown: zeros with a covariance of -1, as ROS marks what nobody measured.
    """
    types = standard_types().types
    vector = types["geometry_msgs/msg/Vector3"]
    still = types["geometry_msgs/msg/Twist"](
        linear=vector(x=0.0, y=0.0, z=0.0), angular=vector(x=0.0, y=0.0, z=0.0)
    )
    unknown = np.zeros(36)
    unknown[0] = -1
    return types[ODOMETRY](
        header=header,
        child_frame_id=child,
        pose=types["geometry_msgs/msg/PoseWithCovariance"](
            pose=_pose(matrix), covariance=np.zeros(36)
        ),
        twist=types["geometry_msgs/msg/TwistWithCovariance"](twist=still, covariance=unknown),
    )


def _pose(matrix: np.ndarray) -> Any:
    types = standard_types().types
    x, y, z, w = quaternion(np.asarray(matrix, float)[:3, :3])
    px, py, pz = (float(value) for value in matrix[:3, 3])
    return types["geometry_msgs/msg/Pose"](
        position=types["geometry_msgs/msg/Point"](x=px, y=py, z=pz),
        orientation=types["geometry_msgs/msg/Quaternion"](x=x, y=y, z=z, w=w),
    )
