"""The node's message types, for recordings that are written and read without ROS.

The definitions are those of msg/, vision_msgs 4 and nav2_msgs, without comments; a test compares
those of msg/.
"""

from __future__ import annotations

from functools import cache

from rosbags.typesys import get_types_from_msg
from rosbags.typesys.store import Typestore

from segnet_model.bags.messages import new_types
from segnet_model.inference.outputs import CLASS_MAP, LABEL_INFO, SPEED_LIMIT, STATS

CLASS = "segnet_ros/msg/SegmentationClass"
VISION_CLASS = "vision_msgs/msg/VisionClass"

DEFINITIONS = {
    CLASS: """\
uint8 id
string name
uint8 r
uint8 g
uint8 b
bool drivable
""",
    CLASS_MAP: """\
std_msgs/Header header
segnet_ros/SegmentationClass[] classes
uint8 ignore_id
string network
string weights
string weights_sha256
string license
""",
    STATS: """\
std_msgs/Header header
float32[] class_fractions
float32 drivable_fraction
float32 mean_confidence
float32 mean_uncertainty
float32 place_score
float32 inference_ms
float32 total_ms
float32 latency_ms
uint64 frames_received
uint64 frames_processed
uint64 frames_dropped
uint64 frames_rejected
""",
    SPEED_LIMIT: """\
std_msgs/Header header
bool percentage
float64 speed_limit
""",
    VISION_CLASS: """\
uint16 class_id
string class_name
""",
    LABEL_INFO: """\
std_msgs/Header header
vision_msgs/VisionClass[] class_map
float32 threshold
""",
}


@cache
def node_types() -> Typestore:
    """The standard message types and the node's; shared, so do not add to it."""
    types = new_types()
    for name, text in DEFINITIONS.items():
        types.register(get_types_from_msg(text, name))
    return types
