"""Things that settings choose from by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from segnet_model.base.errors import SettingsError


class Registry(Mapping[str, Any]):
    """Things by name, each imported when it is first used: a list of the names costs nothing.

    A package of one's own adds to it by `register`, before the settings that choose it are read.
    """

    def __init__(self, setting: str, places: Mapping[str, str]) -> None:
        """Make a registry.

        Args:
            setting: what names are chosen for, e.g. "engine".
            places: "package.module:attribute" of each thing, by name.
        """
        self._setting = setting
        self._entries: dict[str, Any] = dict(places)

    def register(self, name: str, thing: Any) -> None:
        """Add a thing, or its place, under a new name; SettingsError where there is one."""
        if name in self._entries:
            raise SettingsError(f"there is a {self._setting} {name!r} already; take another name")
        self._entries[name] = thing

    def find(self, name: str) -> Any:
        """The thing of this name; SettingsError with all names where there is none."""
        if name not in self._entries:
            raise SettingsError(f"{self._setting} {name!r} is none of {', '.join(self)}")
        return self[name]

    def __getitem__(self, name: str) -> Any:
        thing = self._entries[name]
        if not isinstance(thing, str):
            return thing
        module, _, attribute = thing.partition(":")
        return getattr(import_module(module), attribute)

    def __contains__(self, name: object) -> bool:
        return name in self._entries  # without an import, which Mapping's own would do

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
