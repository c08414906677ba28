import numpy as np
import pytest
import torch
import torch.nn.functional as F

from segnet_model.checkpoint import load_weights, save_weights
from segnet_model.errors import ImageError, SettingsError, WeightsError
from segnet_model.predictor import Predictor


@pytest.fixture
def images():
    """Blocks of 2x2 equal pixels, so that halving them involves no rounding."""
    small = np.random.default_rng(3).integers(0, 256, (2, 64, 96, 3), np.uint8)
    return small.repeat(2, axis=1).repeat(2, axis=2)


def by_hand(path, image):
    """The same answer from PyTorch's own functions: every other pixel in, bilinear out."""
    network, info = load_weights(path)
    small = image[::2, ::2]
    x = (torch.tensor(small) / 255 - torch.tensor(info.mean)) / torch.tensor(info.std)
    with torch.inference_mode():
        p = network(x.permute(2, 0, 1)[None].float()).softmax(1)
    return p, F.interpolate(p, size=(128, 192), mode="bilinear", align_corners=False)[0]


def test_equals_pytorch_by_hand(weights, images):
    found = Predictor.load(weights, "cpu", "float32").predict(images[0])
    _, probabilities = by_hand(weights, images[0])
    confidence, labels = probabilities.max(0)
    assert (found.labels.dtype, found.labels.shape) == (np.uint8, (128, 192))
    assert (found.labels == labels.numpy()).mean() > 0.999
    np.testing.assert_allclose(found.confidence, confidence, atol=1e-4)


def test_uncertainty_is_the_entropy_of_the_network(weights, images):
    found = Predictor.load(weights, "cpu", "float32").predict(images[0])
    p, _ = by_hand(weights, images[0])
    entropy = torch.distributions.Categorical(p.movedim(1, -1)).entropy() / np.log(11)
    full = F.interpolate(entropy[:, None], size=(128, 192), mode="bilinear")[0, 0]
    np.testing.assert_allclose(found.uncertainty, full, atol=1e-4)


def test_a_batch_is_its_images_one_by_one(weights, images):
    predictor = Predictor.load(weights, "cpu", "float32")
    together = predictor.predict(images)
    for index, image in enumerate(images):
        alone = predictor.predict(image)
        assert (together.labels[index] == alone.labels).mean() > 0.999
        np.testing.assert_allclose(together.uncertainty[index], alone.uncertainty, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (7, 500), (33, 65)])
def test_answers_have_the_size_of_the_image(weights, size):
    found = Predictor.load(weights).predict(np.zeros((*size, 3), np.uint8))
    for array in (found.labels, found.confidence, found.uncertainty):
        assert array.shape == size


def test_bfloat16_agrees_with_float32(weights, images):
    exact = Predictor.load(weights, "cpu", "float32").predict(images)
    half = Predictor.load(weights, "cpu", "bfloat16").predict(images)
    assert np.abs(half.confidence - exact.confidence).mean() < 0.02
    assert (half.labels == exact.labels).mean() > 0.8  # random weights hardly prefer any class


def test_answers_that_are_not_finite_are_refused(tmp_path, small_info, images):
    network = small_info.build()
    network.classifier.bias.data[0] = float("nan")
    save_weights(tmp_path / "nan.safetensors", network, small_info)
    with pytest.raises(ImageError, match="not finite"):
        Predictor.load(tmp_path / "nan.safetensors").predict(images)


def test_a_wrong_array_device_or_precision_is_refused(weights):
    with pytest.raises(ImageError, match="shape"):
        Predictor.load(weights).predict(np.zeros((4, 4), np.uint8))
    with pytest.raises(SettingsError, match="tpu"):
        Predictor.load(weights, device="tpu")
    with pytest.raises(SettingsError, match="int4"):
        Predictor.load(weights, precision="int4")
    with pytest.raises(WeightsError, match="no such file"):
        Predictor.load("segnet_of_nowhere")
