"""Libraries that only some people need, and how to get them."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from segnet_model.base.errors import SettingsError


def need(module: str, extra: str) -> ModuleType:
    """Import a library of an extra.

    Args:
        module: e.g. "onnxruntime".
        extra: of this package, which brings it.

    Raises:
        SettingsError: it is not installed; names the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SettingsError(
            f"{module} is not installed ({error}): pip install 'segnet_ros[{extra}]'"
        ) from None


def has(module: str) -> bool:
    """Whether a library can be imported; imports nothing."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
