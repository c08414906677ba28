"""Options that the node `segmentation` and several commands share: a table each.

Nothing heavy is imported, so that `--help` and launch files are quick.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segnet_model.base.choices import ENGINES, PRECISIONS, REFINEMENTS, UNCERTAINTIES
from segnet_model.base.class_costs import costs_fault
from segnet_model.base.options import MANY, check_options, option

# When the node uses a new value.
LIVE = "Applies from the next frame on."
RELOAD = (
    "A new value loads a network beside the running one, which is replaced between two frames; if "
    "loading fails, the old value stays."
)
CONFIGURE = "Read when the node is configured; refused from then until it is cleaned up."
NETWORK, DRIVABLE, OVERLAY, GRID = "network", "drivable area", "overlay", "ground grid"
MAX_OUTPUT_SIDE = 8192  # pixels
DEFAULT_WEIGHTS = "segnet_lite_outdoor"  # shipped weights of the node, the demo and the examples
OF_WEIGHTS = -1.0  # as max_uncertainty: the bound of the weights
USUAL_BOUND = 0.5  # of the uncertainty, with weights that have none
IDS_ALONE = (
    "the network answers ids alone and never says how sure it is, so nothing is drivable; set "
    "max_uncertainty to 1 to go by the classes alone, or adopt it with --answers logits"
)
WAYS = {
    "none": "none is one pass",
    "mc": "mc is several passes of a Bayesian network with dropout per frame",
    "temporal": "temporal is one pass of a Bayesian network with dropout, averaged over frames",
    "features": "features is one pass of a calibrated network, compared with the features of its "
    "calibration",
}


def uncertainty_help(names: Iterable[str]) -> str:
    """The help of the option `uncertainty` where it has these choices."""
    ways = "; ".join(WAYS[name] for name in names if name in WAYS)
    return f"Estimate of the uncertainty: {ways}."


def _size_fault(size: tuple[int, ...]) -> str:
    if len(size) != 2 or not (all(0 < side <= MAX_OUTPUT_SIDE for side in size) or size == (0, 0)):
        return (
            f"{list(size)} is no size; give [width, height], each 1 to {MAX_OUTPUT_SIDE}, or [0, 0]"
        )
    return ""


@dataclass(frozen=True)
class NetworkSettings:
    """Which network runs, and how."""

    weights: str = option(
        DEFAULT_WEIGHTS,
        "Weights file (.safetensors), exported network (.xml, .onnx), or name of shipped weights.",
        applies=RELOAD, group=NETWORK,
    )  # fmt: skip
    device: str = option(
        "auto", "Device of the network: auto (a GPU if there is one), cpu, cuda or cuda:1.",
        applies=RELOAD, group=NETWORK,
    )  # fmt: skip
    precision: str = option(
        "auto",
        "Number format of the network; auto is the fastest that the device supports natively.",
        applies=RELOAD, group=NETWORK, choices=PRECISIONS,
    )  # fmt: skip
    engine: str = option(
        "auto",
        "Library that runs the network; auto is the fastest that is installed and supports the "
        "file.",
        applies=RELOAD, group=NETWORK, choices=ENGINES,
    )  # fmt: skip
    uncertainty: str = option(
        "none", uncertainty_help(WAYS), applies=RELOAD, group=NETWORK, choices=UNCERTAINTIES
    )
    samples: int = option(
        20, "Number of passes of uncertainty mc; 8 to 40 are usual.",
        applies=RELOAD, group=NETWORK, limits=(1, 1000),
    )  # fmt: skip
    seed: int = option(
        0, "Random seed of the dropout masks.", applies=RELOAD, group=NETWORK, limits=(0, MANY)
    )
    refine: str = option(
        "none", "Refinement of the labels: crf aligns them with the edges of the image.",
        applies=RELOAD, group=NETWORK, choices=REFINEMENTS,
    )  # fmt: skip
    trusted_networks: tuple[str, ...] = option(
        (),
        "Networks from other Python packages, package.module:factory, that a weights file may "
        "name. Naming one imports it.",
        applies=RELOAD, group=NETWORK, otherwise="none",
        flag="trust", metavar="PACKAGE.MODULE:FACTORY",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_options(self)


@dataclass(frozen=True)
class AnswerSettings:
    """How outputs are made of an answer."""

    max_uncertainty: float = option(
        OF_WEIGHTS, "Highest uncertainty of a drivable pixel: 0 is certain, 1 is a guess.",
        applies=LIVE, group=DRIVABLE, limits=(0.0, 1.0), metavar="U",
        otherwise=f"the bound of the weights from segnet calibrate, or {USUAL_BOUND}",
    )  # fmt: skip
    drivable_min_area: float = option(
        0.0005,
        "Smallest region of the drivable area, as a share of the image. Smaller regions are "
        "removed; smaller holes are filled unless the network is certain of an obstacle there.",
        applies=LIVE, group=DRIVABLE, limits=(0.0, 0.1), flag="min-area", metavar="SHARE",
    )  # fmt: skip
    drivable_margin: int = option(
        0, "Safety margin: pixels removed from the edge of the drivable area.",
        applies=LIVE, group=DRIVABLE, limits=(0, 1000), flag="margin", metavar="PIXELS",
    )  # fmt: skip
    place_check: bool = option(
        True,
        "Check each place: nothing is drivable where the features of the image are unlike those "
        "that the network was taught, by the place score of the weights, or where the images "
        "of the node are upside down or on their side.",
        applies=LIVE, group=DRIVABLE,
    )  # fmt: skip
    overlay_alpha: float = option(
        0.5, "Opacity of the class colors: 0 shows only the image, 1 only the colors.",
        applies=LIVE, group=OVERLAY, limits=(0.0, 1.0),
    )  # fmt: skip
    overlay_legend: bool = option(
        True, "Draw the class names and the outline of the drivable area on the overlay.",
        applies=LIVE, group=OVERLAY,
    )  # fmt: skip
    output_size: tuple[int, ...] = option(
        (0, 0),
        "Width and height in pixels of every output but the overlay, by nearest neighbor; for "
        "example [400, 200] to match a point cloud. ~/camera_info is scaled alike.",
        applies=LIVE, group="frames", otherwise="the size of the image", fault=_size_fault,
        metavar="WIDTH HEIGHT",
    )  # fmt: skip
    base_frame: str = option(
        "base_link", "tf frame of the robot, on the ground; the frame of the ground grid.",
        applies=LIVE, group=GRID, metavar="NAME",
        fault=lambda name: "" if name else "it is empty; name the robot's frame, as base_link",
    )  # fmt: skip
    grid_values: str = option(
        "scale",
        "Values of drivable cells in the ground grid: scale is the cost of their worst pixel, 0 to "
        "99, and trinary is 0. Others are 100, or -1 where they are unknown.",
        applies=LIVE, group=GRID, choices=("scale", "trinary"),
    )  # fmt: skip
    robot_width: float = option(
        1.0, "Width of the way that ~/speed_limit looks at, in meters: the robot's, and a margin.",
        applies=LIVE, group=GRID, limits=(0.01, 100.0), metavar="M",
    )  # fmt: skip
    stopping_distance: float = option(
        3.0,
        "Distance from base_frame in meters within which the robot stops from its top speed. "
        "~/speed_limit is below 100 where less of the way ahead is free.",
        applies=LIVE, group=GRID, limits=(0.1, 100.0), metavar="M",
    )  # fmt: skip
    lowest_speed: float = option(
        10.0,
        "Least ~/speed_limit in percent of the top speed, where the way ahead is not known to be "
        "free. It is more than 0, which Nav2 takes for no limit.",
        applies=LIVE, group=GRID, limits=(1.0, 100.0), metavar="PERCENT",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_options(self)

    def bound(self, of_weights: float) -> float:
        """The highest uncertainty of a drivable pixel, 0 to 1, with the weights' own bound."""
        return of_weights if self.max_uncertainty == OF_WEIGHTS else self.max_uncertainty


