from functools import cache

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from segnet_model.base.errors import WeightsError
from segnet_model.networks import build_network
from segnet_model.networks.segnet import VGG16_STAGES
from segnet_model.weights.vgg import load_vgg16


def torchvisions():
    """The layers of torchvision's vgg16_bn().features, each batch norm as if it had learned."""
    torch.manual_seed(3)
    layers, inputs = [], 3
    for widths in VGG16_STAGES:
        for width in widths:
            norm = nn.BatchNorm2d(width)
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.5, 2)
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            layers += [nn.Conv2d(inputs, width, 3, padding=1), norm, nn.ReLU()]
            inputs = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers).eval()


@pytest.fixture(scope="module")
def vgg():
    return torchvisions()


@pytest.fixture(scope="module")
def built():
    """Networks to load into: the large ones take long to draw at random."""
    return cache(lambda name: build_network(name, 5).eval())


@pytest.fixture(scope="module")
def file(vgg, tmp_path_factory):
    tensors = {f"features.{k}": v for k, v in vgg.state_dict().items()}
    tensors["classifier.0.weight"] = torch.zeros(4, 4)  # the file has more than the encoder
    path = tmp_path_factory.mktemp("vgg") / "vgg16_bn.pth"
    torch.save(tensors, path)
    save_file(tensors, path.with_suffix(".safetensors"))
    return path


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("name", ["segnet", "bayesian_segnet", "unet"])
def test_the_encoder_gives_vggs_features(name, suffix, vgg, file, built):
    network = built(name)
    for tensor in network.state_dict().values():
        tensor.zero_()  # what another test has loaded
    load_vgg16(network, file.with_suffix(suffix))
    x = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        expected = vgg(x)
        for encoder in network.encoders:
            x = torch.nn.functional.max_pool2d(encoder(x), 2)
    torch.testing.assert_close(x, expected, rtol=1e-4, atol=1e-5)


def test_networks_of_another_shape_are_refused(file):
    with pytest.raises(WeightsError, match="choose segnet"):
        load_vgg16(build_network("segnet_basic", 5), file)
    with pytest.raises(WeightsError, match="choose segnet"):
        load_vgg16(build_network("enet", 5), file)


def test_files_of_another_kind_are_refused(tmp_path, built):
    (tmp_path / "text.pth").write_text("weights")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "short.pth")
    torch.save(nn.Sequential(nn.ReLU()), tmp_path / "module.pth")  # a pickle that would run code
    for name, reason in (
        ("text", "cannot be read"), ("list", "not a state dict"), ("module", "cannot be read"),
        ("short", "1 convolutions of 13"), ("missing", "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(WeightsError, match=f"{reason}.*torchvision"):
            load_vgg16(built("segnet"), tmp_path / f"{name}.pth")


def test_a_file_that_lacks_statistics_is_refused(file, tmp_path, built):
    tensors = torch.load(file)
    del tensors["features.1.running_mean"]
    torch.save(tensors, tmp_path / "plain.pth")
    with pytest.raises(WeightsError, match=r"features\.0 does not fit"):
        load_vgg16(built("segnet"), tmp_path / "plain.pth")
