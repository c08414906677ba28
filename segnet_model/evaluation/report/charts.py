"""Charts of the page: curves and bars in the units of an SVG, which the template draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from segnet_model.evaluation.report.rows import number, percent

WIDTH, HEIGHT = 420, 300  # of the plot itself, in the SVG's units
BAR = 0.9 / 15  # of the width: a bin of confidence with a gap


@dataclass(frozen=True)
class Line:
    """A curve of a network, with the index of its dash pattern."""

    network: int
    dash: int
    label: str
    points: tuple[tuple[float, float], ...]  # in the SVG's units
    dots: bool = False


@dataclass(frozen=True)
class Bar:
    """A bar on the x axis."""

    network: int
    x: float
    y: float
    width: float
    height: float


@dataclass
class Chart:
    """A plot of the size `WIDTH` x `HEIGHT`."""

    title: str  # above the chart
    note: str  # how to read it
    x_label: str  # with the unit
    y_label: str  # with the unit
    x: tuple[float, float]  # least and greatest value
    y: tuple[float, float]  # least and greatest value, upwards
    diagonal: bool = False  # whether to draw the line x = y
    lines: list[Line] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Position of a point in the SVG, whose y axis points down."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return round(across * WIDTH, 1), round((1 - up) * HEIGHT, 1)

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        """Positions and texts below the plot."""
        return [(self.at(value, self.y[0])[0], f"{value:g}") for value in _ticks(*self.x)]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        """Positions and texts beside the plot."""
        return [(self.at(self.x[0], value)[1], f"{value:g}") for value in _ticks(*self.y)]

    def draw(
        self,
        network: int,
        label: str,
        points: Sequence[tuple[float, float | None]],
        dash: int = 0,
        dots: bool = False,
    ) -> None:
        """Add a curve; points without a value are left out."""
        placed = tuple(self.at(x, y) for x, y in points if y is not None)
        self.lines.append(Line(network, dash, label, placed, dots))


def charts(networks: Sequence[dict[str, Any]]) -> list[Chart]:
    """Charts of one or two networks, from the figures of `evaluation.json`."""
    drawn = [_reliability(networks), _surest(networks)]
    return [*drawn, _samples(networks)] if any(_curve_of(each) for each in networks) else drawn


def _reliability(networks: Sequence[dict[str, Any]]) -> Chart:
    chart = Chart(
        "Is it as sure as it is right?",
        "On the dashed line it is. Below it promises too much, above too little. "
        "Bars: share of the pixels.",
        "confidence, %", "accuracy, %", (0, 100), (0, 100), diagonal=True,
    )  # fmt: skip
    width = BAR / len(networks)
    for index, each in enumerate(networks):
        bins = each["reliability"]
        pairs = zip(bins["confidence"], bins["accuracy"], strict=True)
        label = "expected calibration error " + percent(each["ece"])
        chart.draw(index, label, [(100 * x, 100 * y) for x, y in pairs], dots=True)
        for center, pixels in zip(bins["bin"], bins["pixels"], strict=True):
            height = HEIGHT * pixels / sum(bins["pixels"])
            left = WIDTH * (center - BAR / 2 + index * width)
            chart.bars.append(Bar(index, round(left, 1), round(HEIGHT - height, 1),
                                  round(WIDTH * width, 1), round(height, 1)))  # fmt: skip
    return chart


def _surest(networks: Sequence[dict[str, Any]]) -> Chart:
    curves = [
        (index, name, values)
        for index, each in enumerate(networks)
        for name, values in each["surest"].items()
        if name != "share"
    ]
    known = [100 * value for _, _, values in curves for value in values if value is not None]
    chart = Chart(
        "Are the wrong pixels the unsure ones?",
        "Accuracy of the surest pixels: where it falls to the right, doubt finds the errors.",
        "% of the pixels, surest first", "accuracy, %", (0, 100), (_floor(known), 100),
    )  # fmt: skip
    dashes = {name: dash for dash, name in enumerate(dict.fromkeys(name for _, name, _ in curves))}
    for index, name, values in curves:
        shares = networks[index]["surest"]["share"]
        auroc = networks[index]["auroc"][name]
        points = [(100 * x, None if y is None else 100 * y)
                  for x, y in zip(shares, values, strict=True)]  # fmt: skip
        chart.draw(index, f"{name.replace('_', ' ')}, AUROC {number(auroc)}", points, dashes[name])
    return chart


def _samples(networks: Sequence[dict[str, Any]]) -> Chart:
    curves = [_curve_of(each) for each in networks]
    values = [value for curve in curves for _, value in curve if value is not None]
    most = max(count for curve in curves for count, _ in curve)
    top = min(100.0, _floor([max(values, default=0)]) + 5)
    chart = Chart(
        "What do more samples bring?",
        "mIoU after so many passes with dropout.",
        "Monte Carlo samples", "mIoU, %", (0, most), (_floor(values), top),
    )  # fmt: skip
    for index, curve in enumerate(curves):
        chart.draw(index, "mIoU", curve, dots=True)
    return chart


def _curve_of(network: dict[str, Any]) -> list[tuple[int, float | None]]:
    return [
        (int(count), None if miou is None else 100 * miou)
        for count, miou in network["miou_by_samples"].items()
    ]


def _floor(values: Sequence[float]) -> float:
    """Start of an axis: a multiple of 5 below the least value."""
    return max(0.0, min(95.0, 5.0 * (min(values, default=0) // 5)))


def _ticks(low: float, high: float) -> list[float]:
    """At most seven round values from low to high."""
    steps = (0.5, 1, 2, 5, 10, 20, 25, 50)
    step = next((s for s in steps if (high - low) / s <= 6), high - low)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * index for index in range(first, last + 1)]
