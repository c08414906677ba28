"""How messages travel: profiles, what publishers offer, and why one cannot be heard."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

UNKNOWN = "_NODE_NAME_UNKNOWN_"  # what ROS says until it knows better
DEPTH = 50  # messages; for a listener that must miss none while it is busy writing
OVERRIDABLE = (QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY, QoSPolicyKind.DEPTH)


def profile(reliability: str, depth: int) -> QoSProfile:
    """One that keeps the last messages for nobody who comes later.

    Args:
        reliability: "best_effort" or "reliable".
        depth: messages that wait for a slow reader.
    """
    return QoSProfile(depth=depth, reliability=ReliabilityPolicy[reliability.upper()])


def overrides(node: Node, topic: str, end: str) -> QoSOverridingOptions:
    """What ROS's own parameters change, qos_overrides./segmentation/mask.publisher.depth and so on.

    rclpy keeps the values with which a topic was first made, and would put them over another
    profile that is asked for later; so then only what a person has set is looked up again.

    Args:
        node: has the parameters.
        topic: its name as it is given to the node.
        end: "publisher" or "subscription".
    """
    given = node._parameter_overrides  # nothing public tells a person's values from defaults
    prefix = f"qos_overrides.{node.resolve_topic_name(topic)}.{end}"
    names = {kind: f"{prefix}.{kind.name.lower()}" for kind in OVERRIDABLE}
    return QoSOverridingOptions(
        [kind for kind, name in names.items() if name in given or not node.has_parameter(name)]
    )


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


def mismatch(node: Node, topic: str, kind: str, asked: QoSProfile) -> str:
    """Say which publishers of a topic a subscription cannot hear, why, and the mend.

    Args:
        node: sees the other nodes.
        topic: its full name.
        kind: the subscription's type, "sensor_msgs/msg/Image".
        asked: the subscription's profile.

    Returns:
        A sentence for people; empty where it hears all that there are.
    """
    found = []
    for offer in node.get_publishers_info_by_topic(topic):
        if offer.node_name == UNKNOWN:
            continue  # just discovered; its name comes in a moment
        who = f"{offer.node_namespace.rstrip('/')}/{offer.node_name}"
        if offer.topic_type != kind:
            found.append(
                f"{who} publishes {offer.topic_type} on {topic}, not {kind}; set transport, or "
                "remap the topic"
            )
        elif why := _incompatible(offer.qos_profile, asked):
            found.append(f"{who} on {topic} cannot be heard: {why}")
    return "; ".join(found)


def _incompatible(offered: QoSProfile, asked: QoSProfile) -> str:
    fits, _ = qos_check_compatible(offered, asked)
    if fits != QoSCompatibility.ERROR:
        return ""
    if (offered.reliability, asked.reliability) == (
        ReliabilityPolicy.BEST_EFFORT,
        ReliabilityPolicy.RELIABLE,
    ):
        return "it sends best effort and is asked for reliable; set reliability to best_effort"
    if (offered.durability, asked.durability) == (
        DurabilityPolicy.VOLATILE,
        DurabilityPolicy.TRANSIENT_LOCAL,
    ):
        return "it keeps nothing for who comes later; override its durability with volatile here"
    return "it offers less than is asked for; see qos_overrides"
