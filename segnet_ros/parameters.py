"""The node's parameters: one table, from which they are declared, judged and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from segnet_model.choices import ENGINES, REFINEMENTS, UNCERTAINTIES

T = TypeVar("T")

# When a new value applies, as `ros2 param describe` tells it.
LIVE = "Applies from the next frame on."
NETWORK = (
    "A new value loads a network beside the one that runs, which goes on until the other is ready; "
    "where that fails, the old value stays."
)
CONFIGURE = "Read when the node is configured; refused from then until it is cleaned up."
START = "Read when the node starts."


def setting(
    default: T,
    applies: str,
    description: str,
    *,
    limits: tuple[float, float] | None = None,
    choices: tuple[str, ...] = (),
) -> T:
    """A row of the table; limits are included, and empty choices allow everything."""
    about = {"applies": applies, "text": description, "limits": limits, "choices": choices}
    row: T = field(default=default, metadata=about)
    return row


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
        choices=("best_effort", "reliable"),
    )
    max_uncertainty: float = setting(
        0.5,
        LIVE,
        "A pixel that is less sure than this is not drivable: 0 (sure) to 1 (no idea).",
        limits=(0.0, 1.0),
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
    autostart: bool = setting(True, START, "Configure and activate without a lifecycle manager.")
    diagnostics_period: float = setting(
        1.0, START, "Seconds between two messages on /diagnostics.", limits=(0.1, 60.0)
    )


TABLE: dict[str, Field[Any]] = {row.name: row for row in fields(Settings)}


def declare(node: Node) -> None:
    """Declare every parameter of the table on a node.

    Raises:
        ParameterException: a value from outside (command line, YAML) is refused.
    """
    declare_table(node, Settings)


def declare_table(node: Node, table: type[Any]) -> None:
    """Declare the rows of any dataclass whose fields are made by `setting`, as `declare` does."""
    rows = [(row.name, _value(row), _descriptor(row)) for row in fields(table)]
    node.declare_parameters("", rows)


def read(node: Node) -> Settings:
    """The values that a node's parameters have now."""
    return read_table(node, Settings)


def read_table(node: Node, table: type[T]) -> T:
    """The same for any table."""
    names = [row.name for row in fields(table)]  # type: ignore[arg-type]
    return table(**{name: _plain(node.get_parameter(name).value) for name in names})


def changed(settings: Settings, changes: Sequence[Parameter]) -> Settings:
    """The settings after these changes; names that are not of the table are let pass."""
    return replace(settings, **{p.name: _plain(p.value) for p in changes if p.name in TABLE})


def of_network(settings: Settings) -> dict[str, Any]:
    """The values that say which network runs and how it is asked, by name."""
    return {
        n: getattr(settings, n) for n, row in TABLE.items() if row.metadata["applies"] == NETWORK
    }


def concern_network(changes: Sequence[Any]) -> bool:
    """Whether any of these parameters or their messages may ask for another network."""
    return any(p.name in TABLE and TABLE[p.name].metadata["applies"] == NETWORK for p in changes)


def judge(parameters: Sequence[Parameter], configured: bool) -> str:
    """Say why new values must be refused.

    Types, limits and read-only are judged by rclpy, from the descriptors, before this is asked.

    Args:
        parameters: the new values; names that are not of the table are let pass.
        configured: whether the node is inactive or active.

    Returns:
        The reason and the mend; empty where all is well.
    """
    reasons = [_judge_one(p, configured) for p in parameters if p.name in TABLE]
    return "; ".join(filter(None, reasons))


def _judge_one(parameter: Parameter, configured: bool) -> str:
    about = TABLE[parameter.name].metadata
    if parameter.type_ == Parameter.Type.NOT_SET:
        return f'{parameter.name} cannot be empty or removed; set it to a value, a list to [""]'
    if about["choices"] and parameter.value not in about["choices"]:
        return f"{parameter.name} {parameter.value!r} is none of {', '.join(about['choices'])}"
    if configured and about["applies"] == CONFIGURE:
        return (
            f"{parameter.name} is read when the node is configured; "
            "deactivate and clean it up, set it, and configure it again"
        )
    return ""


def _value(row: Field[Any]) -> Any:
    # rclpy takes an empty list for one of bytes, and neither YAML nor the command line can write
    # an empty list of texts; so [""] stands for it.
    return list(row.default) or [""] if isinstance(row.default, tuple) else row.default


def _plain(value: Any) -> Any:
    """The opposite of `_value`: lists as tuples, without the empty text that stands for nothing."""
    if isinstance(value, str | bool | int | float):
        return value
    return tuple(item for item in value if item != "")


def _descriptor(row: Field[Any]) -> ParameterDescriptor:
    about = row.metadata
    descriptor = ParameterDescriptor(
        name=row.name,
        description=f"{about['text']} {about['applies']}",
        read_only=about["applies"] == START,
    )
    if about["choices"]:
        descriptor.additional_constraints = f"one of: {', '.join(about['choices'])}"
    if about["limits"] and isinstance(row.default, float):
        low, high = about["limits"]
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    elif about["limits"]:
        low, high = about["limits"]
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
    return descriptor
