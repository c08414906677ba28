"""Means of the weights of several trainings of one network.

A network that was trained further on one kind of images gets better on it and worse on others. The
mean of its weights before and after keeps most of both (Wortsman et al., "Robust fine-tuning of
zero-shot models", CVPR 2022; of several trainings from one start: "Model soups", ICML 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from torch import Tensor, nn

from segnet_model.base.errors import SettingsError
from segnet_model.networks.outputs import output_channels
from segnet_model.training.transfer import class_axes
from segnet_model.weights.model_info import ModelInfo

Source = tuple[nn.Module, ModelInfo]


def average_weights(
    sources: Sequence[Source], shares: Sequence[float], network: str | None = None
) -> Source:
    """Make the mean of networks that were trained from each other, or from one start.

    Weights of another label set count in all tensors but those with rows of classes. Temperature,
    bound, feature and place score of the sources do not hold for the mean, and are left out.

    Args:
        sources: networks in float32, with their metadata; the classes are those of the first.
        shares: weight of each, more than 0; their sum is scaled to 1.
        network: name of the mean's network, of which one of the sources is; None takes that of the
            first. A Bayesian network has the tensors of the plain one.

    Returns:
        A new network, and its metadata.

    Raises:
        SettingsError: fewer than two sources, tensors that differ, licenses that differ, or no
            source is of that network.
    """
    if len(sources) < 2 or len(shares) != len(sources):
        raise SettingsError(
            f"{len(sources)} weights and {len(shares)} shares; give two weights or more, and as "
            "many shares"
        )
    (_, first), *_ = sources
    kind = _kind([each for _, each in sources], network or first.network)
    info = replace(
        first, network=kind.network, network_settings=kind.network_settings, temperatures={},
        bounds={}, features=None, place=None,
        training={**first.training, "mean_of": len(sources), "shares": list(shares)},
    )  # fmt: skip
    mean = info.build()
    own = mean.state_dict()
    channels = output_channels(info.labels.num_classes, info.activation)
    axes = class_axes(own, channels, info, warn=False)
    tensors = [each.state_dict() for each, _ in sources]
    same = [each.labels == info.labels for _, each in sources]
    for name, tensor in own.items():
        taken = [
            (found.get(name), share)
            for found, share, alike in zip(tensors, shares, same, strict=True)
            if alike or not axes[name]
        ]
        _set_mean(name, tensor, taken)
    return mean, info


def _set_mean(name: str, tensor: Tensor, taken: Sequence[tuple[Tensor | None, float]]) -> None:
    """Set a tensor to the mean of others; whole numbers, as counts of steps, to the first's."""
    found = [(each, share) for each, share in taken if each is not None]
    if len(found) < len(taken) or any(each.shape != tensor.shape for each, _ in found):
        raise SettingsError(f"{name} is not alike in all; name weights of one network")
    total = sum(share for _, share in found)
    parts = [each * (share / total) for each, share in found]
    tensor.copy_(sum(parts[1:], start=parts[0]) if tensor.is_floating_point() else found[0][0])


def _kind(infos: Sequence[ModelInfo], network: str) -> ModelInfo:
    """The first of the metadata that is of a network, after a check that all go together."""
    for one, other in pairwise(infos):
        if one.license != other.license:
            raise SettingsError(
                f"the licenses {one.license} and {other.license} differ; a mean would be of both"
            )
        if (one.mean, one.std, one.activation) != (other.mean, other.std, other.activation):
            raise SettingsError("the weights expect other images or answers; they have no mean")
    for info in infos:
        if info.network == network:
            return info
    raise SettingsError(
        f"no weights are of {network}; name one of {', '.join({each.network for each in infos})}"
    )
