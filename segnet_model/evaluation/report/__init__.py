"""Report of an evaluation: a page for people, and plain values for scripts."""

from segnet_model.evaluation.report.facts import Circumstances, describe, map_facts, with_same_means
from segnet_model.evaluation.report.html import render
from segnet_model.evaluation.report.worst import WorstFrames

__all__ = [
    "Circumstances",
    "WorstFrames",
    "describe",
    "map_facts",
    "render",
    "with_same_means",
]
