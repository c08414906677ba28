"""The parameters of the node `bag_player`: one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from segnet_model.base.errors import SettingsError

T = TypeVar("T")


def _parameter(default: T, text: str) -> T:
    chosen: T = field(default=default, metadata={"text": text})
    return chosen


@dataclass(frozen=True)
class Settings:
    """The node's parameters."""

    bag: str = _parameter("", "A rosbag2 folder, .mcap or .db3 file.")
    topic: str = _parameter("", "Of the images in the bag; needed where it has several.")
    rate: float = _parameter(1.0, "Speed; 2.0 plays twice as fast.")
    loop: bool = _parameter(False, "Begin again at the end.")
    aside: str = _parameter(
        "", "Namespace whose topics are played below /recorded, because a node speaks there anew."
    )
    restamp: bool = _parameter(False, "Stamp headers with the time of publication.")
    wait_for: str = _parameter(
        "", "Topic on which the last image's stamp must come back before the next message goes."
    )
    wait_timeout: float = _parameter(5.0, "Seconds to wait for it before playing on without.")
    listeners: int = _parameter(1, "How many must listen to the images before playing begins.")
    heard: str = _parameter(
        "", "Topic of an answer that somebody, a recorder, must listen to before playing begins."
    )
    start_timeout: float = _parameter(10.0, "Seconds to wait for them before playing all the same.")

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if not self.bag:
            raise SettingsError("parameter bag is empty; name the recording: -p bag:=drive")
        if not self.rate > 0:
            raise SettingsError(f"rate {self.rate} must be greater than 0")
