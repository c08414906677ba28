from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from segnet_model.base.errors import SettingsError
from segnet_model.networks import build_network
from segnet_model.networks.efficientnet_lite import EfficientNetLite
from segnet_model.networks.segnet_lite import CROSSINGS

HEAD = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000  # parameters of the published classifier


def build(name="segnet_lite", **settings):
    """A network of 5 classes for inference, whose batch normalizations have learned something."""
    torch.manual_seed(0)
    network = build_network(name, 5, **settings)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.bias, -0.2, 0.5)
    return network.eval()


# Millions as published, with the classifier: of TensorFlow's repository and of timm.
@pytest.mark.parametrize(
    ("size", "millions", "channels"),
    [
        ("lite0", 4.652, (16, 24, 40, 112, 320)),
        ("lite1", 5.417, (16, 24, 40, 112, 320)),
        ("lite2", 6.092, (16, 24, 48, 120, 352)),
    ],
)
def test_encoders_are_as_large_as_published(size, millions, channels):
    with torch.device("meta"):
        encoder = EfficientNetLite(size)
        features = encoder(torch.empty(2, 3, 64, 96))
    count = sum(each.numel() for each in encoder.parameters())
    last = 32 * 1280 if size == "lite2" else 0  # its deepest features are 352 channels
    assert (count + HEAD + last) / 1e6 == pytest.approx(millions, abs=0.001)
    assert encoder.channels == channels
    expected = [(2, c, 64 // s, 96 // s) for c, s in zip(channels, (2, 4, 8, 16, 32), strict=True)]
    assert [tuple(each.shape) for each in features] == expected


def textbook(network, x, crossing):
    """The forward pass with PyTorch's own pooling, unpooling and upsampling."""
    height, width = x.shape[-2:]
    x = F.pad(x, (0, -width % 32, 0, -height % 32), mode="replicate")
    features = []
    for stage in network.encoder.stages:
        x = stage(x)
        features.append(x)
    pooled = [
        nn.Upsample(x.shape[-2:], mode="bilinear")(level(nn.AdaptiveAvgPool2d(cells)(x)))
        for level, cells in zip(network.pyramid.levels, (1, 2, 4, 8), strict=True)
    ]
    x = network.pyramid.mixed(torch.cat([x, *pooled], 1))
    for decoder, skip in zip(network.decoders, features[3::-1], strict=True):
        x = decoder.narrow(x)
        if crossing == "features":
            x = nn.Upsample(scale_factor=2, mode="bilinear")(x)
        else:
            x = F.max_unpool2d(x, F.max_pool2d(skip, 2, return_indices=True)[1], 2)
        if crossing != "positions":
            x = x + decoder.skip(skip)
        x = decoder.mix(x)
    small = network.classifier(x)[..., : -(-height // 2), : -(-width // 2)]
    return nn.Upsample((height, width), mode="bilinear")(small)


@pytest.mark.parametrize("size", [(64, 96), (45, 61)])
@pytest.mark.parametrize("crossing", CROSSINGS)
def test_equals_the_textbook(crossing, size):
    network = build(crossing=crossing)
    x = torch.randn(2, 3, *size)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), textbook(network, x, crossing))


@pytest.mark.parametrize("crossing", CROSSINGS)
def test_positions_alone_hide_the_features_themselves(crossing):
    """Growing features keep their maxima's positions, so only a decoder of features can tell."""
    network = build(crossing=crossing, sampled=5)
    with torch.inference_mode():
        before = network.first_half(torch.randn(1, 3, 64, 96))
        grown = replace(before, passed=tuple(each * 2 + 1 for each in before.passed))
        same = torch.equal(network.second_half(before), network.second_half(grown))
    assert same == (crossing == "positions")


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("crossing", CROSSINGS)
def test_every_parameter_learns(crossing, batch):
    network = build(crossing=crossing).train()
    network(torch.randn(batch, 3, 64, 96)).square().mean().backward()
    idle = [name for name, each in network.named_parameters() if not each.grad.any()]
    assert not idle


@pytest.mark.parametrize("sampled", range(1, 6))
@pytest.mark.parametrize("crossing", CROSSINGS)
def test_both_halves_equal_the_whole_also_for_several_samples(crossing, sampled):
    network = build("bayesian_segnet_lite", crossing=crossing, sampled=sampled)
    x = torch.randn(1, 3, 40, 70)
    with torch.inference_mode():
        intermediate = network.first_half(x)
        several = replace(intermediate, x=intermediate.x.expand(3, -1, -1, -1))
        small = network.second_half(several)
        assert small.shape == (3, 5, 20, 35)
        found = nn.Upsample((40, 70), mode="bilinear")(small)
        torch.testing.assert_close(found, network(x).expand(3, -1, -1, -1))


def operations(call):
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        result = call()
    return counter.get_total_flops(), result


@pytest.mark.parametrize(("sampled", "share"), [(1, 0.006), (2, 0.14), (3, 0.27)])
def test_a_sample_costs_a_small_share_of_a_pass(sampled, share):
    with torch.device("meta"):
        network = build_network("bayesian_segnet_lite", 11, sampled=sampled).eval()
        first, intermediate = operations(lambda: network.first_half(torch.empty(1, 3, 360, 480)))
        second, _ = operations(lambda: network.second_half(intermediate))
    assert first + second == pytest.approx(4.07e9, rel=0.01)
    assert second / (first + second) == pytest.approx(share, rel=0.05)


@pytest.mark.parametrize("sampled", range(1, 6))
def test_dropout_starts_where_the_sampled_stages_do(sampled):
    network = build("bayesian_segnet_lite", sampled=sampled).train()
    seen = []
    network.dropout.register_forward_hook(lambda m, i, y: seen.append(i[0].shape[-1]))
    network(torch.randn(2, 3, 64, 64))
    assert seen == [2, 4, 8, 16, 32][-sampled:]
    assert network.dropout.p == 0.3


def test_without_dropout_the_bayesian_one_is_the_same():
    plain, bayesian = build(), build("bayesian_segnet_lite")
    bayesian.load_state_dict(plain.state_dict())
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(plain(x), bayesian(x))
    assert not [m for m in plain.modules() if isinstance(m, nn.Dropout2d)]


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"encoder": "lite9"}, "lite0, lite1, lite2"),
        ({"encoder": 0}, "lite0, lite1, lite2"),
        ({"crossing": "all"}, "features, positions, both"),
        ({"sampled": 0}, "give 1 to 5"),
        ({"sampled": 2.5}, "give 1 to 5"),
        ({"depth": 3}, "crossing"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_built_are_refused(settings, mend):
    with pytest.raises(SettingsError, match=mend):
        build_network("segnet_lite", 5, **settings)
