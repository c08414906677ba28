"""Curves for people; needs the extra `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.calibration import CONFIDENCE_BINS
from segnet_model.checkpoint import whole_file
from segnet_model.evaluation import Assessment
from segnet_model.extras import need

SHARES = np.linspace(0.02, 1, 50)


def write_uncertainty(path: Path, assessment: Assessment) -> None:
    """Draw whether the network is as sure as it is right, as a PNG.

    Args:
        path: of the PNG.
        assessment: what was measured.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    need("matplotlib", "train")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = 3 if assessment.curve else 2
    figure = Figure(figsize=(5 * panels, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, panels)
    _reliability(axes[0], assessment)
    _most_certain(axes[1], assessment)
    if assessment.curve:
        _samples(axes[2], assessment)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)


def _reliability(axes: Any, assessment: Assessment) -> None:
    reliability = assessment.uncertainty.reliability
    seen = reliability.count > 0
    width = 1 / CONFIDENCE_BINS
    centres = (np.arange(CONFIDENCE_BINS) + 0.5) * width
    accuracy = reliability.right[seen] / reliability.count[seen]
    share = reliability.count[seen] / reliability.count.sum()
    axes.bar(centres[seen], accuracy, 0.92 * width, color="tab:blue", label="accuracy")
    axes.bar(centres[seen], share, 0.4 * width, color="tab:orange", label="share of the pixels")
    axes.plot([0, 1], [0, 1], "k--", linewidth=1, label="as sure as right")
    axes.set(
        title=f"Expected calibration error {100 * reliability.expected_error:.1f} %",
        xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1),
    )  # fmt: skip
    axes.legend(loc="upper left")


def _most_certain(axes: Any, assessment: Assessment) -> None:
    for name, detector in assessment.uncertainty.detectors.items():
        accuracy = [100 * detector.accuracy_of_most_certain(share) for share in SHARES]
        label = f"{name.replace('_', ' ')}, AUROC {detector.auroc:.3f}"
        axes.plot(100 * SHARES, accuracy, label=label)
    axes.set(
        title="Wrong pixels are the unsure ones, if this falls to the right",
        xlabel="% of the pixels, surest first", ylabel="accuracy, %", xlim=(0, 100),
    )  # fmt: skip
    axes.title.set_fontsize(10)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")


def _samples(axes: Any, assessment: Assessment) -> None:
    counts = sorted(assessment.curve)
    axes.plot(counts, [100 * assessment.curve[t].mean_iou for t in counts], "o-")
    axes.set(title="More samples", xlabel="Monte Carlo samples", ylabel="mIoU, %")
    axes.grid(alpha=0.3)
