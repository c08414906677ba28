"""The truth is PyTorch's own answer before folding, in double precision."""

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from segnet_model.engines.capabilities import warn_once
from segnet_model.engines.folding import fold_batch_norm
from segnet_model.networks import NETWORKS, build_network


@pytest.fixture(autouse=True)
def no_warnings_yet():
    warn_once.cache_clear()


def left(network):
    return [name for name, m in network.named_modules() if isinstance(m, nn.BatchNorm2d)]


def folded(network):
    """Names of the batch normalizations that stay; the values must be the same to rounding."""
    network = network.double().eval()
    x = torch.randn(2, 3, 40, 48, dtype=torch.float64)
    with torch.inference_mode():
        expected = network(x)
        network = fold_batch_norm(deepcopy(network))
        found = network(x)
    torch.testing.assert_close(found, expected)
    return left(network)


@pytest.mark.parametrize("name", NETWORKS)
def test_our_networks_fold_without_warnings(name, trained, caplog):
    network = build_network(name, 5).eval()
    fold_batch_norm(network)
    # ENet's first one follows a concatenation.
    assert left(network) == (["initial.activation.0"] if name == "enet" else [])
    assert not caplog.text


@pytest.mark.parametrize("name", ["segnet_basic", "segnet_lite", "enet"])
def test_folding_keeps_the_values(name, trained):
    settings = {"features": 8} if name == "segnet_basic" else {}
    folded(trained(build_network(name, 5, **settings)))


class Net(nn.Module):
    """Layers as attributes, as many networks have them, and a forward pass to be given."""

    def __init__(self, run, **layers):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.run = run

    def forward(self, x):
        return self.run(self, x)


@pytest.mark.parametrize(
    ("run", "layers"),
    [
        (lambda n, x: n.b(n.a(x)), {}),
        (lambda n, x: F.relu(n.b(n.a(x))), {"a": nn.Conv2d(3, 4, 5, stride=2, bias=False)}),
        (lambda n, x: n.b(n.c(n.a(x))), {"c": nn.Identity()}),
        (lambda n, x: n.b(n.a(x)), {"a": nn.ConvTranspose2d(3, 4, 2, stride=2)}),
        (lambda n, x: n.b(n.a(x)) + x.mean(), {"a": nn.Conv2d(3, 4, 3, padding_mode="reflect")}),
        (lambda n, x: n.b(n.a(x)), {"b": nn.BatchNorm2d(4, affine=False)}),
        (lambda n, x: n.layers["b"](n.layers["a"](x)),
         {"layers": nn.ModuleDict({"a": nn.Conv2d(3, 4, 1), "b": nn.BatchNorm2d(4)}),
          "a": None, "b": None}),
        (lambda n, x: n.b(n.a(x))[:, :, : n.a(x[:, :, :8]).shape[-2]] if n.training
         else n.b(n.a(x)), {}),
    ],
    ids=["attributes", "no_bias", "identity", "transposed", "reflect", "not_affine", "dict",
         "another_way_in_training"],
)  # fmt: skip
def test_the_order_of_running_counts_not_the_container(run, layers, trained, caplog):
    assert folded(trained(Net(run, **layers))) == []
    assert not caplog.text


def test_a_layer_with_two_names_is_replaced_at_both(trained):
    block = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    network = Net(lambda n, x: n.block(x), a=block[0], b=block[1], block=block)
    assert folded(trained(network)) == []


class Scaled(nn.Conv2d):
    def forward(self, x):
        return 2 * super().forward(x)


class Activated(nn.BatchNorm2d):
    def forward(self, x):
        return F.relu(super().forward(x))


def both(network, x):
    values = network.a(x)
    return network.b(values) + values


def in_place(network, x):
    values = network.a(x)
    values += 1
    return network.b(values)


def answers_both(network, x):
    values = network.a(x)
    return [network.b(values), {"values": values}]


@pytest.mark.parametrize(
    ("run", "layers"),
    [
        (both, {}),
        (in_place, {}),
        (answers_both, {}),
        (lambda n, x: n.b(n.a(x)) + n.a(x), {}),
        (lambda n, x: n.b(n.a(x)) + n.b(n.c(x)), {"c": nn.Conv2d(3, 4, 1)}),
        (lambda n, x: n.b(n.a(x)), {"b": nn.BatchNorm2d(4, track_running_stats=False)}),
        (lambda n, x: n.b(n.a(x)), {"a": Scaled(3, 4, 1)}),
        (lambda n, x: n.b(n.a(x)), {"b": Activated(4)}),
        (lambda n, x: n.b(n.a(x)), {"a": weight_norm(nn.Conv2d(3, 4, 1))}),
    ],
    ids=["both", "in_place", "answers_both", "twice", "shared", "no_statistics", "own_convolution",
         "own_normalization", "weight_norm"],
)  # fmt: skip
def test_others_stay_and_are_named(run, layers, trained, caplog):
    assert folded(trained(Net(run, **layers))) == ["b"]
    assert "Net computes batch normalizations on their own, which is slower: b; each" in caplog.text


def test_those_that_no_convolution_precedes_stay(trained, caplog):
    network = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 1))
    assert folded(trained(network)) == ["0"]
    assert not caplog.text


def test_a_long_list_is_cut(trained, caplog):
    layers = [Net(both, a=nn.Conv2d(4 if i else 3, 4, 1)) for i in range(6)]
    assert len(folded(trained(nn.Sequential(*layers)))) == 6
    assert "slower: 0.b, 1.b, 2.b, 3.b and 2 more; each" in caplog.text


def test_a_network_that_cannot_run_keeps_them_with_the_reason(trained, caplog):
    network = trained(Net(lambda n, x: n.b(n.a(x[:, :2]))))
    assert left(fold_batch_norm(network)) == ["b"]
    assert "slower: it does not run on 64x64 pixels" in caplog.text


def test_no_hook_stays(trained):
    network = fold_batch_norm(trained(Net(lambda n, x: n.b(n.a(x)) + n.c(x), c=nn.Conv2d(3, 4, 1))))
    assert not [m for m in network.modules() if m._forward_hooks or m._forward_pre_hooks]
