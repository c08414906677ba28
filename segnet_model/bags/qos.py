"""Quality of service of the topics of a recording."""

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
    """The quality of service of a topic, as `ros2 bag play` offers it."""
    # Reliable publishers match every subscriber, best-effort ones too.
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
