"""Procedural drives: a camera moves through a world, and the truth of every pixel is known."""

from segnet_model.scenes.camera.rig import Camera, draw_camera
from segnet_model.scenes.drive import Drive, SceneFrame
from segnet_model.scenes.materials.surfaces import Surfaces
from segnet_model.scenes.plan import Square
from segnet_model.scenes.weather.conditions import Conditions, draw_conditions

__all__ = [
    "Camera",
    "Conditions",
    "Drive",
    "SceneFrame",
    "Square",
    "Surfaces",
    "draw_camera",
    "draw_conditions",
]
