"""What the engine promises, on every device: the same tests on the CPU and on an NVIDIA GPU."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from segnet_model.engines.cuda_graph import MAX_GRAPHS
from segnet_model.engines.gpu_health import gpu_health
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.predictor import Predictor
from segnet_model.networks.inputs import Normalize, resize_image
from segnet_model.scenes import Drive
from segnet_model.training.settings import SCRATCH, TrainSettings
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.shipped import find_weights

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)]
# Other tests hold the same of the CPU; here it shows that these tests are right.
SLOW = [pytest.param("cpu", marks=pytest.mark.slow), DEVICES[1]]
SHIPPED = ["segnet_basic_drives", "bayesian_segnet_basic_drives", "enet_camvid",
           "segnet_lite_outdoor"]  # fmt: skip


def opened(name, device, precision="float32"):
    return TorchEngine(*load_weights(find_weights(name)), device, precision)


@pytest.fixture(scope="module")
def images():
    """Two of a rendered drive: (2, 96, 128, 3) uint8."""
    drive = Drive(7)
    return np.stack([resize_image(drive.frame(i).image, (96, 128)) for i in (0, 40)])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(("precision", "agree"), [("float32", 0.999), ("bfloat16", 0.98)])
def test_labels_are_those_of_the_plain_network(name, precision, agree, device, images):
    """The plain network: layer after layer, on the CPU, in float32."""
    engine, (network, info) = opened(name, device, precision), load_weights(find_weights(name))
    x = torch.from_numpy(images)
    with torch.inference_mode():
        found = engine.logits(x).cpu()
        plain = network(Normalize(info.mean, info.std)(x))
    found = F.interpolate(found, size=plain.shape[-2:], mode="bilinear", align_corners=False)
    assert (found.argmax(1) == plain.argmax(1)).float().mean() > agree


@pytest.mark.parametrize("device", SLOW)
def test_a_predictor_answers_any_number_of_sizes(device, images):
    """On a GPU these are recordings of kernels, and there are more sizes than it keeps."""
    predictor = Predictor(opened("segnet_basic_drives", device))
    reference = Predictor(opened("segnet_basic_drives", "cpu"))
    for width in [*range(64, 64 + 8 * (MAX_GRAPHS + 1), 8), 64]:
        x = np.ascontiguousarray(images[:, :64, :width])
        found, expected = predictor.predict(x), reference.predict(x)
        assert found.labels.shape == (2, 64, width)
        assert (found.labels == expected.labels).mean() > 0.999
        assert np.abs(found.confidence - expected.confidence).mean() < 1e-3


@pytest.mark.parametrize("device", SLOW)
def test_samples_depend_on_the_seed_alone(device, images):
    def confidence(seed):
        engine = opened("bayesian_segnet_basic_drives", device)
        return Predictor(engine, "mc", samples=3, seed=seed).predict(images[0]).confidence

    first = confidence(3)
    assert np.array_equal(confidence(3), first)
    assert not np.array_equal(confidence(4), first)


@pytest.mark.parametrize("device", SLOW)
def test_a_training_writes_weights_for_every_device(device, dataset, images, tmp_path):
    settings = TrainSettings(
        network="segnet_basic", network_settings={"features": 8}, input_size=(32, 48), epochs=2,
        batch_size=2, device=device, init=SCRATCH,
    )  # fmt: skip
    weights = train(dataset, tmp_path / "run", settings)
    network, info = load_weights(weights)
    assert next(network.parameters()).device.type == "cpu"
    assert info.training["step"] == info.training["steps"]
    assert np.isfinite(Predictor.load(weights, "cpu").predict(images).confidence).all()


@pytest.mark.cuda
def test_the_gpus_health_is_read():
    health = gpu_health(torch.device("cuda"))
    assert 0 < health.free <= 1
