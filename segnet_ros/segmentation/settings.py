"""The parameters of the node `segmentation`: one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from segnet_model.base.choices import ENGINES, REFINEMENTS, UNCERTAINTIES
from segnet_model.base.options import MANY, option
from segnet_ros.ros.parameter_table import CONFIGURE, LIVE, NETWORK, START

RELIABILITIES = ("best_effort", "reliable")
NAME = re.compile(r"[A-Za-z]([A-Za-z0-9]|_(?!_))*")  # as a part of a topic's name may be
MAX_CAMERAS = 16
MAX_SIDE = 8192  # pixels
OF_NETWORK, TOPICS, FRAMES, DRIVABLE, OVERLAY, GRID, WARNINGS, AT_START = (
    "network", "topics and threads", "frames", "drivable area", "overlay", "~/drivable_grid",
    "diagnostics", "start",
)  # fmt: skip


def _names_fault(names: tuple[str, ...]) -> str:
    bad = [name for name in names if not NAME.fullmatch(name)]
    if bad:
        return f"{bad[0]!r} cannot be a part of a topic; use letters, digits and single underscores"
    if len(set(names)) < len(names):
        return f"a name stands twice among {', '.join(names)}; give each camera its own"
    if len(names) > MAX_CAMERAS:
        return f"{len(names)} cameras; share them out over nodes of at most {MAX_CAMERAS}"
    return ""


def _size_fault(size: tuple[int, ...]) -> str:
    if len(size) != 2 or not (all(0 < side <= MAX_SIDE for side in size) or size == (0, 0)):
        return f"{list(size)} is no size; give [width, height], each 1 to {MAX_SIDE}, or [0, 0]"
    return ""


@dataclass(frozen=True)
class Settings:
    """The table: a row for each parameter, and the values of all at one moment."""

    weights: str = option(
        "segnet_basic_drives",
        "Weights file (.safetensors), exported network (.xml, .onnx), or name of shipped "
        "weights.",
        applies=NETWORK, group=OF_NETWORK,
    )  # fmt: skip
    device: str = option(
        "auto",
        "Device of the network: auto (a GPU if there is one), cpu, cuda or cuda:1.",
        applies=NETWORK, group=OF_NETWORK,
    )  # fmt: skip
    precision: str = option(
        "auto",
        "Number format of the network; auto is the fastest that the device supports natively.",
        applies=NETWORK, group=OF_NETWORK,
        choices=("auto", "float32", "bfloat16", "float16"),
    )  # fmt: skip
    engine: str = option(
        "auto",
        "Library that runs the network; auto is the fastest that is installed and supports the "
        "file.",
        applies=NETWORK, group=OF_NETWORK, choices=ENGINES,
    )  # fmt: skip
    uncertainty: str = option(
        "none",
        "Estimate of the uncertainty: none is one pass; mc is several passes with dropout per "
        "frame; temporal is one pass with dropout per frame, averaged over frames. mc and "
        "temporal need weights of a Bayesian network.",
        applies=NETWORK, group=OF_NETWORK, choices=UNCERTAINTIES,
    )  # fmt: skip
    samples: int = option(
        20,
        "Number of passes of uncertainty mc; 8 to 40 are usual.",
        applies=NETWORK, group=OF_NETWORK, limits=(1, 1000),
    )  # fmt: skip
    seed: int = option(
        0,
        "Random seed of the dropout masks.",
        applies=NETWORK, group=OF_NETWORK, limits=(0, MANY),
    )  # fmt: skip
    refine: str = option(
        "none",
        "Refinement of the labels: crf aligns them with the edges of the image.",
        applies=NETWORK, group=OF_NETWORK, choices=REFINEMENTS,
    )  # fmt: skip
    trusted_networks: tuple[str, ...] = option(
        (),
        "Networks from other Python packages, package.module:factory, that a weights file may "
        "name. Naming one imports it.",
        applies=NETWORK, group=OF_NETWORK, otherwise="none",
    )  # fmt: skip
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
        "CompressedImage.",
        applies=CONFIGURE, group=TOPICS, choices=("raw", "compressed"),
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
    output_size: tuple[int, ...] = option(
        (0, 0),
        "Width and height in pixels of every output but the overlay, by nearest neighbor; for "
        "example [400, 200] to match a point cloud. ~/camera_info is scaled alike.",
        applies=LIVE, group=FRAMES,
        otherwise="the size of the image", fault=_size_fault,
    )  # fmt: skip
    max_uncertainty: float = option(
        0.5,
        "Highest uncertainty of a drivable pixel: 0 is certain, 1 is a guess.",
        applies=LIVE, group=DRIVABLE, limits=(0.0, 1.0),
    )  # fmt: skip
    drivable_margin: int = option(
        0,
        "Safety margin: pixels removed from the edge of the drivable area.",
        applies=LIVE, group=DRIVABLE, limits=(0, 1000),
    )  # fmt: skip
    drivable_min_area: float = option(
        0.0005,
        "Smallest region of the drivable area, as a share of the image. Smaller regions are "
        "removed; smaller holes are filled unless the network is certain of an obstacle there.",
        applies=LIVE, group=DRIVABLE, limits=(0.0, 0.1),
    )  # fmt: skip
    drivable_classes: tuple[str, ...] = option(
        (),
        "Names of the drivable classes. Changing them alone loads no network.",
        applies=NETWORK, group=OF_NETWORK,
        otherwise="the classes that the weights name",
    )  # fmt: skip
    overlay_alpha: float = option(
        0.5,
        "Opacity of the class colors: 0 shows only the image, 1 only the colors.",
        applies=LIVE, group=OVERLAY, limits=(0.0, 1.0),
    )  # fmt: skip
    overlay_legend: bool = option(
        True,
        "Draw the class names and the outline of the drivable area on the overlay.",
        applies=LIVE, group=OVERLAY,
    )  # fmt: skip
    base_frame: str = option(
        "base_link",
        "tf frame of the robot, on the ground; the frame of ~/drivable_grid.",
        applies=LIVE, group=GRID,
        fault=lambda name: "" if name else "it is empty; name the robot's frame, as base_link",
    )  # fmt: skip
    camera_height: float = option(
        0.0,
        "Height of the camera above the ground in meters; 0.0 takes the camera's whole pose "
        "from tf.",
        applies=LIVE, group=GRID, limits=(0.0, 100.0),
    )  # fmt: skip
    camera_forward: float = option(
        0.0,
        "Distance of the camera in front of base_frame in meters.",
        applies=LIVE, group=GRID, limits=(-100.0, 100.0),
    )  # fmt: skip
    camera_left: float = option(
        0.0,
        "Distance of the camera to the left of base_frame in meters.",
        applies=LIVE, group=GRID, limits=(-100.0, 100.0),
    )  # fmt: skip
    camera_pitch: float = option(
        0.0,
        "Downward pitch of the camera in radians.",
        applies=LIVE, group=GRID, limits=(-1.6, 1.6),
    )  # fmt: skip
    camera_roll: float = option(
        0.0,
        "Roll of the camera to its right in radians.",
        applies=LIVE, group=GRID, limits=(-3.2, 3.2),
    )  # fmt: skip
    camera_yaw: float = option(
        0.0,
        "Yaw of the camera to the left in radians.",
        applies=LIVE, group=GRID, limits=(-3.2, 3.2),
    )  # fmt: skip
    rectified: bool = option(
        False,
        "The images are rectified: the distortion of camera_info is already removed.",
        applies=LIVE, group=GRID,
    )  # fmt: skip
    grid_resolution: float = option(
        0.1,
        "Cell size of ~/drivable_grid in meters.",
        applies=LIVE, group=GRID, limits=(0.01, 5.0),
    )  # fmt: skip
    grid_length: float = option(
        15.0,
        "Length of ~/drivable_grid in front of the robot in meters.",
        applies=LIVE, group=GRID, limits=(0.1, 100.0),
    )  # fmt: skip
    grid_width: float = option(
        15.0,
        "Width of ~/drivable_grid in meters.",
        applies=LIVE, group=GRID, limits=(0.1, 200.0),
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
