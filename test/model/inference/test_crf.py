import pytest
import torch

from segnet_model.base.choices import REFINEMENTS
from segnet_model.base.errors import SettingsError
from segnet_model.inference.crf import DenseCrf
from segnet_model.inference.prediction import Prediction
from segnet_model.inference.predictor import Predictor


def scene(classes=2):
    """A dark left and a bright right half, and a prediction that is right but noisy and shifted."""
    generator = torch.Generator().manual_seed(1)
    image = torch.zeros(1, 32, 48, 3, dtype=torch.uint8)
    image[:, :, 24:] = 200
    logits = torch.randn(1, classes, 32, 48, generator=generator)
    logits[:, 0, :, :27] += 2  # three pixels too far
    logits[:, 1, :, 27:] += 2
    truth = (torch.arange(48) >= 24).long().expand(32, 48)
    return logits.softmax(1), image, truth


def test_noise_goes_and_the_edge_moves_to_that_of_the_image():
    p, image, truth = scene()
    refined = DenseCrf().refine(p, image)
    before, after = ((q.argmax(1)[0] == truth).float() for q in (p, refined))
    assert before.mean() < 0.9
    assert after.mean() > 0.98
    assert after[:, 24:27].mean() > before[:, 24:27].mean() + 0.5


@pytest.mark.parametrize("classes", [1, 2, 11])
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (33, 47)])
def test_probabilities_stay_probabilities(classes, size):
    p = torch.randn(2, classes, *size).softmax(1)
    images = torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8)
    refined = DenseCrf().refine(p, images)
    assert refined.shape == p.shape
    assert refined.min() >= 0
    torch.testing.assert_close(refined.sum(1), torch.ones(2, *size))


def test_equals_mean_field_pixel_by_pixel():
    """Equation 3 and algorithm 1 of the paper, written with loops over all pairs."""
    crf = DenseCrf(reach=2, step=1, iterations=2, smoothness=0.3, appearance_color=60)
    p = torch.randn(1, 3, 4, 5, generator=torch.Generator().manual_seed(2)).softmax(1)
    image = torch.randint(0, 256, (1, 4, 5, 3), dtype=torch.uint8)
    places = [(y, x) for y in range(4) for x in range(5)]

    def kernel(a, b):
        apart = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2
        color = (image[0][a].float() - image[0][b].float()).square().sum().item()
        exp = lambda value: torch.tensor(value).exp().item()  # noqa: E731
        return 1.5 * exp(-apart / 200 - color / 7200) + 0.3 * exp(-apart / 8)

    q = p.clone()
    for _ in range(2):
        message = p.log()
        for a in places:
            for b in places:
                if a != b and max(abs(a[0] - b[0]), abs(a[1] - b[1])) <= 2:
                    message[0, :, a[0], a[1]] += kernel(a, b) * q[0, :, b[0], b[1]]
        q = message.softmax(1)
    torch.testing.assert_close(crf.refine(p, image), q, atol=1e-5, rtol=1e-5)


def test_uncertainty_stays_that_of_the_network():
    p, image, _ = scene()
    prediction = Prediction(p, torch.rand(1, 32, 48), torch.rand(1, 32, 48))
    refined = DenseCrf()(prediction, image)
    assert torch.equal(refined.refined, DenseCrf().refine(p, image))
    assert torch.equal(refined.uncertainty, prediction.uncertainty)
    assert torch.equal(refined.mutual_information, prediction.mutual_information)


def test_a_predictor_takes_labels_from_the_crf_and_confidence_from_the_network(weights):
    image = torch.randint(0, 256, (64, 96, 3), dtype=torch.uint8).numpy()
    plain, refining = Predictor.load(weights, "cpu"), Predictor.load(weights, "cpu", refine="crf")
    p = plain.predict_unscaled(image[None]).probabilities
    labels = DenseCrf().refine(p, torch.from_numpy(image)[None]).argmax(1)
    found = refining.predict(image)
    assert (found.labels == labels[0].numpy()).all()
    expected = p.gather(1, labels[:, None])[0, 0].numpy()
    assert found.confidence == pytest.approx(expected, abs=1e-6)
    assert found.uncertainty == pytest.approx(plain.predict(image).uncertainty, abs=1e-6)


def test_unknown_refinements_are_refused():
    with pytest.raises(SettingsError, match="none, crf"):
        REFINEMENTS.find("sharpen")
