"""Stamps inside serialized messages, and definitions of message types."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")

from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import String

from segnet_ros.ros.cdr import stamp_of, with_stamp
from segnet_ros.ros.message_types import definitions, has_header, message_class

pytestmark = pytest.mark.ros


def test_the_stamp_alone_is_replaced() -> None:
    image = Image(height=1, width=2, encoding="mono8", step=2, data=b"\1\2")
    image.header.stamp.sec, image.header.stamp.nanosec = 1_700_000_000, 999_999_999
    image.header.frame_id = "camera"
    data = serialize_message(image)
    assert stamp_of(data) == 1_700_000_000_999_999_999
    image.header.stamp.sec, image.header.stamp.nanosec = 5, 7
    assert deserialize_message(with_stamp(data, 5_000_000_007), Image) == image


def test_big_endian_stamps() -> None:
    data = b"\0\0\0\0" + (12).to_bytes(4, "big") + (34).to_bytes(4, "big") + b"rest"
    assert stamp_of(data) == 12_000_000_034
    assert stamp_of(with_stamp(data, 56_000_000_078)) == 56_000_000_078
    assert with_stamp(data, 0).endswith(b"rest")


def test_short_messages_have_no_stamp() -> None:
    assert stamp_of(b"\0\1\0\0abc") == 0
    assert with_stamp(b"\0\1\0\0abc", 9) == b"\0\1\0\0abc"


def test_classes_by_name() -> None:
    assert message_class("sensor_msgs/msg/Image") is Image
    assert message_class("sensor_msgs/msg/NoSuch") is None
    assert message_class("no_such_package/msg/Image") is None
    assert has_header(Image)
    assert not has_header(String)


def test_definitions_follow_the_types_within() -> None:
    known = {"std_msgs/msg/Header"}
    texts = definitions("sensor_msgs/msg/CameraInfo", known.__contains__)
    assert set(texts) == {"sensor_msgs/msg/CameraInfo", "sensor_msgs/msg/RegionOfInterest"}
    assert "distortion_model" in texts["sensor_msgs/msg/CameraInfo"]
    everything = definitions("sensor_msgs/msg/CameraInfo", lambda name: False)
    assert {"std_msgs/msg/Header", "builtin_interfaces/msg/Time"} < set(everything)
    assert definitions("std_msgs/msg/Header", known.__contains__) == {}


@pytest.mark.parametrize("name", ["no_such_package/msg/X", "std_msgs/msg/NoSuch"])
def test_missing_definitions_raise(name: str) -> None:
    with pytest.raises(LookupError, match=f"no definition of {name}"):
        definitions(name, lambda name: False)
