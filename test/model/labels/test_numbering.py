"""Published ids of label images, against what their makers published."""

from importlib import resources

import pytest

from segnet_model.base.class_maps import IGNORE
from segnet_model.labels import LabelSet, Numbering, numberings

TABLES = sorted(
    file.name.removesuffix(".yaml")
    for file in (resources.files("segnet_model") / "label_sets" / "ids").iterdir()
)
PUBLISHED = {
    ("rellis", ""): {0: "void", 3: "grass", 10: "asphalt", 12: "building", 23: "concrete",
                     27: "barrier", 31: "puddle", 34: "rubble"},
    ("ade20k", ""): {0: IGNORE, 1: "wall", 7: "road", 53: "path", 150: "flag"},
    ("cityscapes", ""): {0: "road", 18: "bicycle", 255: IGNORE},
    ("cityscapes", "_gtFine_labelTrainIds"): {0: "road", 18: "bicycle", 255: IGNORE},
    ("cityscapes", "_gtFine_labelIds"): {0: IGNORE, 7: "road", 9: IGNORE, 22: "terrain",
                                         33: "bicycle"},
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_every_class_has_an_id_in_each_table(name):
    labels = LabelSet.load(name)
    *endings, usual = numberings(labels)
    assert not usual.suffix
    for each in (*endings, usual):
        assert set(each.names.values()) - {IGNORE} == set(labels.names)
        assert all(0 <= index <= 255 for index in each.names)


def test_ids_are_as_published():
    for (name, suffix), some in PUBLISHED.items():
        (table,) = (each for each in numberings(LabelSet.load(name)) if each.suffix == suffix)
        assert some.items() <= table.names.items()
    assert {name for name, _ in PUBLISHED} == set(TABLES)


def test_a_set_of_the_users_is_numbered_by_place():
    rows = [{"name": name, "color": [i, 0, 0]} for i, name in enumerate(("a", "b"))]
    own = LabelSet.from_dict({"name": "rellis", "ignore_id": 7, "classes": rows})
    assert numberings(own) == (Numbering({0: "a", 1: "b", 7: IGNORE}),)
    assert numberings(LabelSet.load("camvid"))[0].names[11] == IGNORE
