import pytest
import torch
from torch import nn

from segnet_model.errors import SettingsError
from segnet_model.networks import NETWORKS, build_network


@pytest.mark.parametrize(("name", "millions"), [("segnet", 29.44), ("segnet_basic", 1.42)])
def test_as_large_as_published(name, millions):
    count = sum(p.numel() for p in build_network(name, 11).parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.005)


@pytest.mark.parametrize("size", [(32, 64), (45, 61), (1, 1)])
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_any_size_comes_back(name, size):
    network = build_network(name, 5).eval()
    with torch.inference_mode():
        assert network(torch.randn(2, 3, *size)).shape == (2, 5, *size)


def test_a_crop_of_the_padding_is_all_that_odd_sizes_change():
    network = build_network("segnet_basic", 4, features=8).eval()
    x = torch.randn(1, 3, 41, 50)
    padded = torch.nn.functional.pad(x, (0, 14, 0, 7), mode="replicate")
    with torch.inference_mode():
        torch.testing.assert_close(network(x), network(padded)[..., :41, :50])


def test_basic_has_no_relu_in_the_decoder_and_7x7_kernels():
    network = build_network("segnet_basic", 11)
    assert not [m for m in network.decoders.modules() if isinstance(m, nn.ReLU)]
    assert len([m for m in network.encoders.modules() if isinstance(m, nn.ReLU)]) == 4
    kernels = {m.kernel_size for m in network.modules() if isinstance(m, nn.Conv2d)}
    assert kernels == {(7, 7), (1, 1)}


def test_segnet_has_vgg16s_convolutions_and_their_mirror_image():
    network = build_network("segnet", 11)
    encoder = [m.out_channels for m in network.encoders.modules() if isinstance(m, nn.Conv2d)]
    decoder = [m.in_channels for m in network.decoders.modules() if isinstance(m, nn.Conv2d)]
    assert encoder == [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    assert [*decoder, network.classifier.in_channels] == encoder[::-1]


def test_only_the_places_of_the_maxima_reach_the_decoder():
    """Shift every stage's features by a constant: its places stay, so all else is cut off."""
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
