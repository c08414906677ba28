import pytest
import torch
from torch import nn

from segnet_model.base.errors import SettingsError
from segnet_model.inference.dropout import (
    SampledDropout,
    mask_generator,
    replace_dropouts,
    use_generators,
)
from segnet_model.networks import build_network

CPU = torch.device("cpu")


def sampled(dropout, x, *numbers, seed=1):
    with use_generators([dropout], [mask_generator(seed, n, CPU) for n in numbers]):
        return dropout(x)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_drops_the_given_share_and_keeps_the_mean(probability):
    x = torch.ones(1, 64, 50, 60)
    y = sampled(SampledDropout(probability), x, 0)
    kept = (y != 0).float().mean()
    # Five standard deviations of so many independent draws.
    assert kept == pytest.approx(1 - probability, abs=5 * (0.25 / x.numel()) ** 0.5)
    torch.testing.assert_close(y[y != 0].unique(), torch.tensor([1 / (1 - probability)]))


def test_neighboring_values_are_dropped_independently():
    y = sampled(SampledDropout(0.5), torch.ones(1, 64, 50, 60), 0) - 1
    for axis in (1, 2, 3):
        correlation = (y * y.roll(1, axis)).mean()
        assert abs(correlation) < 5 / y.numel() ** 0.5


def test_a_samples_mask_depends_on_seed_and_number_alone():
    dropout = SampledDropout(0.5)
    x = torch.ones(3, 4, 8, 9)
    together = sampled(dropout, x, 0, 1, 2)
    assert torch.equal(together[1:2], sampled(dropout, x[:1], 1))
    last = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(together, sampled(dropout, last, 0, 1, 2))
    assert not torch.equal(together[0], together[1])
    assert not torch.equal(together, sampled(dropout, x, 0, 1, 2, seed=2))


def test_whole_channels_are_dropped_together():
    y = sampled(SampledDropout(0.5, whole_channels=True), torch.ones(1, 64, 5, 6), 0)
    assert (y == y[..., :1, :1]).all()
    assert 16 < (y[0, :, 0, 0] != 0).sum() < 48


def test_without_generators_nothing_is_dropped():
    x = torch.randn(1, 4, 8, 9)
    dropout = SampledDropout(0.5)
    sampled(dropout, x, 0)
    assert dropout(x) is x


def test_every_dropout_of_a_network_is_found():
    assert len(replace_dropouts(build_network("bayesian_segnet_basic", 5, features=8))) == 4
    own = nn.Sequential(nn.Sequential(nn.Dropout2d(0.2)), nn.Dropout(0.3), nn.Dropout(0.0))
    assert [(d.probability, d.whole_channels) for d in replace_dropouts(own)] == [
        (0.3, False),
        (0.2, True),
    ]


def test_a_network_without_dropout_is_refused_with_the_mend():
    with pytest.raises(SettingsError, match="bayesian_segnet_basic"):
        replace_dropouts(build_network("segnet_basic", 5, features=8))
