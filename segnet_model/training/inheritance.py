"""Inheritance: a network takes over the weights of one that was trained before.

Tensors of the same name and shape are copied. Those that answer for classes are copied class by
class, as two label sets may name the same classes in another order.
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
from segnet_model.weights.checkpoint import ModelInfo

logger = logging.getLogger(__name__)
ENOUGH = 0.5  # of the tensors; fewer also fit by accident

Tensors = dict[str, Tensor]
Axes = dict[str, tuple[int, ...]]  # of each tensor, those along which its rows answer for classes
Rows = dict[int, int]  # the old row of each new row that was there before


def take_over(source: nn.Module, given: ModelInfo, network: nn.Module, info: ModelInfo) -> None:
    """Copy what fits; the rest stays as it is.

    Args:
        source: has the old weights.
        given: of the old weights.
        network: changed in place.
        info: of the network.

    Raises:
        SettingsError: hardly anything fits, the weights being of another network.
    """
    old, own = source.state_dict(), network.state_dict()
    before, now = (
        classes_of_channels(each.labels.names, each.activation) for each in (given, info)
    )
    axes = _class_axes(own, len(now), info, warn=before != now)
    fitting = [n for n in own if n in old and _fits(old[n], own[n], axes[n], len(before), len(now))]
    _check_enough(len(fitting), len(own), given, info)
    whole = all(name in fitting for name in own if axes[name])  # what answers is of one size
    rows = {now.index(each): before.index(each) for each in now if whole and each in before}
    for name in fitting:
        _copy(old[name], own[name], axes[name], rows)
    fresh = [name for row, names in enumerate(now) if row not in rows for name in names]
    classes = info.labels.num_classes
    logger.info(
        "took over %d of %d tensors and %d of %d classes%s", len(fitting), len(own),
        classes - len(fresh), classes, f"; {', '.join(fresh)} start fresh" if fresh else "",
    )  # fmt: skip


def _class_axes(own: Tensors, channels: int, info: ModelInfo, warn: bool) -> Axes:
    """Those that grow when the network is made once more, with one output channel more."""
    shapeless = nullcontext() if is_custom(info.network) else torch.device("meta")
    try:
        with torch.random.fork_rng(devices=[]), shapeless:
            more = build_network(info.network, channels + 1, **info.network_settings).state_dict()
    except SettingsError as error:  # of one's own, and made for these classes only
        if warn:
            logger.warning("init's classes stay in their order, whatever their names: %s", error)
        return dict.fromkeys(own, ())
    return {name: _unequal(tensor, more.get(name, tensor)) for name, tensor in own.items()}


def _unequal(one: Tensor, other: Tensor) -> tuple[int, ...]:
    sides = zip(one.shape, other.shape, strict=False)
    return tuple(axis for axis, (a, b) in enumerate(sides) if a != b)


def _fits(old: Tensor, own: Tensor, axes: tuple[int, ...], before: int, now: int) -> bool:
    """Whether a tensor can be copied, be it row by row of so many old ones and so many new ones."""
    expected = [before if axis in axes else side for axis, side in enumerate(own.shape)]
    return list(old.shape) == expected and all(own.shape[axis] == now for axis in axes)


def _check_enough(fitting: int, count: int, given: ModelInfo, info: ModelInfo) -> None:
    if fitting >= ENOUGH * count:
        return
    told = f"only {fitting} of the {count} tensors of {info.network} fit init"
    if given.network != info.network:
        raise SettingsError(
            f"{told}, which is of {given.network}; name weights of {info.network}, or leave init "
            "away"
        )
    logger.warning(
        "%s, made with the settings %s and not %s; the rest starts fresh",
        told, dict(given.network_settings), dict(info.network_settings),
    )  # fmt: skip


def _copy(old: Tensor, own: Tensor, axes: tuple[int, ...], rows: Rows) -> None:
    """Copy a tensor, or where it has rows for classes those that were there before."""
    if axes:
        own[_places(own, axes, [*rows])] = old[_places(own, axes, [*rows.values()])]
    else:
        own.copy_(old)


def _places(own: Tensor, axes: tuple[int, ...], rows: list[int]) -> tuple[Tensor, ...]:
    """An index of these rows along the classes' axes, and of everything along the others."""
    chosen = [rows if axis in axes else list(range(side)) for axis, side in enumerate(own.shape)]
    each = (torch.tensor(places, dtype=torch.long) for places in chosen)
    return torch.meshgrid(*each, indexing="ij")
