import numpy as np
import pytest

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.labels import LabelSet, SegmentationClass

CAMVID = LabelSet.load("camvid")
# The colors as the SegNet authors published them, class by class.
PUBLISHED = {
    "Sky": (128, 128, 128), "Building": (128, 0, 0), "Pole": (192, 192, 128),
    "Road": (128, 64, 128), "Pavement": (60, 40, 222), "Tree": (128, 128, 0),
    "SignSymbol": (192, 128, 128), "Fence": (64, 64, 128), "Car": (64, 0, 128),
    "Pedestrian": (64, 64, 0), "Bicyclist": (0, 128, 192),
}  # fmt: skip


def test_camvid_is_as_published():
    assert {c.name: c.color for c in CAMVID.classes} == PUBLISHED
    assert CAMVID.ignore_id == 11
    assert [c.name for c in CAMVID.classes if c.drivable] == ["Road"]
    assert [c.name for c in CAMVID.classes if c.ground] == ["Road", "Pavement"]


def test_colors_lead_back_to_ids():
    ids = np.arange(12, dtype=np.uint8).reshape(3, 4)
    drawn = CAMVID.colorize(ids)
    assert tuple(drawn[0, 3]) == PUBLISHED["Road"]
    assert tuple(drawn[2, 3]) == (0, 0, 0)
    np.testing.assert_array_equal(CAMVID.ids_from_colors(drawn), ids)


def test_a_foreign_color_is_named_with_its_place():
    drawn = CAMVID.colorize(np.zeros((4, 5), np.uint8))
    drawn[2, 3] = (1, 2, 3)
    with pytest.raises(DatasetError, match=r"\(1, 2, 3\) at row 2, column 3"):
        CAMVID.ids_from_colors(drawn)


def test_two_classes_of_one_color_cannot_be_told_apart_by_it():
    classes = (SegmentationClass("a", (1, 2, 3)), SegmentationClass("b", (1, 2, 3)))
    with pytest.raises(DatasetError, match="'a' and 'b' of label set 'x' have one color"):
        LabelSet("x", classes).ids_from_colors(np.full((2, 2, 3), 1, np.uint8))


def test_a_foreign_id_is_named():
    with pytest.raises(DatasetError, match=r"ids \[12\] \(1 pixels\)"):
        CAMVID.check_ids(np.array([[0, 11, 12]], np.uint8))
    CAMVID.check_ids(np.array([[0, 10, 11]], np.uint8))


def test_dict_and_back():
    assert LabelSet.from_dict(CAMVID.to_dict()) == CAMVID


def test_drivable_can_be_chosen_by_name():
    chosen = CAMVID.with_drivable(("Road", "Pavement"))
    assert np.flatnonzero(chosen.drivable).tolist() == [3, 4]
    with pytest.raises(SettingsError, match="Grass"):
        CAMVID.with_drivable(("Grass",))


def test_a_cost_below_100_makes_drivable():
    chosen = CAMVID.with_costs({"Pavement": 60, "Road": 5, "Sky": -1})
    assert chosen.costs[:5].tolist() == [-1, 100, 100, 5, 60]
    assert chosen.costs.dtype == np.int8
    assert (chosen.costs[11:] == -1).all()
    assert np.flatnonzero(chosen.drivable).tolist() == [3, 4]
    assert np.flatnonzero(CAMVID.with_costs({"Road": 100}).drivable).tolist() == []
    assert CAMVID.with_costs({}) == CAMVID
    assert CAMVID.costs[:5].tolist() == [100, 100, 100, 0, 100]


def test_costs_and_drivable_classes_must_agree():
    chosen = CAMVID.with_costs({"Pavement": 60}, ("Road", "Pavement"))
    assert chosen.costs[3:5].tolist() == [0, 60]
    with pytest.raises(SettingsError, match=r"'Pavement' has the cost 60, .*'Road'.* leave it out"):
        CAMVID.with_costs({"Pavement": 60}, ("Road",))
    with pytest.raises(SettingsError, match=r"'Road' has the cost 100, .* hold it; change one"):
        CAMVID.with_costs({"Road": 100}, ("Road",))
    with pytest.raises(SettingsError, match="no class .'Pavment'.*Pavement"):
        CAMVID.with_costs({"Pavment": 60})


def test_a_cost_goes_with_what_it_is_a_cost_of():
    costly = CAMVID.with_costs({"Pavement": 60, "Road": 5})
    assert costly.with_drivable(("Road",)).costs[3:5].tolist() == [5, 100]
    assert costly.with_drivable(("Road", "Sky")).costs[:4].tolist() == [0, 100, 100, 5]


