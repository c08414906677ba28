"""Figures of the demo: speed and accuracy."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.labels import LabelSet
from segnet_ros.demo.frames import AnsweredFrame


@dataclass(frozen=True)
class Report:
    """Figures of a demo; those against the truth are None where there is none."""

    frames_in: int
    masks_out: int
    frames_per_second: float
    latency_ms_p50: float  # from the image's stamp to the mask's arrival
    latency_ms_p99: float
    miou: float | None
    drivable_iou: float | None  # classes of the mask that one may drive on
    drivable_topic_iou: float | None  # ~/drivable: of those, what is sure and connected

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def table(self) -> str:
        """The figures, aligned, for people."""
        rows = [
            ("frames in", f"{self.frames_in}", ""),
            ("masks out", f"{self.masks_out}", ""),
            ("frames a second", f"{self.frames_per_second:.1f}", "the recording's pace at most"),
            ("latency p50", f"{self.latency_ms_p50:.0f} ms", "from the image's stamp to its mask"),
            ("latency p99", f"{self.latency_ms_p99:.0f} ms", ""),
        ]
        if self.miou is not None:
            rows += [
                ("mIoU", f"{self.miou:.3f}", "over the classes that occur"),
                ("drivable IoU", f"{self.drivable_iou:.3f}", "drivable classes of ~/mask"),
                ("~/drivable IoU", f"{self.drivable_topic_iou:.3f}", "sure and connected"),
            ]
        return "\n".join(
            f"  {name:<16} {value:>8}  {about}".rstrip() for name, value, about in rows
        )


@dataclass
class Measurement:
    """Takes frames one by one and becomes a report."""

    label_set: LabelSet
    _stamps: list[int] = field(default_factory=list)
    _arrivals: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start with nothing."""
        self._classes = ConfusionMatrix(self.label_set.num_classes, self.label_set.ignore_id)
        self._by_class = ConfusionMatrix(2, 255)
        self._by_topic = ConfusionMatrix(2, 255)

    def add(self, frame: AnsweredFrame) -> None:
        """Count a frame.

        Raises:
            ImageError: mask and truth differ in size.
        """
        self._stamps.append(frame.stamp_ns)
        self._arrivals.append(frame.mask_ns)
        if frame.truth is None:
            return
        self._classes.update(frame.mask, frame.truth)
        # What is drivable is unknown where the class is.
        drivable = self.label_set.drivable.astype(np.uint8)
        drivable[self.label_set.ignore_id] = 255
        self._by_class.update(drivable[frame.mask], drivable[frame.truth])
        self._by_topic.update((frame.drivable > 0).astype(np.uint8), drivable[frame.truth])

    def report(self, frames_in: int, masks_out: int) -> Report:
        """The figures of all frames so far."""
        latency = (np.array(self._arrivals) - np.array(self._stamps)) / 1e6
        p50, p99 = np.percentile(latency, (50, 99)) if len(latency) else (np.nan, np.nan)
        known = self._classes.counts.any()
        return Report(
            frames_in,
            masks_out,
            self._pace(),
            float(p50),
            float(p99),
            self._classes.mean_iou if known else None,
            float(self._by_class.iou[1]) if known else None,
            float(self._by_topic.iou[1]) if known else None,
        )

    def _pace(self) -> float:
        if len(self._arrivals) < 2:
            return float("nan")
        return (len(self._arrivals) - 1) * 1e9 / (self._arrivals[-1] - self._arrivals[0])
