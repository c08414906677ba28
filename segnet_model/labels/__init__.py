"""Label sets: names, colors and flags of class ids; and maps from one set to another."""

from segnet_model.labels.label_map import LabelMap, usual_meanings
from segnet_model.labels.label_set import LabelSet, pack_colors
from segnet_model.labels.naming import label_set_of, voc_colors
from segnet_model.labels.numbering import Numbering, numberings
from segnet_model.labels.segmentation_class import MAX_NAME, SegmentationClass

__all__ = [
    "MAX_NAME",
    "LabelMap",
    "LabelSet",
    "Numbering",
    "SegmentationClass",
    "label_set_of",
    "numberings",
    "pack_colors",
    "usual_meanings",
    "voc_colors",
]
