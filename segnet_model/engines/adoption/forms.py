"""Forms of a foreign network's input and output, and what a person says about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segnet_model.base.errors import SettingsError
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD, MAX_FACTOR

# Operators that only move or convert the values of an image or of a map.
MOVES = {"Cast", "Transpose", "Identity", "Unsqueeze", "Squeeze", "Reshape", "Resize", "Slice"}

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Wishes:
    """What a person says about a network; None leaves a value to what the graph shows.

    Attributes:
        output: name of the output to use.
        size: (height, width) of the input, in pixels, for a network that takes any.
        layout: of the input, one of `LAYOUTS`.
        color: order of the input's channels, "rgb" or "bgr".
        largest: value of a white channel before the normalization, 1 or 255.
        mean: of red, green and blue, in 0 to `largest`.
        std: of red, green and blue, in 0 to `largest`.
        kind: of the output, one of `ANSWERS`.
    """

    output: str | None = None
    size: tuple[int, int] | None = None
    layout: str | None = None
    color: str | None = None
    largest: float | None = None
    mean: Triple | None = None
    std: Triple | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        largest = MAX_FACTOR / 255  # so that both stay within the metadata's limits in 0 to 1
        if not all(abs(value) < largest for value in self.mean or ()):
            raise SettingsError(f"--mean {self.mean}: give values in the units of --range")
        if not all(1 / largest < value < largest for value in self.std or ()):
            raise SettingsError(f"--std {self.std}: give values above 0, in the units of --range")


@dataclass(frozen=True)
class InputForm:
    """Form of the input.

    Attributes:
        name: in the graph.
        type: of its values, one of TensorProto's.
        size: (height, width) in pixels.
        layout: one of `LAYOUTS`.
        color: "rgb" or "bgr".
        largest: value of a white channel before the normalization, 1 or 255.
        mean: of red, green and blue, in 0 to `largest`.
        std: of red, green and blue, in 0 to `largest`.
    """

    name: str
    type: int
    size: tuple[int, int]
    layout: str = "nchw"
    color: str = "rgb"
    largest: float = 1.0
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD

    @property
    def unit_mean(self) -> Triple:
        """The mean of RGB scaled to 0..1, as in `ModelInfo`."""
        red, green, blue = (value / self.largest for value in self.mean)
        return red, green, blue

    @property
    def unit_std(self) -> Triple:
        """The standard deviation of RGB scaled to 0..1, as in `ModelInfo`."""
        red, green, blue = (value / self.largest for value in self.std)
        return red, green, blue


@dataclass(frozen=True)
class OutputForm:
    """Form of the output.

    Attributes:
        kind: one of `ANSWERS`.
        shape: of the array.
        dtype: of its values.
        channels: the axis with a channel for each class; None for ids.
        binary: one channel stands for two classes, high for the second.
    """

    kind: str
    shape: tuple[int, ...]
    dtype: np.dtype
    channels: int | None
    binary: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the output, in pixels."""
        if self.channels is None:
            sides = [side for side in self.shape if side != 1] or [1, 1]
            if len(sides) != 2:
                sides = list(self.shape[1:3] if self.shape[-1] == 1 else self.shape[-2:])
        else:
            sides = [*self.shape]
            del sides[self.channels]
            sides = sides[-2:]
        return sides[0], sides[1]


@dataclass
class Findings:
    """Facts for people: the value of each, and where it comes from."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, name: str, value: object, source: str) -> None:
        """Add a fact."""
        self.rows.append((name, str(value), source))


def given(wish: object, otherwise: str) -> str:
    """The source of a value that a person may have given."""
    return otherwise if wish is None else "given"


def shape_text(value: Any) -> str:
    """The shape of an onnx.ValueInfoProto, for people."""
    dims = value.type.tensor_type.shape.dim
    return "x".join(str(dim.dim_value or dim.dim_param or "?") for dim in dims) or "of any shape"
