import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.base.registry import Registry


def test_entries_are_found_by_location_or_as_they_are():
    registry = Registry("thing", {"root": "math:sqrt"})
    registry.register("twice", lambda x: 2 * x)
    assert list(registry) == ["root", "twice"]
    assert registry.find("root")(9) == 3
    assert registry.find("twice")(9) == 18


def test_names_are_listed_without_an_import():
    registry = Registry("thing", {"none": "no.such.module:thing"})
    assert "none" in registry
    assert ", ".join(registry) == "none"
    with pytest.raises(ModuleNotFoundError, match="no"):
        registry.find("none")


def test_unknown_and_taken_names_are_refused():
    registry = Registry("thing", {"a": "math:sin", "b": "math:cos"})
    with pytest.raises(SettingsError, match="thing 'c' is none of a, b"):
        registry.find("c")
    with pytest.raises(SettingsError, match="there is a thing 'a' already"):
        registry.register("a", len)
