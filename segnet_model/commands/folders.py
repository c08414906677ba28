"""Folders that a command writes into."""

from __future__ import annotations

from pathlib import Path

from segnet_model.base.errors import SettingsError


def make_folder(folder: Path) -> None:
    """Make a folder, before anything is worked out that would be lost without it.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"cannot make the folder {folder}: {error}; give another --out"
        ) from None
