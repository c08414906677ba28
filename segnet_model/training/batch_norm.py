"""Batch normalisation over the batches of several processes, on any device.

PyTorch's own `SyncBatchNorm` needs a GPU.
"""

from __future__ import annotations

from torch import Tensor, nn

from segnet_model.training.processes import mean_over_processes, process_count


class SharedBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose batch is that of all processes together, each with as many images."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (N, C, H, W); the statistics of Ioffe and Szegedy, ICML 2015, algorithm 1."""
        if not self.training:
            return super().forward(x)
        over, column = (0, 2, 3), (1, -1, 1, 1)
        values = x.float()
        mean = mean_over_processes(values.mean(over))
        variance = mean_over_processes((values - mean.view(column)).square().mean(over))
        self._keep(mean.detach(), variance.detach(), values.numel() // len(mean))
        scale = self.weight * (variance + self.eps).rsqrt()
        y = (values - mean.view(column)) * scale.view(column) + self.bias.view(column)
        return y.to(x.dtype)

    def _keep(self, mean: Tensor, variance: Tensor, own: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        count = own * process_count()
        self.num_batches_tracked += 1
        factor = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, factor)
        self.running_var.lerp_(variance * count / (count - 1), factor)


def share_batch_norm(network: nn.Module) -> nn.Module:
    """Let every batch normalisation of a network see all processes' images; changes it in place."""
    for module in network.modules():
        if type(module) is nn.BatchNorm2d and module.affine and module.track_running_stats:
            module.__class__ = SharedBatchNorm2d  # the same parameters, under the same names
    return network


def own_batch_norm(network: nn.Module) -> nn.Module:
    """The opposite of `share_batch_norm`, for a network that one process runs alone."""
    for module in network.modules():
        if type(module) is SharedBatchNorm2d:
            module.__class__ = nn.BatchNorm2d  # type: ignore[assignment]
    return network
