"""Pictures of materials, drawn by rule: periodic, and different for each draw."""

from segnet_model.scenes.materials.drawn.table import draw_material

__all__ = ["draw_material"]
