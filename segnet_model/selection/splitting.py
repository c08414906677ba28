"""Which frames of a source a selection learns from, and which it measures on."""

from __future__ import annotations

from segnet_model.base.units import NANOSECONDS
from segnet_model.datasets.extraction.settings import GAP
from segnet_model.datasets.extraction.splits import Neighbours, Rule, all_to, by_time, usual_gap
from segnet_model.datasets.extraction.store import ImageStore
from segnet_model.datasets.sources import Source

VAL_SHARE = 0.2  # of the source, at its end: to measure on


def split_rule(source: Source, store: ImageStore, with_val: bool) -> Rule:
    """A rule from the time of a reception to a split; None is too near to the other split."""
    start, end = source.start_ns, source.end_ns
    apart = round(GAP * NANOSECONDS) if source.timed else 0
    gap = usual_gap(start, end, VAL_SHARE, apart)
    whole = by_time(start, end, VAL_SHARE, gap) if with_val else all_to("train")
    span = range(start, end + 1) if source.wall_clock else range(0)
    return Neighbours(store.times(source, span), apart).keep_apart(whole)
