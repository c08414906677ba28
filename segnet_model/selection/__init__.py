"""Which frames of a recording go into a data set, kept so that an interruption loses nothing."""

from segnet_model.selection.choosing import choose_round
from segnet_model.selection.plan import Plan, load_plan
from segnet_model.selection.settings import SelectSettings
from segnet_model.selection.taking import take_round

__all__ = ["Plan", "SelectSettings", "choose_round", "load_plan", "take_round"]
