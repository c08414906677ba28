"""Recordings and topics that are whole but not read: why, and how to make one that is."""

from __future__ import annotations

from segnet_model.bags.storage import Storage
from segnet_model.base.errors import BagError
from segnet_model.base.units import NANOSECONDS

MAX_TIME = NANOSECONDS << 31  # the last time that a stamp of ROS can be
MENDS = {
    "ros1": "convert the ROS 1 bag that it was made of: pip install rosbags, then rosbags-convert "
    "--src drive.bag --dst drive",
}
# Types of messages with a part of a video: its name, and the transport that makes images of it.
PACKETS = {
    "theora_image_transport/msg/Packet": ("Theora video", "theora"),
    # Without numbers, a lost packet would not be noticed, and the images after it be wrong.
    "foxglove_msgs/msg/CompressedVideo": ("a video", "foxglove"),
}
MEND = "record topics of ROS 2, or save the images as files or as a video"


def check_storage(storage: Storage) -> None:
    """Raise BagError for a bag without ROS 2, or with impossible times or names."""
    if storage.passed_over and not storage.connections:
        kinds = sorted(set(storage.passed_over.values()))
        mend = next((MENDS[kind] for kind in kinds if kind in MENDS), MEND)
        raise BagError(f"it is no ROS 2 recording: its channels are {', '.join(kinds[:9])}; {mend}")
    if storage.end_ns and not 0 <= storage.start_ns <= storage.end_ns <= MAX_TIME:
        raise BagError(
            f"messages were received at {storage.start_ns} to {storage.end_ns - 1} ns, and times "
            f"of ROS are 0 to {MAX_TIME}: a clock was wrong; leave them out in a copy: sqlite3 "
            f"COPY 'DELETE FROM messages WHERE timestamp NOT BETWEEN 0 AND {MAX_TIME}', or mcap "
            f"filter IN -o COPY --end-nsecs {MAX_TIME}"
        )


def packets_mend(topic: str, kind: str) -> str:
    """What to do with a topic of a video's packets."""
    name, transport = PACKETS[kind]
    return (
        f"holds packets of {name}, which are not read; record its images: ros2 bag play the bag "
        "while these two run: ros2 run image_transport republish --ros-args -p "
        f"in_transport:={transport} -p out_transport:=compressed -r in/{transport}:={topic} -r "
        "out/compressed:=/images/compressed (Humble: republish "
        f"{transport} compressed --ros-args -r ...), and ros2 bag record /images/compressed"
    )
