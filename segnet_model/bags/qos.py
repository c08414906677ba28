"""The quality of service that a recorded topic is played back with."""

from __future__ import annotations

from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)

ENDLESS = QosTime(9223372036, 854775807)  # RMW_DURATION_INFINITE


def offered_qos(latched: bool) -> Qos:
    """Of a topic whose last message late subscribers get (latched), or not."""
    # Reliable satisfies every subscriber, best-effort ones too.
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=1 if latched else 10,
        reliability=QosReliability.RELIABLE,
        durability=QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        deadline=ENDLESS,
        lifespan=ENDLESS,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=ENDLESS,
        avoid_ros_namespace_conventions=False,
    )
