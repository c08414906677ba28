"""Procedural drives: a camera moves through a world, and the truth of every pixel is known."""

from segnet_model.scenes.drive import Camera, Drive, SceneFrame
from segnet_model.scenes.surfaces import Surfaces

__all__ = ["Camera", "Drive", "SceneFrame", "Surfaces"]
