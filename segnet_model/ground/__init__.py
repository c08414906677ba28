"""From labels in an image to a map of the ground in front of the robot."""

from segnet_model.ground.grid import GridSpec
from segnet_model.ground.lens import Lens
from segnet_model.ground.pose import CameraPose
from segnet_model.ground.projector import GroundProjector

__all__ = ["CameraPose", "GridSpec", "GroundProjector", "Lens"]
