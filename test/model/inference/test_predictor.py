from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from segnet_model.base.errors import (
    AnswerError,
    DeviceMemoryError,
    ImageError,
    SettingsError,
    WeightsError,
)
from segnet_model.inference.prediction import Capture
from segnet_model.inference.predictor import Predictor
from segnet_model.weights.checkpoint import load_weights, save_weights


@pytest.fixture
def images():
    """Blocks of 2x2 equal pixels, so that halving them involves no rounding."""
    small = np.random.default_rng(3).integers(0, 256, (2, 64, 96, 3), np.uint8)
    return small.repeat(2, axis=1).repeat(2, axis=2)


def by_hand(path, image):
    """The same from PyTorch's own functions: every other pixel in, bilinear out."""
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
    network.classifier.weight.data.fill_(3e38)  # finite, but no product of it is
    save_weights(tmp_path / "huge.safetensors", network, small_info)
    with pytest.raises(ImageError, match="not finite"):
        Predictor.load(tmp_path / "huge.safetensors").predict(images)


def test_a_wrong_array_device_or_precision_is_refused(weights):
    with pytest.raises(ImageError, match="shape"):
        Predictor.load(weights).predict(np.zeros((4, 4), np.uint8))
    with pytest.raises(SettingsError, match="tpu"):
        Predictor.load(weights, device="tpu")
    with pytest.raises(SettingsError, match="int4"):
        Predictor.load(weights, precision="int4")
    with pytest.raises(WeightsError, match="no such file"):
        Predictor.load("segnet_of_nowhere")


@pytest.fixture
def bayesian(tmp_path, small_info):
    """A weights file of a network with dropout."""
    torch.manual_seed(0)
    info = replace(small_info, network="bayesian_segnet_basic")
    save_weights(tmp_path / "bayesian.safetensors", info.build(), info)
    return tmp_path / "bayesian.safetensors"


def test_monte_carlo_adds_mutual_information_and_variance(bayesian, images):
    single = Predictor.load(bayesian).predict(images[0])
    assert single.mutual_information is None
    assert single.variance is None
    sampled = Predictor.load(bayesian, uncertainty="mc", samples=8).predict(images[0])
    for array in (sampled.mutual_information, sampled.variance):
        assert (array.shape, array.dtype) == ((128, 192), np.float32)
        assert array.min() >= 0
        assert 0 < array.max() <= 1
    assert (sampled.mutual_information <= sampled.uncertainty + 1e-5).all()


def fails(predictor, times):
    """Make the next passes fail as on a full GPU; returns the sizes of all batches."""
    network, batches = predictor.engine.network, []

    def check(module, arguments):
        batches.append(len(arguments[0]))
        if len(batches) <= times:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    network.encoders[-1].register_forward_pre_hook(check)
    return batches


def test_a_full_gpu_is_tried_once_more_in_smaller_batches(bayesian, images):
    whole = Predictor.load(bayesian, "cpu", "float32", uncertainty="mc", samples=4)
    short = Predictor.load(bayesian, "cpu", "float32", uncertainty="mc", samples=4)
    whole._runner.inference.batch = short._runner.inference.batch = 2
    batches = fails(short, times=1)
    found = short.predict(images[0])
    assert batches == [2, 1, 1, 1, 1]
    np.testing.assert_allclose(found.confidence, whole.predict(images[0]).confidence, atol=1e-5)


@pytest.mark.parametrize("uncertainty", ["none", "mc", "temporal"])
def test_a_gpu_that_stays_full_drops_the_frame_with_the_mend(bayesian, images, uncertainty):
    predictor = Predictor.load(bayesian, "cpu", "float32", uncertainty=uncertainty, samples=4)
    batches = fails(predictor, times=2)
    with pytest.raises(DeviceMemoryError, match="too little memory .*free some"):
        predictor.predict(images[0])
    assert len(batches) == 2
    assert predictor.predict(images[0]).labels.shape == (128, 192)  # the next one may fit again


def test_warm_up_leaves_no_trace_in_a_video(bayesian, images):
    predictor = Predictor.load(bayesian, uncertainty="temporal")
    again = Predictor.load(bayesian, uncertainty="temporal")
    again.predict(images[0])
    again.predict(images[1], stamp=1.0)
    again.predict(images[0], stamp=0.0)  # time jumps back
    np.testing.assert_array_equal(
        predictor.predict(images[0]).uncertainty, again.predict(images[0], stamp=9.0).uncertainty
    )


def test_images_of_several_sizes_are_segmented_each_at_its_own(weights, images):
    predictor = Predictor.load(weights, "cpu", "float32")
    several = [images[0], np.ascontiguousarray(images[0][:64]), images[1]]
    found = predictor.predict_each(several, [Capture("front"), Capture("left"), Capture("right")])
    for image, each in zip(several, found, strict=True):
        alone = predictor.predict(image)
        assert (alone.labels == each.labels).mean() > 0.999
        np.testing.assert_allclose(alone.confidence, each.confidence, atol=1e-5)
    assert predictor.predict_each([], []) == []
    with pytest.raises(ImageError, match="no pixels"):
        predictor.predict_each([images[0], images[0][:0]], [Capture(), Capture()])


@pytest.mark.parametrize("channels", [7, 12])
def test_a_network_that_changes_its_channels_is_refused_at_each_pass(
    weights, monkeypatch, channels
):
    """Its ids would be unknown to everybody who has the class map."""
    predictor = Predictor.load(weights, "cpu", engine="torch")
    image = np.zeros((64, 96, 3), np.uint8)
    logits = predictor.engine.logits
    predictor.predict(image)

    def changed(images):
        found = logits(images)
        return torch.cat([found, found], 1)[:, :channels]

    monkeypatch.setattr(predictor.engine, "logits", changed)
    with pytest.raises(AnswerError, match=f"{channels} channels for 11 classes"):
        predictor.predict(image)
    monkeypatch.undo()
    assert predictor.predict(image).labels.max() < 11
