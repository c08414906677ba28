"""The options of the program `live`: one table."""

from __future__ import annotations

from dataclasses import dataclass

from rclpy.exceptions import InvalidTopicNameException
from rclpy.validate_full_topic_name import validate_full_topic_name

from segnet_model.base.options import check_options, option


def _node_fault(name: str) -> str:
    try:
        validate_full_topic_name(name)  # nodes are named by the same rules
    except InvalidTopicNameException as error:
        return f"{error}; give the full name, as /robot1/segmentation"
    return ""


@dataclass(frozen=True)
class LiveSettings:
    """Options of the page: the node to show, and where to serve."""

    node: str = option(
        "/segmentation", "Full name of the node; the page lists its cameras.",
        metavar="NAME", fault=_node_fault,
    )  # fmt: skip
    host: str = option(
        "127.0.0.1", "Address to listen on; 127.0.0.1 is this computer alone, 0.0.0.0 is every "
        "network that it is in.",
        metavar="ADDRESS",
    )  # fmt: skip
    port: int = option(
        8080, "Port to listen on; 0 is any free one.", limits=(0, 65535), metavar="PORT"
    )
    name: tuple[str, ...] = option(
        (), "Further name by which browsers may call this computer, besides its addresses, its "
        "host name and localhost.",
        metavar="HOST",
    )  # fmt: skip
    max_rate: float = option(
        10.0, "Maximum rate to each browser in Hz.", limits=(0.5, 1000.0), metavar="HZ"
    )

    def __post_init__(self) -> None:
        """Refuse values that cannot be used."""
        check_options(self)
