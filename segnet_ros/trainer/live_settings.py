"""The trainer's parameters for learning while the robot drives."""

from __future__ import annotations

from dataclasses import dataclass

from segnet_model.base.options import MANY, check_options, option, option_of
from segnet_model.training.adaptation.settings import AdaptSettings

LIVE = "live"
SEGMENTATION = "segmentation"


@dataclass(frozen=True)
class LiveSettings:
    """The parameters that count where source is live."""

    transport: str = option(
        "raw", "Message type of the images: raw is sensor_msgs/Image, compressed is "
        "CompressedImage, ffmpeg is FFMPEGPacket of ffmpeg_image_transport.",
        choices=("raw", "compressed", "ffmpeg"), group=LIVE,
    )  # fmt: skip
    odometry: str = option(
        "", "Topic of nav_msgs/Odometry, by which frames of many places are kept.",
        otherwise="by their look alone", group=LIVE,
    )  # fmt: skip
    session: str = option(
        "", "Name of this drive; the guard also looks at frames held out of those with others.",
        otherwise="the date, as 2026-11-29", group=LIVE,
    )  # fmt: skip
    buffer_images: int = option(
        500, "Most images in OUT/buffer; up to 80 of them are held out.",
        limits=(100, 2000), group=LIVE,
    )  # fmt: skip
    buffer_mb: int = option(
        300, "Most megabytes of images in OUT/buffer.", limits=(1, MANY), group=LIVE
    )
    threads: int = option(
        1, "Processor threads of a round of learning.", limits=(1, 1024), group=LIVE
    )
    nice: int = option(
        10, "Niceness of a round of learning: 19 yields to all other programs.",
        limits=(0, 19), group=LIVE,
    )  # fmt: skip
    round_every: float = option(
        600.0, "Least time in seconds from one round of learning to the next.",
        limits=(0.0, 1e6), group=LIVE,
    )  # fmt: skip
    round_frames: int = option(
        20, "Least number of new frames in the buffer for a round.", limits=(1, MANY), group=LIVE
    )
    round_steps: int = option(200, "Steps of a round.", limits=(1, MANY), group=LIVE)
    check_every: int = option_of(AdaptSettings, "check_every")
    replay: str | None = option_of(AdaptSettings, "replay")
    worlds: int = option_of(AdaptSettings, "worlds")
    labeled: str | None = option_of(AdaptSettings, "labeled")
    hand_to: str = option(
        SEGMENTATION, "Node that gets weights which the guard calls better, by its parameter "
        "weights; none gets them.",
        group=LIVE,
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Raise SettingsError where a value is out of range."""
        check_options(self)
