"""The parameters of the nodes `bag_player` and `bag_recorder`: a table each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from segnet_model.base.choices import STORAGES
from segnet_model.base.errors import SettingsError
from segnet_model.base.options import ABOVE_0, MANY, check_options, option


@dataclass(frozen=True)
class PlayerSettings:
    """Parameters of the player: the recording, its speed, and subscribers to wait for."""

    bag: str = option("", "Recording: a rosbag2 folder, .mcap or .db3 file.")
    topic: str = option("", "Image topic of the bag.", otherwise="the bag's only image topic")
    rate: float = option(
        1.0, "Speed of the playback; 2.0 is twice as fast.", limits=(ABOVE_0, math.inf)
    )
    loop: bool = option(False, "Start again at the end.")
    aside: str = option(
        "", "Namespace whose topics are played below /recorded, because a running node publishes "
        "them too.",
        otherwise="none",
    )  # fmt: skip
    restamp: bool = option(False, "Stamp headers with the time of publication.")
    wait_for: str = option(
        "", "Topic that must carry the stamp of the last image before the next message is played.",
        otherwise="none",
    )  # fmt: skip
    wait_timeout: float = option(
        5.0, "Longest wait in seconds for a stamp on wait_for.", limits=(0.0, math.inf)
    )
    listeners: int = option(
        1, "Number of subscribers to the images before the playback starts.", limits=(0, MANY)
    )
    heard: str = option(
        "", "Output topic that needs a subscriber, for example a recorder, before the playback "
        "starts.",
        otherwise="none",
    )  # fmt: skip
    start_timeout: float = option(
        10.0, "Longest wait in seconds for these subscribers.", limits=(0.0, math.inf)
    )

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        check_options(self)
        if not self.bag:
            raise SettingsError("parameter bag is empty; name the recording: -p bag:=drive")


@dataclass(frozen=True)
class RecorderSettings:
    """Parameters of the recorder: the topics and the bag."""

    out: str = option("", "Bag to write: the path of a new rosbag2 folder.")
    storage: str = option("mcap", "Storage format of the bag.", choices=STORAGES)
    topics: tuple[str, ...] = option((), "Topics to record.", otherwise="every topic below prefix")
    prefix: str = option("/segmentation", "Namespace of the recorded topics.")

    def __post_init__(self) -> None:
        """Refuse what cannot be recorded."""
        check_options(self)
        if not self.out:
            raise SettingsError("parameter out is empty; name the bag: -p out:=drive")
