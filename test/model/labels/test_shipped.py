"""The label sets that ship, against what their makers published."""

from importlib import resources

import numpy as np
import pytest

from segnet_model.base.choices import LABEL_SETS
from segnet_model.labels import LabelMap, LabelSet

SETS = resources.files("segnet_model") / "label_sets"
NAMES = sorted(file.name.removesuffix(".yaml") for file in SETS.iterdir() if file.is_file())
MAPPED = sorted(
    file.name.removesuffix("_to_outdoor.yaml")
    for file in (SETS / "maps").iterdir()
    if file.name.endswith("_to_outdoor.yaml")
)
COUNTS = {
    "ade20k": 150, "camvid": 11, "cityscapes": 19, "comma10k": 5, "driven": 2, "mapillary": 65,
    "outdoor": 14, "rellis": 20, "rugd": 25, "scenes": 17, "voc": 21,
}  # fmt: skip
# id, name and color of some classes: the first, the last, and those in between that a mistake in
# the order would move.
PUBLISHED = {
    "ade20k": [
        (0, "wall", (120, 120, 120)), (6, "road", (140, 140, 140)), (52, "path", (255, 31, 0)),
        (91, "dirt track", (0, 10, 255)), (127, "bicycle", (255, 245, 0)),
        (149, "flag", (92, 0, 255)),
    ],
    "cityscapes": [
        (0, "road", (128, 64, 128)), (8, "vegetation", (107, 142, 35)),
        (9, "terrain", (152, 251, 152)), (10, "sky", (70, 130, 180)), (12, "rider", (255, 0, 0)),
        (18, "bicycle", (119, 11, 32)),
    ],
    "comma10k": [
        (0, "road", (0x40, 0x20, 0x20)), (1, "lane marking", (0xFF, 0, 0)),
        (2, "undrivable", (0x80, 0x80, 0x60)), (3, "movable", (0, 0xFF, 0x66)),
        (4, "own car", (0xCC, 0, 0xFF)),
    ],
    "mapillary": [
        (0, "Bird", (165, 42, 42)), (13, "Road", (128, 64, 128)), (27, "Sky", (70, 130, 180)),
        (43, "Pothole", (70, 100, 150)), (55, "Car", (0, 0, 142)),
        (64, "Ego Vehicle", (120, 10, 10)),
    ],
    "rellis": [
        (0, "void", (0, 0, 0)), (1, "dirt", (108, 64, 20)), (2, "grass", (0, 102, 0)),
        (14, "bush", (255, 153, 204)), (17, "puddle", (134, 255, 239)),
        (19, "rubble", (110, 22, 138)),
    ],
    "rugd": [
        (0, "void", (0, 0, 0)), (9, "container/generic-object", (255, 0, 127)),
        (11, "gravel", (255, 128, 0)), (14, "rock-bed", (102, 102, 0)),
        (24, "picnic-table", (114, 85, 47)),
    ],
}  # fmt: skip


def test_every_set_loads_and_has_its_number_of_classes():
    assert {name: LabelSet.load(name).num_classes for name in NAMES} == COUNTS
    assert all(LabelSet.load(name).name == name for name in NAMES)


@pytest.mark.parametrize("name", PUBLISHED)
def test_classes_are_as_published(name):
    labels = LabelSet.load(name)
    for index, class_name, color in PUBLISHED[name]:
        assert labels.names[index] == class_name
        assert labels.classes[index].color == color


def test_vocs_colors_are_those_of_its_formula():
    """The development kit's: bits 0, 1 and 2 of each octal digit of the id, the lowest first."""
    for index, each in enumerate(LabelSet.load("voc").classes):
        color = [0, 0, 0]
        for digit in range(3):
            for channel in range(3):
                color[channel] |= (index >> 3 * digit + channel & 1) << 7 - digit
        assert each.color == tuple(color), each.name


def test_colors_tell_classes_apart():
    """In all but ADE20K, in which road and skyscraper have one color."""
    for name in NAMES:
        colors = [each.color for each in LabelSet.load(name).classes]
        assert len(set(colors)) == len(colors) - (name == "ade20k")


@pytest.mark.parametrize("name", MAPPED)
def test_what_is_drivable_and_ground_is_so_in_both_sets(name):
    labels_map = LabelMap.load(name, "outdoor")
    kept = labels_map.lookup[: labels_map.source.num_classes] != labels_map.target.ignore_id
    assert kept.any()
    for flag in ("drivable", "ground"):
        before, after = getattr(labels_map.source, flag), getattr(labels_map.target, flag)
        differs = kept & (before != after[labels_map.lookup])[: len(kept)]
        assert not differs.any(), np.array(labels_map.source.names)[differs]


def test_help_names_every_set():
    assert sorted([*LABEL_SETS, "scenes"]) == NAMES


def test_all_published_sets_have_a_map_to_outdoor():
    assert set(MAPPED) == set(NAMES) - {"outdoor", "driven"}


def test_each_class_of_outdoor_is_reached_from_some_published_set():
    reached = np.any([LabelMap.load(n, "outdoor").reached for n in MAPPED if n != "scenes"], 0)
    assert reached.all()
