"""Listening to a topic in the way in which its publishers speak."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

DEPTH = 50  # frames; for a listener that must miss none while it is busy writing


def matching_qos(node: Node, topic: str) -> QoSProfile:
    """The strictest profile that still hears every present publisher of a topic.

    Reliable and latched where all of them are: a reliable listener does not hear a best-effort
    publisher at all.
    """
    offers = [info.qos_profile for info in node.get_publishers_info_by_topic(topic)]
    reliable = all(offer.reliability == ReliabilityPolicy.RELIABLE for offer in offers)
    return QoSProfile(
        depth=DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=_durability(is_latched(node, topic)),
    )


def is_latched(node: Node, topic: str) -> bool:
    """Whether every present publisher of a topic keeps its last message for late listeners."""
    offers = [info.qos_profile for info in node.get_publishers_info_by_topic(topic)]
    return bool(offers) and all(
        offer.durability == DurabilityPolicy.TRANSIENT_LOCAL for offer in offers
    )


def publisher_qos(latched: bool) -> QoSProfile:
    """A profile that every listener can hear; latched keeps the last message for late ones."""
    return QoSProfile(
        depth=1 if latched else 10,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=_durability(latched),
    )


def _durability(latched: bool) -> DurabilityPolicy:
    return DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
