"""Batch normalization, folded into the convolution before it.

In eval mode a batch normalization multiplies and adds for each channel (Ioffe and Szegedy, ICML
2015, algorithm 2), which the convolution's weights and bias can do as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.overrides import TorchFunctionMode

from segnet_model.base.listed import join_first
from segnet_model.engines.capabilities import warn_once

SIDE = 64  # pixels of the image that shows in which order the layers run
NAMED = 4  # names in a warning
# A subclass may compute more than its name says.
_CONVOLUTIONS = (nn.Conv2d.forward, nn.ConvTranspose2d.forward)
_FACTS = (torch.Size, torch.dtype, torch.device, torch.layout, int, bool)  # of a tensor's form


def fold_batch_norm(network: nn.Module) -> nn.Module:
    """Fold each BatchNorm2d that runs directly after a convolution into that convolution.

    The order is found by running the network once on a small image, so it does not matter how the
    layers are stored. A normalization stays if its convolution has other users, and a warning names
    it. One that follows something else, such as a concatenation, stays too.

    Args:
        network: from (N, 3, H, W) to any tensors; changed in place; must be in eval mode.

    Returns:
        The network.
    """
    names = {m: name for name, m in network.named_modules() if isinstance(m, nn.BatchNorm2d)}
    if not names:
        return network
    try:
        order = _observe(network)
    except Exception as error:  # of any network's code
        _warn(network, f"it does not run on {SIDE}x{SIDE} pixels ({error})")
        return network
    folded = dict(_folded(order))
    for module in list(network.modules()):
        for name, child in module._modules.items():
            if child in folded:
                setattr(module, name, folded[child])
    left = [names[m] for m, before in order.before.items() if before and m not in folded]
    if left:
        _warn(
            network,
            f"{join_first(left, NAMED)}; each can be folded if it has running statistics, "
            "and alone uses the values of a plain convolution that runs once",
        )
    return network


def _warn(network: nn.Module, reason: str) -> None:
    kind = type(network).__name__
    warn_once(f"{kind} computes batch normalizations on their own, which is slower: {reason}")


def _folded(order: _Order) -> Iterator[tuple[nn.Module, nn.Module]]:
    """Pairs of a module and its replacement."""
    for normalization, convolution in order.before.items():
        if (
            isinstance(convolution, nn.Conv2d | nn.ConvTranspose2d)
            and order.runs[normalization] == order.runs[convolution] == 1
            and order.users[convolution] == 1
            and type(convolution).forward in _CONVOLUTIONS
            and "weight" in convolution._parameters  # not computed of others, as by weight_norm
            and type(normalization).forward is nn.BatchNorm2d.forward
            and normalization.running_mean is not None
        ):
            transposed = isinstance(convolution, nn.ConvTranspose2d)
            yield convolution, fuse_conv_bn_eval(convolution, normalization, transposed)
            yield normalization, nn.Identity()


class _Order(TorchFunctionMode):
    """Records, while a network runs, the users of each convolution's values.

    Attributes:
        before: of each batch normalization that ran, the convolution whose values it got, or None.
        runs: of each of these modules.
        users: of each convolution's values.
    """

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[nn.BatchNorm2d, nn.Module | None] = {}
        self.runs: Counter[nn.Module] = Counter()
        self.users: Counter[nn.Module] = Counter()
        self._makers: dict[int, nn.Module] = {}
        self._values: list[Tensor] = []  # kept, so that no other gets the same id

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if not isinstance(result, _FACTS):
            self.add_users([args, kwargs])
        return result

    def add_users(self, values: Any) -> None:
        """Count a use of every convolution's values among nested ones."""
        if isinstance(values, Tensor) and id(values) in self._makers:
            self.users[self._makers[id(values)]] += 1
        elif isinstance(values, dict):
            self.add_users(list(values.values()))
        elif isinstance(values, list | tuple):
            for value in values:
                self.add_users(value)

    def after_convolution(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        """A forward hook."""
        self.runs[module] += 1
        self._makers[id(output)] = module
        self._values.append(output)

    def before_normalization(self, module: nn.Module, inputs: Any) -> None:
        """A forward hook that runs before the layer."""
        assert isinstance(module, nn.BatchNorm2d)
        self.runs[module] += 1
        self.before[module] = self._makers.get(id(inputs[0])) if inputs else None


def _observe(network: nn.Module) -> _Order:
    order, hooks = _Order(), []
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            hooks.append(module.register_forward_hook(order.after_convolution))
        elif isinstance(module, nn.BatchNorm2d):
            hooks.append(module.register_forward_pre_hook(order.before_normalization))
    like = next(network.parameters())
    try:
        image = torch.zeros(1, 3, SIDE, SIDE, dtype=like.dtype, device=like.device)
        with torch.inference_mode(), order:
            order.add_users(network(image))
    finally:
        for hook in hooks:
            hook.remove()
    return order
