"""Report of an adaptation: pictures before and after, and every look of the guard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segnet_model.base.marks import MARK
from segnet_model.datasets.folder import spread
from segnet_model.images.files import new_file, write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.pictures.drawing import overlay, panel
from segnet_model.pictures.palette import brightened
from segnet_model.training.adaptation.guard import Signs
from segnet_model.training.adaptation.state import Course

PICTURES = 8
TITLES = ("held-out frame", "before", "after")
SHEET, REPORT = "before_after.png", "report.md"
COLUMNS = ("", "old images", "labeled", "kept", "two views", "entropy", "drift", "freed",
           "drivable", "")  # fmt: skip


def draw(before: Predictor, after: Predictor, frames: Sequence[np.ndarray]) -> np.ndarray:
    """Draw frames (h, w, 3) uint8 RGB with both answers: a sheet (H, W, 3) uint8 RGB."""
    labels, rows = before.info.labels, []
    for index in spread(PICTURES, len(frames)):
        image = frames[index]
        answers = [each.predict(image).labels for each in (before, after)]
        rows.append([image, *(overlay(image, each, labels, 0.6) for each in answers)])
    return panel(rows, TITLES, brightened(labels))


def write_report(
    out: Path, name: str, course: Course, start: Signs, sheet: np.ndarray, steps: int
) -> str:
    """Write `SHEET` and `REPORT` into a folder; returns the outcome in a sentence.

    Args:
        out: folder of the run.
        name: of the recording.
        course: with all looks.
        start: signs of the start.
        sheet: from `draw`.
        steps: of the whole adaptation; three setbacks end it earlier.
    """
    write_png(out / SHEET, sheet)
    summary = outcome(course, steps)
    looks = [{"what": "start", "signs": vars(start), "reasons": []}, *course.looks]
    table = [_row(COLUMNS), _row(["---"] * len(COLUMNS)), *(_line(each, start) for each in looks)]
    text = "\n".join([
        f"# Adaptation to {name}", "", summary, "", *table, "",
        "old images: mIoU on held-back images of what the network knew before. labeled: mIoU on "
        "those of --labeled. The rest is measured on held-out frames. kept: pixels that the start "
        "was sure of and that have the same class. two views: pixels with the same class in a "
        "smaller mirror image. freed: pixels that the start was sure not to be drivable, and that "
        "are now. drivable: share of all pixels.",
        "", f"![before and after]({SHEET})", "", f"<!-- {MARK} -->", "",
    ])  # fmt: skip
    with new_file(out / REPORT) as path:
        path.write_text(text, encoding="utf-8")
    return summary


def outcome(course: Course, steps: int) -> str:
    """What became of the weights, in a sentence or two."""
    parts = []
    if course.share:
        parts.append(f"{course.share:.0%} of the camera's statistics are mixed in")
    if course.accepted_at:
        parts.append(f"the teacher of step {course.accepted_at} of {steps} is kept")
    if not parts:
        parts = ["nothing was better than the start, so the weights are those of the start"]
    if course.setbacks:
        last = next(each for each in reversed(course.looks) if each["reasons"])
        times = "once" if course.setbacks == 1 else f"{course.setbacks} times"
        parts.append(f"steps were taken back {times}, at last since {last['reasons'][0]}")
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def _line(look: dict[str, object], start: Signs) -> str:
    signs = Signs(**look["signs"])  # type: ignore[arg-type]
    labeled = "" if signs.labeled is None else f"{signs.labeled:.3f}"
    reasons = look["reasons"]
    assert isinstance(reasons, list)
    verdict = "taken back: " + "; ".join(reasons) if reasons else ""
    return _row([
        look["what"], f"{signs.old:.3f}", labeled, f"{signs.agreement:.1%}",
        f"{signs.steadiness:.1%}", f"{signs.entropy:.3f}", f"{signs.drift(start):.1%}",
        f"{signs.freed:.2%}", f"{signs.drivable:.1%}", verdict,
    ])  # fmt: skip


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
