"""Maps between label sets."""

from importlib import resources

import numpy as np
import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.labels import LabelMap, LabelSet, SegmentationClass

SETS = resources.files("segnet_model") / "label_sets"
MAPS = sorted(file.name.removesuffix(".yaml") for file in (SETS / "maps").iterdir())


@pytest.mark.parametrize("name", MAPS)
def test_every_map_says_what_becomes_of_every_class(name):
    source, target = name.split("_to_")
    loaded = LabelMap.load(source, target)
    assert tuple(loaded.classes) == loaded.source.names
    assert (loaded.source.name, loaded.target.name) == (source, target)
    assert len(loaded.origin) > 20


def test_ids_become_those_of_the_target():
    yard = LabelSet("yard", tuple(SegmentationClass(n, (0, 0, 0)) for n in ("dog", "lawn", "wall")))
    park = LabelSet("park", tuple(SegmentationClass(n, (0, 0, 0)) for n in ("way", "grass")), 7)
    loaded = LabelMap(yard, park, {"lawn": "grass", "wall": "ignore"})
    mapped = loaded.map(np.array([[0, 1], [2, 255]], np.uint8))
    np.testing.assert_array_equal(mapped, [[7, 1], [7, 7]])
    assert mapped.dtype == np.uint8
    assert loaded.reached.tolist() == [False, True]


def test_a_street_is_camvids_as_it_is():
    lookup = LabelMap.load("scenes", "camvid").lookup
    np.testing.assert_array_equal(lookup[:12], np.arange(12))


def test_camvid_becomes_outdoor_as_its_scenes_do():
    """A street's frame has the same truth, whichever way it goes."""
    around = LabelMap.load("camvid", "outdoor").lookup[LabelMap.load("scenes", "camvid").lookup]
    street = LabelMap.load("scenes", "outdoor").lookup[:12]
    np.testing.assert_array_equal(around[:12], street)


def test_what_is_no_class_is_named():
    yard = LabelSet("yard", (SegmentationClass("lawn", (0, 0, 0)),))
    with pytest.raises(SettingsError, match=r"'yard' has no class \['moss'\]; it has lawn"):
        LabelMap(yard, yard, {"moss": "lawn"})
    with pytest.raises(SettingsError, match=r"'yard' has no class \['moss'\]; it has lawn"):
        LabelMap(yard, yard, {"lawn": "moss"})


def test_a_missing_map_is_named():
    with pytest.raises(SettingsError, match="map of label set outdoor to camvid"):
        LabelMap.load("outdoor", "camvid")


def label_set(name, *names):
    return LabelSet(name, tuple(SegmentationClass(each, (0, 0, 0)) for each in names))


def test_between_two_sets_the_shipped_map_of_their_names_counts():
    shipped = LabelMap.load("camvid", "outdoor")
    found = LabelMap.between(LabelSet.load("camvid"), LabelSet.load("outdoor"))
    assert (found.classes, found.origin) == (shipped.classes, shipped.origin)
    renamed = {"Fence": "ignore", "Tree": "Grass"}
    found = LabelMap.between(LabelSet.load("camvid"), LabelSet.load("outdoor"), renamed)
    assert found.classes == {**shipped.classes, **renamed}


def test_classes_of_one_name_are_the_same():
    found = LabelMap.between(label_set("yard", "wall", "lawn"), label_set("park", "lawn", "wall"))
    assert found.lookup[:2].tolist() == [1, 0]


def test_a_class_without_a_meaning_is_named_with_the_mend():
    yard, park = label_set("yard", "wall", "lawn"), label_set("park", "wall", "grass")
    with pytest.raises(SettingsError, match=r"\['lawn'\] of .*'yard' are no .*'lawn=CLASS'"):
        LabelMap.between(yard, park)
    assert LabelMap.between(yard, park, {"lawn": "grass"}).lookup[:2].tolist() == [0, 1]
    with pytest.raises(SettingsError, match=r"'park' has no class \['moss'\]"):
        LabelMap.between(yard, park, {"lawn": "moss"})
    with pytest.raises(SettingsError, match=r"'yard' has no class \['moss'\]"):
        LabelMap.between(yard, park, {"lawn": "grass", "moss": "grass"})


def test_a_misspelt_name_is_refused_with_the_nearest():
    camvid, outdoor = LabelSet.load("camvid"), LabelSet.load("outdoor")
    with pytest.raises(SettingsError, match=r"no class \['Raod'\] \(do you mean 'Road'\?\)"):
        LabelMap.between(camvid, outdoor, {"Raod": "Road"})
    with pytest.raises(SettingsError, match=r"no class \['Rod'\] \(do you mean 'Road'\?\)"):
        LabelMap.between(camvid, outdoor, {"Road": "Rod"})
