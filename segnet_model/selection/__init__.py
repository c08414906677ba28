"""Selection of the frames that are worth labeling; an interrupted round resumes."""

from segnet_model.selection.round import Round, SelectSettings, load_round, save_round
from segnet_model.selection.selecting import select_round
from segnet_model.selection.writing import write_round

__all__ = ["Round", "SelectSettings", "load_round", "save_round", "select_round", "write_round"]
