from copy import deepcopy

import pytest
import torch
from torch import nn

from segnet_model.engines.acceleration import accelerate, fold_batch_norm
from segnet_model.engines.capabilities import warn_once
from segnet_model.engines.winograd import WinogradConv2d
from segnet_model.networks import NETWORKS, build_network

CPU = torch.device("cpu")


def with_statistics(network):
    """A network with batch normalizations as after training."""
    generator = torch.Generator().manual_seed(5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            nn.init.uniform_(module.weight, 0.5, 1.5, generator=generator)
            nn.init.normal_(module.bias, 0, 0.2, generator=generator)
    return network.eval()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(8, 12), (7, 9), (1, 2), (2, 1)])
def test_winograd_is_the_convolution(size, bias):
    convolution = nn.Conv2d(5, 7, 3, padding=1, bias=bias).double()
    x = torch.randn(2, 5, *size, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(WinogradConv2d(convolution)(x), convolution(x))


def test_winograd_is_as_exact_as_the_convolution_in_float32():
    convolution = nn.Conv2d(256, 64, 3, padding=1)
    x = torch.randn(1, 256, 24, 32)
    with torch.inference_mode():
        exact = deepcopy(convolution).double()(x.double())
        error = (WinogradConv2d(convolution)(x) - exact).abs().max()
    assert error < 1e-5


@pytest.mark.parametrize(
    "changed",
    [{"kernel_size": 5}, {"stride": 2}, {"padding": 0}, {"dilation": 2}, {"groups": 2},
     {"padding_mode": "reflect"}],
)  # fmt: skip
def test_winograd_leaves_other_convolutions_alone(changed):
    arguments = {"kernel_size": 3, "padding": 1, **changed}
    assert not WinogradConv2d.suits(nn.Conv2d(4, 4, **arguments))
    assert not WinogradConv2d.suits(nn.ReLU())


def test_folding_leaves_no_batch_norm_and_the_same_values():
    network = with_statistics(build_network("segnet_basic", 5, features=8)).double()
    x = torch.randn(1, 3, 48, 64, dtype=torch.float64)
    folded = fold_batch_norm(deepcopy(network))
    assert not [m for m in folded.modules() if isinstance(m, nn.BatchNorm2d)]
    with torch.inference_mode():
        torch.testing.assert_close(folded(x), network(x))


def test_folding_keeps_a_batch_norm_that_follows_something_else():
    network = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 4, 1)).eval()
    assert isinstance(fold_batch_norm(network)[1], nn.BatchNorm2d)


class Block(nn.Module):
    """A convolution and its batch normalization as attributes, as many networks have them."""

    def __init__(self):
        super().__init__()
        self.convolution, self.normalization = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

    def forward(self, x):
        return self.normalization(self.convolution(x))


def test_folding_warns_of_batch_norms_that_stay(caplog):
    warn_once.cache_clear()
    network = with_statistics(nn.Sequential(Block(), nn.Conv2d(4, 5, 1), nn.BatchNorm2d(5)))
    x = torch.randn(1, 3, 9, 9)
    with torch.inference_mode():
        expected = network(x)
        torch.testing.assert_close(fold_batch_norm(network)(x), expected)
    assert isinstance(network[2], nn.Identity)
    assert "1 batch normalizations of Sequential are computed on their own" in caplog.text


@pytest.mark.parametrize("name", NETWORKS)
def test_our_networks_fold_without_warnings(name, caplog):
    warn_once.cache_clear()
    fold_batch_norm(build_network(name, 5).eval())
    assert not caplog.text


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_accelerated_networks_give_the_same_values(name):
    network = with_statistics(build_network(name, 5))
    x = torch.randn(1, 3, 40, 48)
    with torch.inference_mode():
        expected = network(x)
        network = accelerate(network, CPU, torch.float32)
        found = network(x)
    scale = expected.abs().max()
    # Rounding may move the place of a maximum, which moves single values.
    close = (found - expected).abs() < 1e-4 * scale
    assert close.float().mean() > 0.999
    wide = [m for m in network.modules() if isinstance(m, WinogradConv2d)]
    if name == "segnet":  # of 26: those with 128 channels and more on both sides
        assert len(wide) == 20
