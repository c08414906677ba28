"""Rows of the page's tables, from the figures of `evaluation.json`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from segnet_model.labels import LabelSet

Figures = dict[str, Any]
Show = Callable[[float | None, bool], str]  # a figure, or with True a difference
MISTAKES = 8
BY_CLASS = {
    "iou": "IoU",
    "accuracy": "recall",
    "precision": "precision",
    "boundary_f1_by_class": "boundary F1",
}


@dataclass(frozen=True)
class Headline:
    """One figure of the whole split."""

    name: str
    meaning: str
    values: tuple[str, ...]  # of each network
    difference: str = ""
    verdict: str = ""  # "better", "worse" or ""; of the first


@dataclass(frozen=True)
class Cell:
    """A cell of a confusion matrix."""

    true: str
    predicted: str
    pixels: int
    share: float | None  # of the true class's pixels
    hit: bool


@dataclass(frozen=True)
class ClassRow:
    """Figures of a class; values of each network by the names of `BY_CLASS`."""

    name: str
    color: tuple[int, int, int]
    pixels: int
    share: float
    images: int
    values: dict[str, tuple[float | None, ...]]
    differences: dict[str, float | None]


def headlines(networks: Sequence[Figures], differences: Figures | None) -> list[Headline]:
    """Headline figures; the last value of a row is -1 where less is better."""
    table: list[tuple[str, str, Callable[[Figures], float | None], Show, int]] = [
        ("mIoU", "mean over the classes", lambda f: f["miou"], percent, 1),
        ("pixel accuracy", "share of all pixels", lambda f: f["pixel_accuracy"], percent, 1),
        ("class accuracy", "mean recall of the classes", lambda f: f["class_accuracy"], percent, 1),
        ("boundary F1", "do outlines fit?", lambda f: f["boundary_f1"], percent, 1),
        ("ECE", "calibration error; 0 is best", lambda f: f["ece"], percent, -1),
        ("AUROC", "are wrong pixels unsure?", lambda f: f["auroc"]["entropy"], number, 1),
        ("PAvPU", "right and sure, or wrong and unsure", lambda f: f["pavpu"], percent, 1),
        ("drivable area", "share of it that is", lambda f: f["drivable_precision"], percent, 1),
        ("drivable ground", "share in that area", lambda f: f["drivable_recall"], percent, 1),
        ("time", "median of an image", lambda f: f["ms"], milliseconds, -1),
    ]
    return [
        _headline(name, meaning, tuple(show(take(each), False) for each in networks),
                  take(differences) if differences else None, show, sign)
        for name, meaning, take, show, sign in table
    ]  # fmt: skip


def _headline(
    name: str, meaning: str, values: tuple[str, ...], gap: float | None, show: Show, sign: int
) -> Headline:
    if gap is None:
        return Headline(name, meaning, values)
    shown = show(gap, True)
    # A difference that is shown as zero gets no verdict.
    zero = not any(digit in shown for digit in "123456789")
    verdict = "" if zero else "better" if sign * gap > 0 else "worse"
    return Headline(name, meaning, values, shown, verdict)


def class_rows(
    networks: Sequence[Figures], differences: Figures | None, label_set: LabelSet
) -> list[ClassRow]:
    """Rows of the classes, in the order of their ids."""
    first = networks[0]
    whole = max(1, sum(first["pixels"].values()))
    return [
        ClassRow(
            each.name,
            each.color,
            first["pixels"][each.name],
            first["pixels"][each.name] / whole,
            first["images_with"][each.name],
            {name: tuple(figures[name][each.name] for figures in networks) for name in BY_CLASS},
            {name: differences[name][each.name] for name in BY_CLASS} if differences else {},
        )
        for each in label_set.classes
    ]


def matrix(figures: Figures, label_set: LabelSet) -> list[list[Cell]]:
    """Confusion matrix with a row for each true class."""
    rows = []
    for true, counts in zip(label_set.names, figures["confusion"], strict=True):
        pixels = sum(counts)
        rows.append([
            Cell(true, predicted, count, count / pixels if pixels else None, true == predicted)
            for predicted, count in zip(label_set.names, counts, strict=True)
        ])  # fmt: skip
    return rows


def mistakes(cells: list[list[Cell]]) -> list[Cell]:
    """Confusions with the most pixels, the greatest first."""
    wrong = [cell for row in cells for cell in row if not cell.hit and cell.pixels]
    return sorted(wrong, key=lambda cell: -cell.pixels)[:MISTAKES]


def flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested plain values as pairs of a name and a text, without empty ones."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        title = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, dict):
            pairs += flat(value, f"{title}: ")
        elif isinstance(value, list):
            mark = ", " if value and isinstance(value[0], str) else " x "  # names, or a size
            pairs += [(title, mark.join(str(each) for each in value))] if value else []
        elif value not in (None, ""):
            pairs.append((title, str(value)))
    return pairs


def percent(share: float | None, signed: bool = False) -> str:
    """E.g. "58.9 %", or "+1.2" points as a difference; "-" of nothing."""
    if share is None:
        return "-"
    return _signed(100 * share, 1) if signed else f"{100 * share:.1f} %"


def number(value: float | None, signed: bool = False) -> str:
    """E.g. "0.913"."""
    if value is None:
        return "-"
    return _signed(value, 3) if signed else f"{value:.3f}"


def milliseconds(value: float | None, signed: bool = False) -> str:
    """E.g. "23.4 ms"."""
    if value is None:
        return "-"
    return f"{_signed(value, 1) if signed else f'{value:.1f}'} ms"


def grouped(count: int) -> str:
    """E.g. "17 452 800", with spaces that do not break."""
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return text[1:] if not float(text) else text.replace("-", "\N{MINUS SIGN}")
