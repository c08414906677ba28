"""Custom networks: factories in other packages, named "package.module:factory"."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from segnet_model.base.errors import SettingsError

if TYPE_CHECKING:
    from torch import nn

TRIAL_SIDE = 64  # pixels of the image that a new network is tested with


def is_custom(name: str) -> bool:
    """Whether a network's name names a factory."""
    return ":" in name


def check_trusted(name: str, trusted: Collection[str]) -> None:
    """Raise SettingsError for a custom network that is not among the trusted ones.

    A weights file names its network, and importing a module runs it: without this check, a file
    from a stranger could run any installed code.
    """
    if is_custom(name) and name not in trusted:
        raise SettingsError(
            f"it names the network {name!r}, and using it means running that code; if you trust "
            f"it, say so: --trust {name}, the node's parameter trusted_networks, or trusted=[...]"
        )


def build_custom(name: str, num_classes: int, /, **settings: Any) -> nn.Module:
    """Build a custom network.

    Args:
        name: "package.module:factory".
        num_classes: channels of the logits, the factory's first argument.
        settings: the factory's keyword arguments.

    Returns:
        The network, tested to turn (1, 3, 64, 64) into (1, num_classes, 64, 64).

    Raises:
        SettingsError: there is no such factory, or it does not make such a network.
    """
    from torch import nn

    factory = _import(name)
    try:
        network = factory(num_classes, **settings)
    except Exception as error:
        raise SettingsError(
            f"network {name} cannot be made with {num_classes} classes and {settings}: {error}"
        ) from error
    if not isinstance(network, nn.Module):
        raise SettingsError(f"network {name} made a {type(network).__name__}, not an nn.Module")
    _test(network, num_classes, name)
    return network


def _import(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    try:
        factory = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"network {name!r} cannot be found ({error}); expected package.module:factory, with "
            "the package installed or in PYTHONPATH"
        ) from None
    if not callable(factory):
        raise SettingsError(f"network {name!r} is a {type(factory).__name__}, not a function")
    return factory  # type: ignore[no-any-return]


def _test(network: nn.Module, num_classes: int, name: str) -> None:
    training = network.training
    import torch

    image = torch.zeros(1, 3, TRIAL_SIDE, TRIAL_SIDE)
    try:
        with torch.no_grad():
            logits = network.eval()(image)
    except Exception as error:
        raise SettingsError(
            f"network {name} fails on an image of {image.shape}: {error}"
        ) from error
    finally:
        network.train(training)
    expected = (1, num_classes, TRIAL_SIDE, TRIAL_SIDE)
    shape = getattr(logits, "shape", type(logits).__name__)
    if shape != expected:
        raise SettingsError(
            f"network {name} made {shape if isinstance(shape, str) else tuple(shape)} of an image "
            f"of {tuple(image.shape)}; make it return logits of {expected}, one channel a class "
            "at the image's size"
        )
