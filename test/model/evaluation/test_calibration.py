import numpy as np
import pytest

from segnet_model.base.errors import ImageError
from segnet_model.evaluation.calibration import (
    Detector,
    PatchAgreement,
    Reliability,
    UncertaintyQuality,
)


def pixels(count=20_000):
    """An uncertainty that knows something, and which pixels are right."""
    rng = np.random.default_rng(4)
    uncertainty = rng.beta(0.5, 2, count).astype(np.float32)
    return uncertainty, rng.random(count) > 0.2 + 0.6 * uncertainty


def fed(uncertainty, right):
    detector = Detector()
    for part in np.array_split(np.arange(len(right)), 7):  # image by image
        detector.update(uncertainty[part], right[part])
    return detector


def test_finding_wrong_pixels_equals_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    uncertainty, right = pixels()
    detector = fed(uncertainty, right)
    assert detector.auroc == pytest.approx(metrics.roc_auc_score(~right, uncertainty), abs=1e-3)
    expected = metrics.average_precision_score(~right, uncertainty)
    assert detector.aupr == pytest.approx(expected, abs=1e-3)


def test_tiny_uncertainties_keep_their_order():
    """Mutual information is near zero nearly everywhere."""
    metrics = pytest.importorskip("sklearn.metrics")
    uncertainty, right = pixels()
    detector = fed(uncertainty * 1e-3, right)
    assert detector.auroc == pytest.approx(metrics.roc_auc_score(~right, uncertainty), abs=5e-3)


@pytest.mark.parametrize(
    ("uncertainty", "right", "auroc", "aupr"),
    [
        ([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0], 1.0, 1.0),
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], 0.0, (1 / 3 + 2 / 4) / 2),
        ([0.5, 0.5, 0.5, 0.5], [1, 0, 1, 1], 0.5, 0.25),
    ],
)
def test_finding_wrong_pixels_by_hand(uncertainty, right, auroc, aupr):
    detector = fed(np.array(uncertainty), np.array(right, bool))
    assert detector.auroc == pytest.approx(auroc)
    assert detector.aupr == pytest.approx(aupr)


def test_without_wrong_pixels_there_is_nothing_to_find():
    detector = fed(np.array([0.1, 0.2]), np.array([True, True]))
    assert np.isnan(detector.auroc)
    assert np.isnan(detector.aupr)


def test_accuracy_of_the_most_certain():
    uncertainty, right = pixels()
    detector = fed(uncertainty, right)
    order = np.argsort(uncertainty)
    for share in (0.1, 0.5, 0.9, 1.0):
        expected = right[order[: int(share * len(order))]].mean()
        assert detector.accuracy_of_most_certain(share) == pytest.approx(expected, abs=2e-3)


def test_calibration_error_of_known_overconfidence():
    """Says 0.9 and is right 6 times of 10; says 0.3 and is right 3 times of 10."""
    reliability = Reliability()
    reliability.update(np.full(10, 0.9), np.arange(10) < 6)
    reliability.update(np.full(30, 0.3), np.arange(30) < 9)
    assert reliability.expected_calibration_error == pytest.approx((10 * 0.3 + 30 * 0) / 40)


def test_a_network_that_is_as_right_as_it_says_has_no_error():
    rng = np.random.default_rng(4)
    confidence = rng.random(200_000)
    reliability = Reliability()
    reliability.update(confidence, rng.random(200_000) < confidence)
    assert reliability.expected_calibration_error < 0.01
    reliability.update(np.array([1.0, 0.0]), np.array([True, False]))  # the ends have bins


def test_patches_by_hand():
    """Four patches: right and sure, right and unsure, wrong and sure, wrong and unsure."""
    right, uncertainty = np.ones((8, 8), bool), np.full((8, 8), 0.1)
    right[4:] = False
    uncertainty[:, 4:] = 0.9
    patches = PatchAgreement()
    patches.update(uncertainty, right, np.ones((8, 8), bool))
    assert patches.value == 0.5
    uncertainty[:4], uncertainty[4:] = 0.1, 0.9
    patches = PatchAgreement()
    patches.update(uncertainty, right, np.ones((8, 8), bool))
    assert patches.value == 1.0


def test_ignored_pixels_never_count():
    truth = np.array([[0, 1, 255, 255]] * 4, np.uint8)
    labels = np.array([[0, 1, 0, 0]] * 4, np.uint8)
    confidence = np.array([[0.8, 0.6, 0.0, 0.0]] * 4)

    def figures(confidence):
        quality = UncertaintyQuality()
        quality.update(labels, confidence, {"entropy": 1 - confidence}, truth, 255)
        return quality.figures()

    assert figures(confidence)["ece"] == pytest.approx(0.3)
    np.testing.assert_equal(figures(confidence), figures(np.where(truth == 255, 1, confidence)))


def test_other_shapes_are_refused():
    with pytest.raises(ImageError, match="but the truth is"):
        UncertaintyQuality().update(
            np.zeros((2, 2), np.uint8), np.zeros((2, 2)), {}, np.zeros((3, 2), np.uint8), 255
        )
