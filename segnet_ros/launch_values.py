"""Launch arguments are texts; parameters are not."""

from __future__ import annotations

from typing import Any

import yaml

from segnet_model.errors import SettingsError


def typed(name: str, text: str, default: Any) -> Any:
    """What a launch argument's text means for a parameter with this default.

    Raises:
        SettingsError: it means nothing of the default's type.
    """
    if isinstance(default, str):
        return text
    try:
        value = float(text) if isinstance(default, float) else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        value = None
    kind = list if isinstance(default, tuple) else type(default)
    if type(value) is not kind:
        what = {bool: "true or false", float: "a number", int: "a whole number"}
        raise SettingsError(f"{name}:={text} is not {what.get(kind, 'a list, as in [1, 2]')}")
    return value
