"""Adoption: ONNX files of other people's networks, given the form and metadata of an export."""

from segnet_model.engines.adoption.adopt import Adopted, adopt
from segnet_model.engines.adoption.forms import Wishes

__all__ = ["Adopted", "Wishes", "adopt"]