def test_a_cost_in_a_file(tmp_path):
    path = tmp_path / "yard.yaml"
    path.write_text("""
name: yard
classes:
  - {name: grass, color: [0, 255, 0], drivable: true, cost: 80}
  - {name: pond, color: [0, 0, 255], ground: true, cost: lethal}
  - {name: leaves, color: [255, 0, 0], cost: unknown}
  - {name: path, color: [9, 9, 9], drivable: true}
""")
    yard = LabelSet.load(path)
    assert yard.costs[:4].tolist() == [80, 100, -1, 0]
    assert LabelSet.from_dict(yard.to_dict()) == yard
    # Weights without costs stay byte for byte what they were.
    assert all("cost" not in each for each in CAMVID.to_dict()["classes"])


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("cost: 80", "'grass' is not drivable and has the cost 80"),
        ("drivable: true, cost: 100", "'grass' is drivable and has the cost 100"),
        ("drivable: true, cost: unknown", "'grass' is drivable and has the cost -1"),
        ("cost: 101", "cost 101 of class 'grass'; give 0 to 100, lethal or unknown"),
        ("cost: '80'", "cost of class 'grass' is '80', not a whole number"),
        ("cost: 8.5", "cost of class 'grass' is 8.5, not a whole number"),
    ],
)
def test_a_cost_that_contradicts_is_refused(tmp_path, said, why):
    path = tmp_path / "yard.yaml"
    path.write_text(f"name: yard\nclasses: [{{name: grass, color: [0, 255, 0], {said}}}]")
    with pytest.raises(SettingsError, match=why):
        LabelSet.load(path)


def test_what_is_drivable_is_ground_where_nothing_else_is_said():
    """As in weights files that are older than the flag."""
    values = CAMVID.to_dict()
    for each in values["classes"]:
        del each["ground"]
    assert np.flatnonzero(LabelSet.from_dict(values).ground).tolist() == [3]
    assert SegmentationClass("grass", (0, 255, 0), drivable=True, ground=False).ground


def test_ground_stays_ground_whatever_is_drivable():
    assert np.flatnonzero(CAMVID.with_drivable(("Pavement",)).ground).tolist() == [3, 4]
    assert np.flatnonzero(CAMVID.with_drivable(("Tree",)).ground).tolist() == [3, 4, 5]


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "yard.yaml"
    path.write_text("name: yard\nclasses: [{name: grass, color: [0, 255, 0], drivable: true}]")
    yard = LabelSet.load(path)
    assert (yard.num_classes, yard.ignore_id, bool(yard.drivable[0])) == (1, 255, True)


@pytest.mark.parametrize(
    "text",
    [
        "name: x",
        "- a list",
        "name: x\nclasses: [{name: a, color: [0, 0]}]",
        "name: x\nclasses: [{name: a, color: [0, 0, 256]}]",
        "name: x\nclasses: [{name: a, color: [0, 0, 0]}, {name: a, color: [1, 1, 1]}]",
        "name: x\nignore_id: 0\nclasses: [{name: a, color: [0, 0, 0]}]",
        "name: x\nclasses: []",
        "{",
    ],
)
def test_what_is_no_label_set_is_refused(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"bad\.yaml"):
        LabelSet.load(path)


def test_a_missing_file_is_named():
    with pytest.raises(SettingsError, match="nowhere"):
        LabelSet.load("nowhere")


def test_a_misspelt_shipped_name_is_refused_with_the_nearest():
    with pytest.raises(SettingsError, match=r"rellis3: there is no .* \(do you mean 'rellis'\?\)"):
        LabelSet.load("rellis3")


def test_too_many_classes_are_refused():
    classes = tuple(SegmentationClass(str(i), (0, 0, 0)) for i in range(256))
    with pytest.raises(SettingsError, match="256 classes"):
        LabelSet("many", classes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty and has no classes"),
        ("# name: yard\n", "it is empty and has no classes"),
        ("- grass\n", "it is a list and has no classes"),
        ("name: yard\nclasses:\n", "classes is empty and no list"),
        ("classes: [{name: a, color: [0, 0, 0]}]\n", "it has no name"),
        ("name: yard\nclasses: [grass, road]\n", "a class is text and has no name"),
        ("name: yard\nclasses: [{name: grass}]\n", "class 'grass' has no color"),
    ],
)
def test_a_file_that_is_no_label_set_is_told_what_it_lacks(tmp_path, text, reason):
    (tmp_path / "labels.yaml").write_text(text)
    with pytest.raises(SettingsError) as refusal:
        LabelSet.load(tmp_path / "labels.yaml")
    told = str(refusal.value)
    assert f"labels.yaml: not a label set ({reason}); expected name, ignore_id and classes" in told
    assert "Error" not in told


