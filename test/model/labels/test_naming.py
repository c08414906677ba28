"""Label sets of names alone."""

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.labels import LabelMap, LabelSet, label_set_of


def test_names_that_ship_bring_their_flags():
    yard = label_set_of(["path", "Grass", "cow", "PERSON", "gravel"], "yard")
    assert yard.names == ("path", "Grass", "cow", "PERSON", "gravel")
    assert yard.drivable[:5].tolist() == [True, False, False, False, True]
    assert yard.ground[:5].tolist() == [True, True, False, False, True]
    outdoor = LabelSet.load("outdoor")
    assert yard.classes[0].color == outdoor.classes[outdoor.names.index("Path")].color


def test_colors_differ_from_each_other_and_from_unlabeled():
    yard = label_set_of([f"thing {i}" for i in range(100)] + ["road", "Traffic Light", "car"], "x")
    colors = {each.color for each in yard.classes} | {yard.ignore_color}
    assert len(colors) == 104
    same = label_set_of(["curb", "fence", "guard rail"], "x")  # of several shipped sets
    assert len({each.color for each in same.classes}) == 3


def test_a_name_of_a_shipped_set_is_not_taken():
    """Maps between label sets go by their names."""
    assert label_set_of(["road"], "camvid").name == "my_camvid"
    assert label_set_of(["road"], "a\nb").name == "own"
    assert label_set_of(["road"], "").name == "own"


@pytest.mark.parametrize("names", [[], [""], ["a", ""], ["a", "a"], ["a\x1b[31m"], ["0=path"],
                                   ["path;grass"], ["path", "Ignore"]])  # fmt: skip
def test_what_is_no_name_is_refused(names):
    with pytest.raises(SettingsError):
        label_set_of(names, "yard")


def test_names_that_differ_in_case_alone_are_mapped():
    yard = label_set_of([name.lower() for name in LabelSet.load("outdoor").names], "yard")
    found = LabelMap.between(LabelSet.load("outdoor"), yard)
    assert found.lookup[:14].tolist() == list(range(14))
