"""Registry: implementations by the names that settings choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from segnet_model.base.errors import SettingsError


class Registry(Mapping[str, Any]):
    """Implementations by name, each imported at its first use: a list of the names costs nothing.

    Another package adds its own with `register`, before settings are read.
    """

    def __init__(self, setting: str, locations: Mapping[str, str]) -> None:
        """Make a registry.

        Args:
            setting: the setting that chooses a name, e.g. "engine".
            locations: "package.module:attribute" of each implementation, by name.
        """
        self._setting = setting
        self._entries: dict[str, Any] = dict(locations)

    def register(self, name: str, entry: Any) -> None:
        """Add an implementation, or its location; SettingsError where the name is taken."""
        if name in self._entries:
            raise SettingsError(f"there is a {self._setting} {name!r} already; take another name")
        self._entries[name] = entry

    def find(self, name: str) -> Any:
        """The implementation of this name; SettingsError with all names where there is none."""
        if name not in self._entries:
            raise SettingsError(f"{self._setting} {name!r} is none of {', '.join(self)}")
        return self[name]

    def __getitem__(self, name: str) -> Any:
        entry = self._entries[name]
        if not isinstance(entry, str):
            return entry
        module, _, attribute = entry.partition(":")
        return getattr(import_module(module), attribute)

    def __contains__(self, name: object) -> bool:
        return name in self._entries  # without the import in Mapping's

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
