import pytest
import torch
from torch import nn

from segnet_model.base.errors import SettingsError
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.dropout import mask_generator, use_generators
from segnet_model.inference.monte_carlo import MonteCarlo, RunningSums
from segnet_model.inference.prediction import Prediction
from segnet_model.inference.uncertainty import make_inference
from segnet_model.labels import LabelSet
from segnet_model.weights.model_info import ModelInfo


def engine(name="bayesian_segnet_basic", **settings):
    torch.manual_seed(0)
    info = ModelInfo(name, LabelSet.load("camvid"), (32, 48), settings)
    network = info.build()
    with torch.no_grad():  # so that classes differ clearly
        network.classifier.weight *= 8
    return TorchEngine(network, info, "cpu", "float32")


@pytest.fixture
def images():
    return torch.randint(0, 256, (2, 32, 48, 3), dtype=torch.uint8)


def naive(inference, image, samples, seed):
    """Every pass through the whole network, one after the other, all of them kept."""
    passes = []
    for number in range(samples):
        generator = mask_generator(seed, number, torch.device("cpu"))
        with use_generators(inference._dropouts, [generator]):
            passes.append(inference._engine.logits(image))
    return torch.cat(passes).softmax(1).double()


# Another batch makes ENet's convolutions round otherwise, which moves maxima.
@pytest.mark.parametrize(
    ("name", "batch", "samples"),
    [("bayesian_segnet_basic", n, 8) for n in (1, 3, 8)]
    + [("bayesian_segnet", 3, 4), ("bayesian_segnet_lite", 4, 6), ("enet", 1, 4)],
)
def test_equals_naive_sampling_with_the_same_masks(name, batch, samples, images):
    settings = {"features": 8} if name == "bayesian_segnet_basic" else {}
    inference = MonteCarlo(engine(name, **settings), samples=samples, seed=3)
    inference.batch = batch
    with torch.inference_mode():
        prediction = inference(images)
        for index in range(2):
            p = naive(inference, images[index : index + 1], samples, seed=3)
            mean, variance = p.mean(0), p.var(0, correction=0).mean(0)
            entropies = torch.distributions.Categorical(p.movedim(1, -1)).entropy().mean(0)
            close = {"atol": 1e-5, "rtol": 0, "check_dtype": False}
            torch.testing.assert_close(prediction.probabilities[index], mean, **close)
            torch.testing.assert_close(prediction.variance[index], variance, **close)
            torch.testing.assert_close(prediction.mean_entropy[index], entropies, **close)


def test_the_first_half_runs_once(images):
    inference = MonteCarlo(engine(features=8), samples=6)
    runs = []
    network = inference._engine.network
    network.encoders[0].register_forward_hook(lambda *_: runs.append("first"))
    network.encoders[3].register_forward_hook(lambda _, i, y: runs.extend(["last"] * len(y)))
    with torch.inference_mode():
        inference(images[:1])
    assert (runs.count("first"), runs.count("last")) == (1, 6)


def test_the_seed_determines_the_prediction(images):
    def predict(seed):
        with torch.inference_mode():
            return MonteCarlo(engine(features=8), 4, seed)(images).probabilities

    assert torch.equal(predict(1), predict(1))
    assert not torch.equal(predict(1), predict(2))


def test_measures_of_known_samples():
    """Two passes that are certain of different classes have the highest mutual information."""
    sums = RunningSums()
    sums.add(torch.tensor([[1.0, 0.0], [0.0, 1.0]])[..., None, None])
    prediction = sums.prediction()
    assert prediction.uncertainty.item() == pytest.approx(1)
    assert prediction.mutual_information.item() == pytest.approx(1)
    assert prediction.variance.item() == pytest.approx(0.25)
    # Two that are equally unsure disagree in nothing.
    sums = RunningSums()
    sums.add(torch.full((2, 2, 1, 1), 0.5))
    prediction = sums.prediction()
    assert prediction.uncertainty.item() == pytest.approx(1)
    assert prediction.mutual_information.item() == pytest.approx(0)
    assert prediction.variance.item() == pytest.approx(0)


def test_one_pass_has_no_mutual_information():
    assert Prediction(torch.full((1, 2, 1, 1), 0.5)).mutual_information is None


def test_memory_can_be_reduced_down_to_one_sample_at_once(images):
    inference = MonteCarlo(engine(features=8), samples=8)
    inference.batch = 4
    with torch.inference_mode():
        before = inference(images).probabilities
        assert inference.reduce_memory()
        assert inference.reduce_memory()
        assert (inference.batch, inference.reduce_memory()) == (1, False)
        torch.testing.assert_close(inference(images).probabilities, before, atol=1e-6, rtol=0)


def test_any_module_with_dropout_can_be_sampled(images):
    info = ModelInfo("segnet_basic", LabelSet.load("camvid"), (32, 48))
    own = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.Dropout(0.3), nn.Conv2d(16, 11, 1))
    with torch.inference_mode():
        prediction = MonteCarlo(TorchEngine(own, info, "cpu", "float32"), 5)(images)
    assert prediction.mutual_information.mean() > 0


@pytest.mark.parametrize(
    ("changed", "mend"),
    [
        ({"uncertainty": "bayes"}, "none, mc, temporal"),
        ({"samples": 0}, "at least 1"),
        ({"seed": -1}, "give 0 to"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed, mend):
    settings = {"uncertainty": "mc", "samples": 2, "seed": 0, **changed}
    with pytest.raises(SettingsError, match=mend):
        make_inference(engine(features=8), **settings)


@pytest.mark.parametrize("uncertainty", ["mc", "temporal"])
def test_networks_without_dropout_are_refused(uncertainty):
    with pytest.raises(SettingsError, match="no dropout"):
        make_inference(engine("segnet_basic", features=8), uncertainty, 2, 0)
