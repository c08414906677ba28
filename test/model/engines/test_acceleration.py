from copy import deepcopy

import pytest
import torch
from torch import nn

from segnet_model.engines.acceleration import accelerate
from segnet_model.engines.winograd import WinogradConv2d
from segnet_model.networks import NETWORKS, build_network

CPU = torch.device("cpu")


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


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_accelerated_networks_give_the_same_values(name, trained):
    network = trained(build_network(name, 5))
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
