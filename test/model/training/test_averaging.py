"""Averaged weights, and the statistics of batch normalization."""

import pytest
import torch
from torch import nn

from segnet_model.training.averaging import WeightAverage, recompute_statistics


def test_the_average_is_the_weighted_mean_of_the_steps():
    network = nn.Linear(1, 1)
    average = WeightAverage(network, 0.9)
    expected = None
    for step in range(1, 30):
        with torch.no_grad():
            network.weight.fill_(step**2)
        average.update(network, step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = step**2 if step == 1 else decay * expected + (1 - decay) * step**2
    assert average.network.weight.item() == pytest.approx(expected, rel=1e-5)


def test_statistics_are_those_of_the_batches():
    network = nn.Sequential(nn.BatchNorm2d(3))
    batches = [torch.randn(4, 3, 5, 5) * 3 + 7 for _ in range(5)]
    recompute_statistics(network, batches, lambda net, x: net(x), seed=0)
    means = torch.stack([b.mean((0, 2, 3)) for b in batches]).mean(0)
    variances = torch.stack([b.var((0, 2, 3)) for b in batches]).mean(0)
    torch.testing.assert_close(network[0].running_mean, means)
    torch.testing.assert_close(network[0].running_var, variances)
    assert not network.training
    recompute_statistics(network, [], lambda net, x: net(x), seed=0)  # none: left as they are
    torch.testing.assert_close(network[0].running_mean, means)


@pytest.mark.parametrize("resumed", [False, True])
def test_an_average_without_a_ramp_begins_with_the_first_weights(resumed):
    """A teacher with good weights takes a tenth of the student's first step, not all of it."""
    network = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(10.0)
    average = WeightAverage(network, 0.9, ramp=False)
    if resumed:  # from a state that was saved before the first step
        average = WeightAverage(nn.Linear(1, 1, bias=False), 0.9, ramp=False)
        average.restore(network.state_dict(), 0)
    with torch.no_grad():
        network.weight.fill_(20.0)
    average.update(network, 1)
    assert average.network.weight.item() == pytest.approx(11.0)
