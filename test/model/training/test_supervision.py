import pytest
import torch
import torch.nn.functional as F
from torch import nn

from segnet_model.base.errors import SettingsError
from segnet_model.networks import build_network
from segnet_model.training.supervision import Supervised, shrink_labels

SIZES = {
    "segnet_basic": [(8, 12), (16, 24), (32, 48)],
    "bayesian_segnet": [(4, 6), (8, 12), (16, 24), (32, 48)],
    "unet": [(4, 6), (8, 12), (16, 24), (32, 48)],
    "enet": [(8, 12), (16, 24)],
}


@pytest.mark.parametrize("name", SIZES)
def test_inner_stages_answer_at_their_own_size(name):
    torch.manual_seed(0)
    supervised = Supervised(build_network(name, 5), 5, inner=True).eval()
    x = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        said = supervised(x)
        torch.testing.assert_close(said[0], supervised.network(x))
    assert [tuple(each.shape[-2:]) for each in said] == [(64, 96), *SIZES[name]]
    assert {each.shape[1] for each in said} == {5}


def test_a_head_teaches_what_lies_before_it_and_nothing_behind():
    supervised = Supervised(build_network("segnet_basic", 3, features=4), 3, inner=True)
    supervised(torch.randn(2, 3, 32, 32))[1].square().sum().backward()  # of the first decoder
    touched = {name for name, p in supervised.network.named_parameters() if p.grad is not None}
    assert {name.split(".")[0] for name in touched} == {"encoders", "decoders"}
    assert {name.split(".")[1] for name in touched if name.startswith("decoders")} == {"0"}


def test_without_inner_stages_it_is_the_network_alone():
    network = build_network("segnet_basic", 3, features=4).eval()
    supervised = Supervised(network, 3, inner=False)
    x = torch.randn(1, 3, 32, 32)
    assert len(list(supervised.parameters())) == len(list(network.parameters()))
    with torch.no_grad():
        (alone,) = supervised(x)
        torch.testing.assert_close(alone, network(x))


def test_putting_heads_on_changes_neither_statistics_nor_dropout():
    torch.manual_seed(0)
    network = build_network("bayesian_segnet_basic", 3, features=4).train()
    before = {name: values.clone() for name, values in network.state_dict().items()}
    Supervised(network, 3, inner=True)(torch.randn(2, 3, 32, 32))
    assert network.training
    torch.manual_seed(0)
    again = build_network("bayesian_segnet_basic", 3, features=4)
    Supervised(again, 3, inner=True)
    assert all(torch.equal(before[name], values) for name, values in again.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("size", [(4, 6), (32, 48), (64, 96), (13, 7)])
def test_labels_shrink_as_pytorch_interpolates(size):
    labels = torch.randint(0, 12, (2, 64, 96))
    expected = F.interpolate(labels[:, None].float(), size, mode="nearest-exact")[:, 0].long()
    torch.testing.assert_close(shrink_labels(labels, size), expected)


def test_a_network_without_names_of_stages_is_refused():
    with pytest.raises(SettingsError, match="attribute `supervised`"):
        Supervised(nn.Conv2d(3, 2, 1), 2, inner=True)
