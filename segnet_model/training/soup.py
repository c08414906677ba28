"""Means of the weights of several trainings of one network.

A network that was trained further on one kind of images gets better on it and worse on others. The
mean of its weights before and after keeps most of both (Wortsman et al., "Robust fine-tuning of
zero-shot models", CVPR 2022; of several trainings from one start: "Model soups", ICML 2022).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from torch import Tensor, nn

from segnet_model.base.errors import SettingsError
from segnet_model.training.transfer import class_axes
from segnet_model.weights.checkpoint import ModelInfo

Source = tuple[nn.Module, ModelInfo]


def average_weights(sources: Sequence[Source], shares: Sequence[float]) -> Source:
    """Make the mean of networks that were trained from each other, or from one start.

    Weights of another label set count in all tensors but those with rows of classes. Temperature,
    bound and feature score of the sources do not hold for the mean, and are left out.

    Args:
        sources: networks in float32, with their metadata; the classes are those of the first.
        shares: weight of each, more than 0; their sum is scaled to 1.

    Returns:
        The first network, changed, and its metadata.

    Raises:
        SettingsError: fewer than two sources, other networks than the first, or licenses that
            differ.
    """
    if len(sources) < 2 or len(shares) != len(sources):
        raise SettingsError(
            f"{len(sources)} weights and {len(shares)} shares; give two weights or more, and as "
            "many shares"
        )
    (network, info), *_ = sources
    _check_alike([each for _, each in sources])
    own = network.state_dict()
    axes = class_axes(own, info.labels.num_classes, info, warn=False)
    tensors = [dict(each.state_dict()) for each, _ in sources]
    same = [each.labels == info.labels for _, each in sources]
    for name, tensor in own.items():
        taken = [
            (found[name], share)
            for found, share, alike in zip(tensors, shares, same, strict=True)
            if alike or not axes[name]
        ]
        if tensor.is_floating_point():
            tensor.copy_(_mean(taken))
    training = {**info.training, "mean_of": len(sources), "shares": list(shares)}
    return network, replace(info, temperatures={}, bounds={}, features=None, training=training)


def _mean(taken: Sequence[tuple[Tensor, float]]) -> Tensor:
    total = sum(share for _, share in taken)
    first, *others = (tensor * (share / total) for tensor, share in taken)
    return sum(others, start=first)


def _check_alike(infos: Sequence[ModelInfo]) -> None:
    for one, other in pairwise(infos):
        if _kind(one) != _kind(other):
            raise SettingsError(
                f"{other.network} with {dict(other.network_settings)} and {one.network} with "
                f"{dict(one.network_settings)} have other tensors; name weights of one network"
            )
        if one.license != other.license:
            raise SettingsError(
                f"the licenses {one.license} and {other.license} differ; a mean would be of both"
            )


def _kind(info: ModelInfo) -> tuple[str, Mapping[str, object], object, object, object]:
    return info.network, info.network_settings, info.mean, info.std, info.activation
