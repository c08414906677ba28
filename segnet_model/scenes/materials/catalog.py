"""Materials: their natural size, and which thing of a world may be covered by which of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Material:
    """Facts about a material that hold for all its pictures."""

    size: tuple[float, float]  # meters a picture's side may cover
    laid: bool = False  # has joints, courses or boards: lies straight, not at any angle


_LOOSE = Material((0.8, 4.0))
MATERIALS = {
    "Asphalt": _LOOSE,
    "Bark": Material((0.5, 1.5), laid=True),
    "Bricks": Material((0.8, 2.4), laid=True),
    "Concrete": Material((1.5, 4.0), laid=True),
    "CorrugatedSteel": Material((1.0, 3.0), laid=True),
    "Grass": _LOOSE,
    "Gravel": Material((0.8, 3.0)),
    "Ground": _LOOSE,
    "Moss": Material((0.8, 3.0)),
    "PavingStones": Material((0.8, 3.0), laid=True),
    "PineNeedles": Material((0.6, 2.0)),
    "Planks": Material((0.8, 2.5), laid=True),
    "Plaster": Material((1.0, 4.0), laid=True),
    "Road": Material((5.0, 9.0), laid=True),  # with its lines, several meters wide
    "Rock": _LOOSE,
    "Rocks": _LOOSE,
    "RoofingTiles": Material((1.0, 3.0), laid=True),
    "Rust": Material((1.0, 3.0), laid=True),
    "ScatteredLeaves": Material((0.8, 2.5)),
    "Snow": _LOOSE,
    "ThatchedRoof": Material((1.0, 3.0), laid=True),
    "Tiles": Material((0.8, 2.4), laid=True),
    "WoodChips": Material((0.6, 2.0)),
    "WoodSiding": Material((1.0, 3.0), laid=True),
}

# What may cover a thing; a name that stands twice is drawn twice as often. A name that is a class
# of the label set `outdoor` stands for photographs of that class.
COVERS: dict[str, tuple[str, ...]] = {
    "Road": ("Road", "Asphalt", "Asphalt", "Asphalt", "Concrete", "Gravel", "Ground"),
    "Pavement": ("Pavement", "PavingStones", "PavingStones", "Concrete", "Concrete", "Asphalt",
                 "Asphalt", "Tiles", "Bricks"),
    "Path": ("Path", "Gravel", "Gravel", "Ground", "Ground", "Asphalt", "PavingStones",
             "Concrete", "WoodChips", "PineNeedles"),
    "Lawn": ("Grass", "Grass", "Grass", "Moss"),
    "Wall": ("Building", "Bricks", "Bricks", "Plaster", "Concrete", "WoodSiding", "Planks",
             "Rock", "Tiles", "CorrugatedSteel"),
    "Roof": ("RoofingTiles", "RoofingTiles", "RoofingTiles", "ThatchedRoof", "CorrugatedSteel"),
    "Fence": ("Obstacle", "Planks", "WoodSiding", "Rust", "Bricks", "Concrete"),
    "Leaves": ("Vegetation", "Moss", "Grass", "ScatteredLeaves", "Moss"),
}  # fmt: skip

# Classes of `outdoor` whose photographs may lie in a folder; Road and Grass are materials, too.
CLASSES = ("Building", "Path", "Pavement", "RoughGround", "Vegetation", "Obstacle")
