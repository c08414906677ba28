from dataclasses import replace
from functools import cache

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from segnet_model.base.errors import SettingsError
from segnet_model.networks import NETWORKS, build_network


@pytest.fixture(scope="module")
def built():
    """Networks of 5 classes, for inference only: the large ones take long to initialize."""
    return cache(lambda name: build_network(name, 5).eval())


def drawn(name, classes):
    """A network without values, which is free to build."""
    with torch.device("meta"):
        return build_network(name, classes)


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("segnet", 29.44), ("bayesian_segnet", 29.44),
        ("segnet_basic", 1.42), ("bayesian_segnet_basic", 1.42), ("enet", 0.37),
    ],
)  # fmt: skip
def test_as_large_as_published(name, millions):
    count = sum(p.numel() for p in drawn(name, 11).parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.005)


@pytest.mark.parametrize("size", [(32, 64), (45, 61), (1, 1)])
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_any_size_comes_back(name, size, built):
    with torch.inference_mode():
        assert built(name)(torch.randn(2, 3, *size)).shape == (2, 5, *size)


def textbook(network, x):
    """SegNet as everyone writes it, with PyTorch's own pooling."""
    behind = []
    for encoder in network.encoders:
        x = encoder(x)
        size = x.shape[2:]
        x, indices = F.max_pool2d(x, 2, return_indices=True)
        behind.append((indices, size))
    for decoder in network.decoders:
        indices, size = behind.pop()
        x = decoder(F.max_unpool2d(x, indices, 2, output_size=size))
    return network.classifier(x)


@pytest.mark.parametrize("size", [(45, 61), (90, 120), (64, 32)])
@pytest.mark.parametrize("name", ["segnet", "segnet_basic", "bayesian_segnet"])
def test_equals_the_textbook_at_odd_sizes_too(name, size, built):
    network = built(name)
    x = torch.randn(1, 3, *size)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), textbook(network, x))


def sites(network):
    """Which stages dropout follows, counted from the image, and with which probability."""
    stages = len(network.encoders)
    encoders = [i + 1 for i, m in enumerate(network.encoder_dropouts) if isinstance(m, nn.Dropout)]
    decoders = [
        stages - i for i, m in enumerate(network.decoder_dropouts) if isinstance(m, nn.Dropout)
    ]
    return encoders, decoders, {m.p for m in network.modules() if isinstance(m, nn.Dropout)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bayesian_segnet", ([3, 4, 5], [5, 4, 3], {0.5})),
        ("bayesian_segnet_basic", ([3, 4], [4, 3], {0.5})),
        ("segnet", ([], [], set())),
        ("segnet_basic", ([], [], set())),
    ],
)
def test_dropout_follows_the_central_stages(name, expected):
    assert sites(drawn(name, 5)) == expected


def test_dropout_is_where_its_stage_ends():
    network = build_network("bayesian_segnet_basic", 5, features=8).train()
    seen = []
    for index, module in enumerate(network.encoder_dropouts):
        module.register_forward_hook(lambda m, i, y, n=index: seen.append((n, i[0].shape[-1])))
    for index, module in enumerate(network.decoder_dropouts):
        module.register_forward_hook(lambda m, i, y, n=index: seen.append((-n, i[0].shape[-1])))
    network(torch.randn(2, 3, 32, 32))
    # After the poolings the map is half as wide; after the decoders as wide as before.
    assert seen == [(2, 4), (3, 2), (0, 4), (-1, 8), (-2, 16), (-3, 32)]


@pytest.mark.parametrize("name", ["bayesian_segnet_basic", "segnet_basic"])
def test_both_halves_equal_the_whole_also_for_several_samples(name):
    network = build_network(name, 5, features=8).eval()
    x = torch.randn(1, 3, 40, 48)
    with torch.inference_mode():
        intermediate = network.first_half(x)
        several = replace(intermediate, x=intermediate.x.expand(3, -1, -1, -1))
        torch.testing.assert_close(network.second_half(several), network(x).expand(3, -1, -1, -1))


@pytest.mark.parametrize("dropout", [-0.1, 1.0, "much"])
@pytest.mark.parametrize(
    "name", ["bayesian_segnet", "bayesian_segnet_basic", "bayesian_segnet_lite", "enet"]
)
def test_impossible_dropouts_are_refused(name, dropout):
    with pytest.raises(SettingsError, match="dropout"):
        build_network(name, 5, dropout=dropout)


def test_enet_is_made_of_the_papers_bottlenecks():
    network = build_network("enet", 11)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    dilations = [m.dilation[0] for m in convolutions if m.dilation != (1, 1)]
    assert dilations == [2, 4, 8, 16, 2, 4, 8, 16]
    assert len([m for m in convolutions if m.kernel_size == (5, 1)]) == 4
    assert {m.p for m in network.modules() if isinstance(m, nn.Dropout2d)} == {0.01, 0.1}


def test_unet_passes_whole_features_to_the_decoder():
    network = drawn("unet", 11)
    widths = [stage[0][0].in_channels for stage in network.decoders]
    assert widths == [512 + 512, 512 + 512, 512 + 256, 256 + 128, 128 + 64]


def test_basic_has_no_relu_in_the_decoder_and_7x7_kernels():
    network = build_network("segnet_basic", 11)
    assert not [m for m in network.decoders.modules() if isinstance(m, nn.ReLU)]
    assert len([m for m in network.encoders.modules() if isinstance(m, nn.ReLU)]) == 4
    kernels = {m.kernel_size for m in network.modules() if isinstance(m, nn.Conv2d)}
    assert kernels == {(7, 7), (1, 1)}


def test_segnet_has_vgg16s_convolutions_and_their_mirror_image():
    network = drawn("segnet", 11)
    encoder = [m.out_channels for m in network.encoders.modules() if isinstance(m, nn.Conv2d)]
    decoder = [m.in_channels for m in network.decoders.modules() if isinstance(m, nn.Conv2d)]
    assert encoder == [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    assert [*decoder, network.classifier.in_channels] == encoder[::-1]


def test_only_the_positions_of_the_maxima_reach_the_decoder():
    """Shift every stage's features by a constant: its positions stay, so all else is cut off."""
    network = build_network("segnet_basic", 3, features=8).eval()
    x = torch.randn(1, 3, 32, 32)

    def changed(stage):
        hook = network.encoders[stage].register_forward_hook(lambda m, i, y: y * 2 + 1)
        # What the next stage sees is put back, so only a skip connection could tell.
        undo = network.encoders[stage + 1].register_forward_pre_hook(lambda m, i: ((i[0] - 1) / 2,))
        try:
            return network(x)
        finally:
            hook.remove()
            undo.remove()

    with torch.inference_mode():
        for stage in range(3):
            torch.testing.assert_close(changed(stage), network(x), atol=1e-4, rtol=1e-4)


def test_unknown_names_and_settings_are_refused_with_what_there_is():
    with pytest.raises(SettingsError, match="segnet_basic"):
        build_network("resnet", 11)
    with pytest.raises(SettingsError, match="features"):
        build_network("segnet_basic", 11, depth=4)


@pytest.mark.parametrize("features", ["abc", -1, 0, 2.5, None])
def test_settings_that_cannot_be_built_are_refused(features):
    with pytest.raises(SettingsError, match="cannot be built with .*features"):
        build_network("segnet_basic", 11, features=features)
