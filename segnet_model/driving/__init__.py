"""The drivable mask of an image, and the ground grid in front of the robot."""

from segnet_model.driving.grid import GridSpec
from segnet_model.driving.lens import Lens
from segnet_model.driving.pose import CameraPose
from segnet_model.driving.projector import GroundProjector

__all__ = ["CameraPose", "GridSpec", "GroundProjector", "Lens"]
