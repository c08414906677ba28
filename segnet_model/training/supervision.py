"""Deep supervision: in training, inner stages of a network have outputs and losses too.

Lee et al., "Deeply-Supervised Nets", AISTATS 2015, section 2. A stage close to a loss learns
before the layers behind it can use its features. The outputs are not used afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from segnet_model.base.errors import SettingsError

PROBE_SIZE = 64  # pixels a side of the image with which the features of a stage are counted


class Supervised(nn.Module):
    """A network and, for training, a 1x1 convolution behind each of its inner stages.

    Attributes:
        network: alone, for use.
        heads: from the features of the stages in `network.supervised` to logits.
    """

    def __init__(self, network: nn.Module, channels: int, inner: bool) -> None:
        """Add the heads.

        Args:
            network: on the CPU.
            channels: of its logits.
            inner: whether inner stages have heads.

        Raises:
            SettingsError: they should, and the network names no inner stages.
        """
        super().__init__()
        self.network = network
        names = tuple(getattr(network, "supervised", ())) if inner else ()
        if inner and not names:
            raise SettingsError(
                "this network has no inner stages to supervise; leave supervision at 0, or give it "
                "an attribute `supervised` with the names of modules"
            )
        self._stages = [network.get_submodule(name) for name in names]
        self.heads = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in self._widths())

    def forward(self, x: Tensor) -> list[Tensor]:
        """Logits (N, channels, H, W), then those of the inner stages at their own sizes."""
        logits, features = self._run(x)
        return [logits, *(head(each) for head, each in zip(self.heads, features, strict=True))]

    def _widths(self) -> list[int]:
        """Number of features of each stage."""
        if not self._stages:
            return []
        training = self.network.training
        self.network.eval()  # changes no statistics and draws no random numbers
        with torch.no_grad():
            _, features = self._run(torch.zeros(1, 3, PROBE_SIZE, PROBE_SIZE))
        self.network.train(training)
        return [each.shape[1] for each in features]

    def _run(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Run the network: its logits, and the features of the stages."""
        features: dict[int, Tensor] = {}
        with ExitStack() as hooks:  # temporary: copies of the network must not carry them
            for index, stage in enumerate(self._stages):
                hooks.callback(stage.register_forward_hook(_keep(features, index)).remove)
            logits = self.network(x)
        return logits, [features[index] for index in range(len(self._stages))]


def shrink_labels(labels: Tensor, size: Sequence[int]) -> Tensor:
    """Shrink labels (N, H, W) to the size of an inner stage, by the nearest pixel.

    Args:
        labels: integers.
        size: (height, width).

    Returns:
        (N, height, width), of the labels' type.
    """
    rows, columns = (
        (torch.arange(small, device=labels.device) * 2 + 1) * large // (2 * small)
        for small, large in zip(size, labels.shape[-2:], strict=True)
    )
    return labels[:, rows][:, :, columns]


def _keep(features: dict[int, Tensor], index: int) -> Callable[..., None]:
    def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
        features[index] = output

    return hook