@dataclass(frozen=True)
class GroundOptions:
    """Where the camera is on the robot, and which ground is mapped."""

    class_costs: tuple[str, ...] = option(
        (),
        "Costs of driving on classes in the ground grid, as 'Grass:80', in quotes. A class of 0 to "
        "99 is drivable, one of 100 or lethal is not, and unknown leaves its ground -1. Changing "
        "them alone loads no network.",
        applies=RELOAD, group=NETWORK, otherwise="those of the weights; 0 is usual where drivable",
        fault=costs_fault, metavar="CLASS:COST",
    )  # fmt: skip

    camera_height: float = option(
        0.0, "Height of the camera above the ground in meters.",
        applies=LIVE, group=GRID, limits=(0.0, 100.0), metavar="M",
        otherwise="the camera's whole pose comes from tf, where there is one",
    )  # fmt: skip
    camera_forward: float = option(
        0.0, "Distance of the camera in front of base_frame in meters.",
        applies=LIVE, group=GRID, limits=(-100.0, 100.0), metavar="M",
    )  # fmt: skip
    camera_left: float = option(
        0.0, "Distance of the camera to the left of base_frame in meters.",
        applies=LIVE, group=GRID, limits=(-100.0, 100.0), metavar="M",
    )  # fmt: skip
    camera_pitch: float = option(
        0.0, "Downward pitch of the camera in radians.",
        applies=LIVE, group=GRID, limits=(-1.6, 1.6), metavar="RAD",
    )  # fmt: skip
    camera_roll: float = option(
        0.0, "Roll of the camera to its right in radians.",
        applies=LIVE, group=GRID, limits=(-3.2, 3.2), metavar="RAD",
    )  # fmt: skip
    camera_yaw: float = option(
        0.0, "Yaw of the camera to the left in radians.",
        applies=LIVE, group=GRID, limits=(-3.2, 3.2), metavar="RAD",
    )  # fmt: skip
    rectified: bool = option(
        False, "The images are rectified: the distortion of camera_info is already removed.",
        applies=LIVE, group=GRID,
    )  # fmt: skip
    grid_resolution: float = option(
        0.1, "Cell size of the ground grid in meters.",
        applies=LIVE, group=GRID, limits=(0.01, 5.0), metavar="M",
    )  # fmt: skip
    grid_length: float = option(
        15.0, "Length of the ground grid in front of the robot in meters.",
        applies=LIVE, group=GRID, limits=(0.1, 100.0), metavar="M",
    )  # fmt: skip
    grid_width: float = option(
        15.0, "Width of the ground grid in meters.",
        applies=LIVE, group=GRID, limits=(0.1, 200.0), metavar="M",
    )  # fmt: skip
    robot_height: float = option(
        0.5,
        "Height of the robot in meters. Ground below what hangs lower, or may, is not free in the "
        "ground grid; 0 leaves it free.",
        applies=LIVE, group=GRID, limits=(0.0, 10.0), metavar="M",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check_options(self)
