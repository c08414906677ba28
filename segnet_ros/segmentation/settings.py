"""The parameters of the node `segmentation`: one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from segnet_model.base.map_table import MapOptions
from segnet_model.base.options import option
from segnet_model.base.tables import (
    CONFIGURE,
    GRID,
    LIVE,
    NETWORK,
    RELOAD,
    AnswerSettings,
    GroundOptions,
    NetworkSettings,
)
from segnet_ros.ros.parameter_table import START

RELIABILITIES = ("best_effort", "reliable")
NAME = re.compile(r"[A-Za-z]([A-Za-z0-9]|_(?!_))*")  # a part of a topic's name
MAX_CAMERAS = 16
TOPICS, FRAMES, WARNINGS, AT_START = "topics and threads", "frames", "diagnostics", "start"


def _names_fault(names: tuple[str, ...]) -> str:
    bad = [name for name in names if not NAME.fullmatch(name)]
    if bad:
        return f"{bad[0]!r} cannot be a part of a topic; use letters, digits and single underscores"
    if len(set(names)) < len(names):
        return f"two cameras have the same name: {', '.join(names)}; give each its own"
    if len(names) > MAX_CAMERAS:
        return f"{len(names)} cameras; use several nodes, of at most {MAX_CAMERAS} each"
    return ""


@dataclass(frozen=True)
class NodeSettings(MapOptions, GroundOptions, AnswerSettings, NetworkSettings):
    """The parameters of the node, a field each."""

    cameras: tuple[str, ...] = option(
        (),
        "Names of several cameras that share the network: front subscribes to front/image and "
        "publishes below ~/front.",
        applies=CONFIGURE, group=TOPICS,
        otherwise="one camera without a name", fault=_names_fault,
    )  # fmt: skip
    threads: int = option(
        0,
        "Processor threads for the network; 0 is all cores.",
        applies=CONFIGURE, group=TOPICS, limits=(0, 1024),
    )  # fmt: skip
    transport: str = option(
        "raw",
        "Message type of the topic image: raw is sensor_msgs/Image, compressed is "
        "CompressedImage, ffmpeg is FFMPEGPacket of ffmpeg_image_transport.",
        applies=CONFIGURE, group=TOPICS, choices=("raw", "compressed", "ffmpeg"),
    )  # fmt: skip
    reliability: str = option(
        "best_effort",
        "QoS of the image subscription; best_effort accepts every publisher, reliable only "
        "reliable ones.",
        applies=CONFIGURE, group=TOPICS, choices=RELIABILITIES,
    )  # fmt: skip
    output_reliability: str = option(
        "reliable",
        "QoS of the outputs; reliable serves every subscriber, best_effort never waits for one.",
        applies=CONFIGURE, group=TOPICS, choices=RELIABILITIES,
    )  # fmt: skip
    enabled: bool = option(
        True,
        "Process images; the service ~/set_enabled sets it too.",
        applies=LIVE, group=FRAMES,
    )  # fmt: skip
    max_rate: float = option(
        0.0,
        "Maximum rate per camera in Hz; 0.0 is unlimited.",
        applies=LIVE, group=FRAMES, limits=(0.0, 1000.0),
    )  # fmt: skip
    drivable_classes: tuple[str, ...] = option(
        (),
        "Names of the drivable classes. Changing them alone loads no network.",
        applies=RELOAD, group=NETWORK,
        otherwise="the classes that the weights name",
    )  # fmt: skip
    publish_tf: bool = option(
        True,
        "With camera_height, publish the camera's pose on /tf_static, unless another node places "
        "the images' frame or there are several cameras.",
        applies=LIVE, group=GRID,
    )  # fmt: skip
    min_rate: float = option(
        0.5,
        "Output rate in Hz below which /diagnostics warns; 0.0 never warns.",
        applies=LIVE, group=WARNINGS, limits=(0.0, 1000.0),
    )  # fmt: skip
    max_latency: float = option(
        1.0,
        "Latency in seconds, from the image's stamp to its outputs, above which /diagnostics "
        "warns; 0.0 never warns.",
        applies=LIVE, group=WARNINGS, limits=(0.0, 3600.0),
    )  # fmt: skip
    stale: float = option(
        2.0,
        "Time in seconds without an answer after which nothing is drivable: ~/drivable is empty, "
        "grid and map are -1, and /diagnostics says ERROR; not less than two periods of max_rate. "
        "0.0 never.",
        applies=LIVE, group=WARNINGS, limits=(0.0, 3600.0),
    )  # fmt: skip
    autostart: bool = option(
        True,
        "Configure and activate without a lifecycle manager.",
        applies=START, group=AT_START,
    )  # fmt: skip
    diagnostics_period: float = option(
        1.0,
        "Time in seconds between two messages on /diagnostics.",
        applies=START, group=AT_START, limits=(0.1, 60.0),
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Check nothing, because each parameter is checked before it is set."""
