"""Recordings of a robot's way: odometry messages beside those of another bag."""

from __future__ import annotations

from segnet_model.bags.images import parse
from segnet_model.bags.messages import make_header, odometry_message, stamp_ns
from segnet_model.bags.reader import BagReader, BagWriter


def odometry(stamp, pose, frame="odom", child="base_link"):
    """A nav_msgs/Odometry of a (4, 4) pose."""
    return odometry_message(make_header(stamp, frame), child, pose)


def record(bag, source, topics, said):
    """Copy topics of a recording to a new one, and add messages: topic, time and message each."""
    with BagReader(source) as reader, BagWriter(bag) as writer:
        for raw in reader.messages(*topics):
            writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
        for topic, time, message in said:
            writer.write(topic, message, time)
    return bag


def recorded_way(source, topic="/odom"):
    """Receive time, stamp and message of each odometry message of a bag."""
    with BagReader(source) as reader:
        found = [(raw.receive_ns, parse(raw)) for raw in reader.messages(topic)]
    return [(time, stamp_ns(message.header), message) for time, message in found]
