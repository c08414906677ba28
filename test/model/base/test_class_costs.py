from __future__ import annotations

import pytest

from segnet_model.base.class_costs import costs_fault, read_costs
from segnet_model.base.errors import SettingsError


def test_a_cost_is_a_number_or_a_word():
    texts = ["Pavement:60", "Road:0", "Water:lethal", "Leaves:unknown", "a:b:100"]
    assert read_costs(texts) == {"Pavement": 60, "Road": 0, "Water": 100, "Leaves": -1, "a:b": 100}
    assert read_costs([]) == {}


@pytest.mark.parametrize(
    "text",
    ["Grass", "Grass:", ":80", "Grass:101", "Grass:-1", "Grass:8.5", "Grass:²", "Grass: 80",
     pytest.param("Grass:" + 5000 * "1", id="thousands of digits")],
)  # fmt: skip
def test_another_form_is_refused_with_an_example(text):
    with pytest.raises(SettingsError, match="write it as Grass:80"):
        read_costs([text])
    assert repr(text) in costs_fault([text])


def test_one_class_has_one_cost():
    with pytest.raises(SettingsError, match="'Grass' has two costs"):
        read_costs(["Grass:80", "Grass:80"])
    assert costs_fault(["Grass:80"]) == ""
