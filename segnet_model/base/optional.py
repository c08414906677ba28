"""Optional libraries, which the extras of this package install."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from segnet_model.base.errors import SettingsError

NETWORK_PACKAGES = ("torch", "safetensors")  # extract, import-labels, check, bag, render need none


def require(module: str, extra: str) -> ModuleType:
    """Import an optional library.

    Args:
        module: e.g. "onnxruntime".
        extra: the extra of this package that installs it.

    Raises:
        SettingsError: it is not installed; gives the command to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SettingsError(
            f"{module} is not installed ({error}): pip install 'segnet_ros[{extra}]'"
        ) from None


def is_installed(module: str) -> bool:
    """Whether a library is installed; does not import it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
