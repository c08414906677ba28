"""The ids that scenes draw with are those of the label set that maps them."""

from segnet_model.labels import LabelSet
from segnet_model.scenes import classes

NAMES = {
    "BUILDING": "Building", "POLE": "Pole", "ROAD": "Road", "PAVEMENT": "Pavement", "TREE": "Tree",
    "SIGN": "SignSymbol", "FENCE": "Fence", "CAR": "Car", "PEDESTRIAN": "Pedestrian",
    "BICYCLIST": "Bicyclist", "UNKNOWN": "Unknown", "PATH": "Path", "GRASS": "Grass",
    "ROUGH": "RoughGround", "WATER": "Water", "OBSTACLE": "Obstacle",
}  # fmt: skip


def test_ids_are_those_of_the_label_set() -> None:
    names = LabelSet.load("scenes").names
    found = {name: names[id_] for name, id_ in vars(classes).items() if isinstance(id_, int)}
    assert found == NAMES


def test_ground_is_flat_in_the_label_set() -> None:
    flat = LabelSet.load("scenes").ground
    assert [id_ for id_ in range(256) if flat[id_]] == sorted(classes.GROUND)
