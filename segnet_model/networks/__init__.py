"""The networks, one file each, and `build_network`, which builds one by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from segnet_model.base.choices import NETWORKS
from segnet_model.base.errors import SettingsError
from segnet_model.base.near import near
from segnet_model.networks.custom import build_custom, is_custom

if TYPE_CHECKING:  # so that an export runs without PyTorch
    from torch import nn

__all__ = ["NETWORKS", "build_network", "check_network"]


def check_network(name: str) -> None:
    """Raise SettingsError where a name is neither a key of `NETWORKS` nor of a custom network."""
    if not is_custom(name) and name not in NETWORKS:
        raise SettingsError(
            f"no network {name!r}{near(name, NETWORKS)}; there are {', '.join(sorted(NETWORKS))}, "
            "and package.module:factory names one of your own"
        )


def build_network(name: str, num_classes: int, /, **settings: Any) -> nn.Module:
    """Build a network with fresh weights.

    Args:
        name: a key of `NETWORKS`, or "package.module:factory" of a custom network.
        num_classes: channels of the logits.
        settings: further keyword arguments of that network, e.g. `features=32`.

    Returns:
        A module from (N, 3, H, W) normalized RGB to (N, num_classes, H, W) logits.

    Raises:
        SettingsError: there is no such network, or it cannot be built with these settings.

    Example:
        >>> import torch
        >>> network = build_network("segnet_basic", 11, features=8)
        >>> network(torch.zeros(1, 3, 45, 60)).shape
        torch.Size([1, 11, 45, 60])
    """
    if is_custom(name):
        return build_custom(name, num_classes, **settings)
    check_network(name)
    make: Callable[..., nn.Module] = NETWORKS[name]
    known = inspect.signature(make).parameters.keys() - {"num_classes"}
    if unknown := settings.keys() - known:
        raise SettingsError(f"{name} has no setting {sorted(unknown)}; it has {sorted(known)}")
    try:
        return make(num_classes, **settings)
    except (TypeError, ValueError, RuntimeError) as error:
        raise SettingsError(f"{name} cannot be built with {settings}: {error}") from None
