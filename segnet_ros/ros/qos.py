"""QoS: profiles, and publishers whose profile does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from time import monotonic
from typing import Any

from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode
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

from segnet_ros.ros.message_types import type_name

UNKNOWN = "_NODE_NAME_UNKNOWN_"  # of a node that was just discovered
DEPTH = 50  # messages, for a subscriber that must miss none while it is busy writing
OVERRIDABLE = (QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY, QoSPolicyKind.DEPTH)


def profile(reliability: str, depth: int) -> QoSProfile:
    """A volatile profile.

    Args:
        reliability: "best_effort" or "reliable".
        depth: messages that wait for a slow subscriber.
    """
    return QoSProfile(depth=depth, reliability=ReliabilityPolicy[reliability.upper()])


def overrides(node: Node, topic: str, end: str) -> QoSOverridingOptions:
    """Options for ROS's own parameters, qos_overrides./segmentation/mask.publisher.depth and so on.

    rclpy declares them with the first profile of a topic, and would apply that to a later profile
    too; so for a later one only the values that a user has set count.

    Args:
        node: has the parameters.
        topic: its name as it is given to the node.
        end: "publisher" or "subscription".
    """
    given = node._parameter_overrides  # nothing public separates a user's values from defaults
    prefix = f"qos_overrides.{node.resolve_topic_name(topic)}.{end}"
    names = {kind: f"{prefix}.{kind.name.lower()}" for kind in OVERRIDABLE}
    return QoSOverridingOptions(
        [kind for kind, name in names.items() if name in given or not node.has_parameter(name)]
    )


def subscribe(
    node: Node,
    kind: type,
    topic: str,
    call: Callable[[Any], object],
    requested: QoSProfile,
    **how: Any,
) -> Any:
    """Subscribe with a profile that users may override; `how` goes to `create_subscription`."""
    changes = overrides(node, topic, "subscription")
    return node.create_subscription(
        kind, topic, call, requested, qos_overriding_options=changes, **how
    )


def advertise(
    node: LifecycleNode, kind: type, topic: str, offered: QoSProfile, undo: ExitStack
) -> Any:
    """Add a publisher, active while the node is, with a profile that users may override."""
    changes = overrides(node, topic, "publisher")
    publisher = node.create_lifecycle_publisher(
        kind, topic, offered, qos_overriding_options=changes
    )
    undo.callback(node.destroy_lifecycle_publisher, publisher)
    return publisher


def matching_qos(node: Node, topic: str) -> QoSProfile:
    """The strictest profile that is compatible with every present publisher of a topic.

    Reliable and latched where all of them are: a reliable subscriber gets nothing from a
    best-effort publisher.
    """
    offers = [info.qos_profile for info in node.get_publishers_info_by_topic(topic)]
    reliable = all(offer.reliability == ReliabilityPolicy.RELIABLE for offer in offers)
    return QoSProfile(
        depth=DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=_durability(is_latched(node, topic)),
    )


def is_latched(node: Node, topic: str) -> bool:
    """Whether every present publisher of a topic keeps its last message for late subscribers."""
    offers = [info.qos_profile for info in node.get_publishers_info_by_topic(topic)]
    return bool(offers) and all(
        offer.durability == DurabilityPolicy.TRANSIENT_LOCAL for offer in offers
    )


def publisher_qos(latched: bool) -> QoSProfile:
    """A profile for every subscriber; latched keeps the last message for late ones."""
    return QoSProfile(
        depth=1 if latched else 10,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=_durability(latched),
    )


def _durability(latched: bool) -> DurabilityPolicy:
    return DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE


def deliver(publishers: Iterable[Any], timeout: float) -> None:
    """Wait until what reliable publishers sent has arrived, since it is lost with the publisher.

    Args:
        publishers: of rclpy.
        timeout: seconds for all of them together; a subscriber that hangs may never answer.
    """
    end = monotonic() + timeout
    for each in publishers:
        each.wait_for_all_acked(Duration(seconds=max(0.0, end - monotonic())))


def node_name(end: Any) -> str:
    """The full name of the node of a publisher or a subscription, as the ROS graph tells of it."""
    return f"{end.node_namespace.rstrip('/')}/{end.node_name}"


def mismatch(node: Node, topic: str, kind: type, requested: QoSProfile) -> str:
    """The publishers of a topic that a subscription cannot receive from, with reasons and mends.

    Args:
        node: sees the other nodes.
        topic: its full name.
        kind: class of the subscription's messages.
        requested: the subscription's profile.

    Returns:
        Text for users; empty where all publishers fit.
    """
    found, name = [], type_name(kind)
    for offer in node.get_publishers_info_by_topic(topic):
        if offer.node_name == UNKNOWN:
            continue  # its name comes in a moment
        publisher = node_name(offer)
        if offer.topic_type != name:
            found.append(
                f"{publisher} publishes {offer.topic_type} on {topic}, not {name}; set transport, "
                "or remap the topic"
            )
        elif reason := _incompatibility(offer.qos_profile, requested):
            found.append(f"{publisher} on {topic} has another QoS: {reason}")
    return "; ".join(found)


def _incompatibility(offered: QoSProfile, requested: QoSProfile) -> str:
    if qos_check_compatible(offered, requested)[0] != QoSCompatibility.ERROR:
        return ""
    if (offered.reliability, requested.reliability) == (
        ReliabilityPolicy.BEST_EFFORT,
        ReliabilityPolicy.RELIABLE,
    ):
        return "it is best effort, and reliable is requested; set reliability to best_effort"
    if (offered.durability, requested.durability) == (
        DurabilityPolicy.VOLATILE,
        DurabilityPolicy.TRANSIENT_LOCAL,
    ):
        return "it is volatile; override the durability of this subscription with volatile"
    return "it offers less than is requested; see qos_overrides"
