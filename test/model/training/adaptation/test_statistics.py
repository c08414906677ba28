"""Statistics of batch normalization, measured and mixed."""

import numpy as np
import torch
from torch import nn

from segnet_model.training.adaptation.statistics import measured_statistics, mixed


def test_a_share_of_the_measured_statistics():
    network = nn.Sequential(nn.BatchNorm2d(3)).eval()
    frames = [
        np.full((4, 4, 3), (10, 20, 30), np.uint8),
        np.full((4, 4, 3), (30, 20, 10), np.uint8),
    ]
    new = measured_statistics(
        network, frames * 4, lambda net, images: net(images.float().permute(0, 3, 1, 2)), 0
    )
    torch.testing.assert_close(new[0].running_mean, torch.tensor([20.0, 20.0, 20.0]))
    quarter = mixed(network, new, 0.25)
    torch.testing.assert_close(quarter[0].running_mean, torch.full((3,), 5.0))
    torch.testing.assert_close(quarter[0].running_var, 0.75 + 0.25 * new[0].running_var)
    assert network[0].running_mean.tolist() == [0, 0, 0]  # untouched
    assert not new.training
