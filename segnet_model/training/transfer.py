"""Transfer learning: a network starts with the weights of a trained one.

Tensors of the same name and shape are copied. Tensors of the classes are copied class by class, by
name, as two label sets may hold the same classes in different orders.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from segnet_model.base.errors import SettingsError
from segnet_model.networks import build_network
from segnet_model.networks.custom import is_custom
from segnet_model.networks.outputs import classes_of_channels
from segnet_model.weights.model_info import ModelInfo

logger = logging.getLogger(__name__)
ENOUGH = 0.5  # share of the tensors; fewer also fit by accident

Tensors = dict[str, Tensor]
Axes = dict[str, tuple[int, ...]]  # of each tensor: those with a row for each class
Rows = dict[int, int]  # from the new row of a class to its old row


def transfer_weights(
    source: nn.Module, given: ModelInfo, network: nn.Module, info: ModelInfo
) -> None:
    """Copy the tensors that fit; the others stay as they are.

    Args:
        source: network with the old weights.
        given: metadata of the old weights.
        network: to start; changed in place.
        info: metadata of the network.

    Raises:
        SettingsError: too few tensors fit, as the weights are of another network.
    """
    old, own = source.state_dict(), network.state_dict()
    before, now = (
        classes_of_channels(each.labels.names, each.activation) for each in (given, info)
    )
    known = {_folded(each): row for row, each in reversed([*enumerate(before)])}
    axes = class_axes(own, len(now), info, warn=before != now)
    fitting = [n for n in own if n in old and _fits(old[n], own[n], axes[n], len(before), len(now))]
    _check_enough(len(fitting), len(own), given, info)
    whole = all(name in fitting for name in own if axes[name])  # the classifiers are of one size
    rows = {
        row: before.index(each) if each in before else known[_folded(each)]
        for row, each in enumerate(now)
        if whole and _folded(each) in known
    }
    for name in fitting:
        _copy(old[name], own[name], axes[name], rows)
    fresh = [name for row, names in enumerate(now) if row not in rows for name in names]
    classes = info.labels.num_classes
    logger.info(
        "took over %d of %d tensors and %d of %d classes%s", len(fitting), len(own),
        classes - len(fresh), classes, f"; {', '.join(fresh)} start fresh" if fresh else "",
    )  # fmt: skip


def _folded(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of classes in lower case: grass and Grass are one."""
    return tuple(name.casefold() for name in names)


def class_axes(own: Tensors, channels: int, info: ModelInfo, warn: bool) -> Axes:
    """Find the axes that grow when the network is built with one more output channel."""
    no_storage = nullcontext() if is_custom(info.network) else torch.device("meta")
    try:
        with torch.random.fork_rng(devices=[]), no_storage:
            more = build_network(info.network, channels + 1, **info.network_settings).state_dict()
    except SettingsError as error:  # a custom network, built for these classes only
        if warn:
            logger.warning(
                "init's classes stay in their order, and are not matched by name: %s", error
            )
        return dict.fromkeys(own, ())
    return {name: _unequal(tensor, more.get(name, tensor)) for name, tensor in own.items()}


def _unequal(one: Tensor, other: Tensor) -> tuple[int, ...]:
    sides = zip(one.shape, other.shape, strict=False)
    return tuple(axis for axis, (a, b) in enumerate(sides) if a != b)


def _fits(old: Tensor, own: Tensor, axes: tuple[int, ...], before: int, now: int) -> bool:
    """Whether a tensor fits, whole or by rows, of which the old has `before`, the new `now`."""
    expected = [before if axis in axes else side for axis, side in enumerate(own.shape)]
    return list(old.shape) == expected and all(own.shape[axis] == now for axis in axes)


def _check_enough(fitting: int, count: int, given: ModelInfo, info: ModelInfo) -> None:
    if fitting >= ENOUGH * count:
        return
    message = f"only {fitting} of the {count} tensors of {info.network} fit init"
    if given.network != info.network:
        raise SettingsError(
            f"{message}, which is of {given.network}; name weights of {info.network}, or "
            "leave init away"
        )
    logger.warning(
        "%s, made with the settings %s and not %s; the rest starts fresh",
        message, dict(given.network_settings), dict(info.network_settings),
    )  # fmt: skip


def _copy(old: Tensor, own: Tensor, axes: tuple[int, ...], rows: Rows) -> None:
    """Copy a tensor; where it has rows for classes, only those of classes that both have."""
    if axes:
        own[_index(own, axes, [*rows])] = old[_index(own, axes, [*rows.values()])]
    else:
        own.copy_(old)


def _index(own: Tensor, axes: tuple[int, ...], rows: list[int]) -> tuple[Tensor, ...]:
    """Index of these rows along the classes' axes, and of everything along the others."""
    chosen = [rows if axis in axes else list(range(side)) for axis, side in enumerate(own.shape)]
    each = (torch.tensor(values, dtype=torch.long) for values in chosen)
    return torch.meshgrid(*each, indexing="ij")
