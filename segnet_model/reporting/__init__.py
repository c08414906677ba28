"""An evaluation as one page for people, and as plain values for scripts."""

from segnet_model.reporting.facts import Circumstances, describe
from segnet_model.reporting.html import render
from segnet_model.reporting.worst import WorstFrames

__all__ = ["Circumstances", "WorstFrames", "describe", "render"]
