"""The parameters of the node `segmentation`: one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from segnet_model.base.choices import ENGINES, REFINEMENTS, UNCERTAINTIES
from segnet_ros.ros.parameter_table import CONFIGURE, LIVE, NETWORK, START, setting

RELIABILITIES = ("best_effort", "reliable")
NAME = re.compile(r"[A-Za-z]([A-Za-z0-9]|_(?!_))*")  # as a part of a topic's name may be
MAX_CAMERAS = 16
MAX_SIDE = 8192  # pixels


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

    weights: str = setting(
        "segnet_basic_drives",
        NETWORK,
        "Path of a .safetensors file or an export (.xml, .onnx), or the name of shipped weights.",
    )
    device: str = setting(
        "auto", NETWORK, "Where the network runs: auto (a GPU where there is one), cpu or cuda:0."
    )
    precision: str = setting(
        "auto",
        NETWORK,
        "Number format of the network; auto takes the fastest that the device is made for.",
        choices=("auto", "float32", "bfloat16", "float16"),
    )
    engine: str = setting(
        "auto",
        NETWORK,
        "What runs the network; auto takes the fastest that is installed and right for the file.",
        choices=ENGINES,
    )
    uncertainty: str = setting(
        "none",
        NETWORK,
        "How the network is asked: none asks once; mc asks samples times with dropout; temporal "
        "asks once a frame with dropout and averages over frames. The last two need the weights "
        "of a Bayesian network.",
        choices=UNCERTAINTIES,
    )
    samples: int = setting(
        20, NETWORK, "Passes of uncertainty mc; 8 to 40 are usual.", limits=(1, 1000)
    )
    seed: int = setting(
        0, NETWORK, "Of the dropout masks; the same gives the same.", limits=(0, 2**31 - 1)
    )
    refine: str = setting(
        "none",
        NETWORK,
        "What is done to the network's answer: crf fits its edges to the image's.",
        choices=REFINEMENTS,
    )
    trusted_networks: tuple[str, ...] = setting(
        (),
        NETWORK,
        "Networks from other Python packages, package.module:factory, that weights may name; "
        "[''] trusts none, because naming one imports it.",
    )
    cameras: tuple[str, ...] = setting(
        (),
        CONFIGURE,
        "Names of several cameras that share the network: front listens to front/image and "
        "answers below ~/front. [''] is one camera without a name.",
        fault=_names_fault,
    )
    threads: int = setting(
        0, CONFIGURE, "Processor threads for the network; 0 takes all cores.", limits=(0, 1024)
    )
    transport: str = setting(
        "raw",
        CONFIGURE,
        "Type on the topic image: raw is sensor_msgs/Image, compressed is CompressedImage.",
        choices=("raw", "compressed"),
    )
    reliability: str = setting(
        "best_effort",
        CONFIGURE,
        "Of the image subscription; best_effort hears every publisher, reliable only reliable.",
        choices=RELIABILITIES,
    )
    output_reliability: str = setting(
        "reliable",
        CONFIGURE,
        "Of the outputs; reliable serves every subscriber, best_effort waits for none.",
        choices=RELIABILITIES,
    )
    enabled: bool = setting(
        True, LIVE, "Whether images are looked at at all; ~/set_enabled sets it too."
    )
    max_rate: float = setting(
        0.0,
        LIVE,
        "Images a second of each camera that are looked at, at most; 0.0 takes as many as can be.",
        limits=(0.0, 1000.0),
    )
    output_size: tuple[int, ...] = setting(
        (0, 0),
        LIVE,
        "Width and height of all but the overlay, by nearest neighbour, for example [400, 200] to "
        "match a point cloud; [0, 0] keeps the image's. ~/camera_info fits.",
        fault=_size_fault,
    )
    max_uncertainty: float = setting(
        0.5,
        LIVE,
        "A pixel that is less sure than this is not drivable: 0 (sure) to 1 (no idea).",
        limits=(0.0, 1.0),
    )
    drivable_margin: int = setting(
        0,
        LIVE,
        "Pixels by which the drivable area keeps away from what is not drivable.",
        limits=(0, 1000),
    )
    drivable_min_area: float = setting(
        0.0005,
        LIVE,
        "Share of the image: smaller specks of drivable area vanish, and smaller holes in it are "
        "filled unless the network is sure of what stands there.",
        limits=(0.0, 0.1),
    )
    drivable_classes: tuple[str, ...] = setting(
        (),
        NETWORK,
        "Names of the classes to drive on; [''] takes those that the weights name. Alone they load "
        "no network.",
    )
    overlay_alpha: float = setting(
        0.5,
        LIVE,
        "Share of the classes' colours in the overlay: 0 shows the image alone, 1 the colours.",
        limits=(0.0, 1.0),
    )
    overlay_legend: bool = setting(
        True, LIVE, "Whether the overlay names the classes and outlines the drivable area."
    )
    base_frame: str = setting(
        "base_link",
        LIVE,
        "The robot's frame, on the ground, in which ~/drivable_grid is.",
        fault=lambda name: "" if name else "it is empty; name the robot's frame, as base_link",
    )
    camera_height: float = setting(
        0.0,
        LIVE,
        "Metres of the camera above the ground; 0.0 asks tf for all of where it is mounted.",
        limits=(0.0, 100.0),
    )
    camera_forward: float = setting(
        0.0, LIVE, "Metres of the camera before the robot's frame.", limits=(-100.0, 100.0)
    )
    camera_left: float = setting(
        0.0, LIVE, "Metres of the camera left of the robot's frame.", limits=(-100.0, 100.0)
    )
    camera_pitch: float = setting(
        0.0, LIVE, "Radians by which the camera looks down.", limits=(-1.6, 1.6)
    )
    camera_roll: float = setting(
        0.0, LIVE, "Radians by which the camera leans to its right.", limits=(-3.2, 3.2)
    )
    camera_yaw: float = setting(
        0.0, LIVE, "Radians by which the camera looks to the left.", limits=(-3.2, 3.2)
    )
    rectified: bool = setting(
        False, LIVE, "Whether the images are free of the distortion that camera_info tells of."
    )
    grid_resolution: float = setting(
        0.1, LIVE, "Metres of a side of a cell of ~/drivable_grid.", limits=(0.01, 5.0)
    )
    grid_length: float = setting(
        15.0, LIVE, "Metres that ~/drivable_grid reaches forward.", limits=(0.1, 100.0)
    )
    grid_width: float = setting(
        15.0, LIVE, "Metres of ~/drivable_grid from right to left.", limits=(0.1, 200.0)
    )
    min_rate: float = setting(
        0.5,
        LIVE,
        "Answers a second below which /diagnostics warns; 0.0 never does.",
        limits=(0.0, 1000.0),
    )
    max_latency: float = setting(
        1.0,
        LIVE,
        "Seconds from an image's stamp to its answer above which /diagnostics warns; 0.0 never.",
        limits=(0.0, 3600.0),
    )
    autostart: bool = setting(True, START, "Configure and activate without a lifecycle manager.")
    diagnostics_period: float = setting(
        1.0, START, "Seconds between two messages on /diagnostics.", limits=(0.1, 60.0)
    )