ROWS = "- {{name: grass, color: [0, 255, 0]{more}}}\n"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ('drivable: "false"', "drivable of class 'grass' is 'false', text; write true or false"),
        ("drivable: 0", "drivable of class 'grass' is 0, a int; write true or false"),
        ("drivable: nope", "drivable of class 'grass' is 'nope'"),
        ("drivable: ", "drivable of class 'grass' is empty"),
        ("drivable: [false]", "drivable of class 'grass' is"),
        ("ground: 1", "ground of class 'grass' is 1"),
        ("driveable: true", "has no 'driveable' (do you mean 'drivable'?)"),
        ("Drivable: true", "has no 'Drivable' (do you mean 'drivable'?)"),
        ("colour: [1, 2, 3]", "has no 'colour' (do you mean 'color'?)"),
        ("weight: 3", "has no 'weight'; it has name, color, drivable, ground, cost, id"),
        ("id: 2", "'grass' has the id 2, but place 1 in the list"),
        ('id: "1"', "id of class 'grass' is '1', not a whole number"),
        ("id: true", "id of class 'grass' is True, not a whole number"),
        ("color: [1, 2, 3]", "has 'color' a second time"),
    ],
)
def test_flags_and_keys_of_a_class_have_one_meaning(tmp_path, key, reason):
    rows = ROWS.format(more="").replace("grass", "sky") + ROWS.format(more=f", {key}")
    (tmp_path / "labels.yaml").write_text(f"name: yard\nclasses:\n{rows}")
    with pytest.raises(SettingsError) as refusal:
        LabelSet.load(tmp_path / "labels.yaml")
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ignore: 255", "a label set has no 'ignore' (do you mean 'ignore_id'?)"),
        ("ignore_id: '255'", "ignore_id is '255', not a whole number"),
        ("ignore_id: 254.6", "ignore_id is 254.6, not a whole number"),
        ("ignore_id: true", "ignore_id is True, not a whole number"),
        ("ignore_color: [0.5, 0, 0]", "color of ignore_color is 0.5, not a whole number"),
        ("ignore_color: black", "color of ignore_color is no list of three numbers"),
        ("name: again", "line 2 has 'name' a second time"),
        ("classes: []", "has 'classes' a second time"),
    ],
)
def test_keys_of_a_label_set_have_one_meaning(tmp_path, line, reason):
    (tmp_path / "labels.yaml").write_text(f"name: yard\n{line}\nclasses:\n{ROWS.format(more='')}")
    with pytest.raises(SettingsError) as refusal:
        LabelSet.load(tmp_path / "labels.yaml")
    assert reason in str(refusal.value)


def load_with_class(name, tmp_path):
    (tmp_path / "labels.yaml").write_text(
        f"name: yard\nclasses: [{{name: {name}, color: [1, 2, 3]}}]"
    )
    return LabelSet.load(tmp_path / "labels.yaml")


@pytest.mark.parametrize(
    ("name", "kind"),
    [(each, "flag") for each in ("no", "on", "true")]
    + [(each, "number") for each in ("1.10", "1.", ".5")],
)
def test_a_name_that_yaml_would_change_is_refused(tmp_path, name, kind):
    with pytest.raises(SettingsError, match=f"a {kind} in YAML; write it in quotes"):
        load_with_class(name, tmp_path)


@pytest.mark.parametrize("name", ["010", "1_0", "1:30", "0x10", "0b1", "12"])
def test_a_name_is_as_it_is_written(tmp_path, name):
    """YAML has 8, 10, 90, 16 and 1 for them."""
    assert load_with_class(name, tmp_path).names == (name,)


def test_ids_may_be_written_beside_the_classes(tmp_path):
    rows = ROWS.format(more=", id: 0, drivable: true") + ROWS.format(more=", id: 1").replace(
        "grass", "sky"
    )
    (tmp_path / "labels.yaml").write_text(f"name: yard\nclasses:\n{rows}")
    labels = LabelSet.load(tmp_path / "labels.yaml")
    assert labels.names == ("grass", "sky")
    assert labels.drivable[:2].tolist() == [True, False]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Path ", "class 'Path ' has a space at its begin or end; remove it"),
        ("ignore", "class 'ignore' has the name that means no class in --map; leave it out"),
    ],
)
def test_names_that_no_label_could_mean_are_refused(name, why):
    """Names in exports have no spaces around them, and --map 255=ignore means no class."""
    rows = [{"name": name, "color": [0, 0, 0]}, {"name": "Path", "color": [9, 0, 0]}]
    with pytest.raises(SettingsError, match=why):
        LabelSet.from_dict({"name": "own", "classes": rows})
