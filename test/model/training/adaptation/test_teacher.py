"""The teacher's labels: thresholds by class, codes, pasted classes, the mean of two views."""

import numpy as np
import pytest
import torch

from segnet_model.training.adaptation.teacher import (
    HIGHEST,
    ClassThresholds,
    class_mix,
    coded,
    decoded,
    probabilities,
)

IGNORE = 255


def test_a_rare_class_that_is_never_sure_keeps_as_large_a_share_as_a_common_one():
    rng = np.random.default_rng(0)
    labels = (rng.random((100, 400)) < 0.1).astype(np.uint8)  # a tenth is of class 1
    confidence = np.where(labels == 0, rng.uniform(0.6, 0.85, labels.shape),
                          rng.uniform(0.2, 0.5, labels.shape)).astype(np.float32)  # fmt: skip
    thresholds = ClassThresholds(3, keep=0.6)
    for _ in range(100):
        thresholds.update(labels, confidence)
    known = thresholds.known(labels, confidence)
    for each in (0, 1):
        assert known[labels == each].mean() == pytest.approx(0.6, abs=0.03)
    assert thresholds.levels[2] == 0.5  # never seen: as it began


def test_what_is_very_sure_is_always_learned():
    labels = np.zeros((50, 50), np.uint8)
    confidence = np.full(labels.shape, HIGHEST + 0.02, np.float32)
    confidence[:20] = 0.999
    thresholds = ClassThresholds(1, keep=0.1)
    for _ in range(100):
        thresholds.update(labels, confidence)
    assert thresholds.levels[0] > 0.95
    assert thresholds.known(labels, confidence).all()


def test_codes_hold_labels_and_confidence():
    labels = np.array([[0, 13], [7, 2]], np.uint8)
    confidence = np.array([[1.0, 0.5], [0.25, 0.9]], np.float32)
    known = np.array([[True, True], [True, False]])
    ids, sure = decoded(coded(labels, confidence, known, IGNORE))
    assert ids.tolist() == [[0, 13], [7, IGNORE]]
    np.testing.assert_allclose(sure, [[1, 0.5], [0.25, 0]], atol=0.003)


def test_half_of_the_classes_are_pasted_with_their_pixels_and_never_the_ignored():
    image, codes = np.zeros((4, 6, 3), np.uint8), np.full((4, 6), 9, np.uint16)
    labels = np.repeat(np.array([[1, 2, 3, 4, IGNORE, IGNORE]], np.uint8), 4, 0)
    donor_codes = coded(labels, np.ones(labels.shape, np.float32), labels != IGNORE, IGNORE)
    donor = np.repeat(labels[..., None], 3, 2)
    class_mix(image, codes, (donor, donor_codes), IGNORE, np.random.default_rng(0))
    pasted = (codes & 255) != 9
    assert pasted.any(0).sum() == 2  # columns, of four
    assert (image[pasted] == labels[pasted][:, None]).all()
    assert (codes[pasted] == donor_codes[pasted]).all()
    assert not image[~pasted].any()
    nothing = np.full((4, 6), IGNORE, np.uint16)
    before = codes.copy()
    class_mix(image, codes, (donor, nothing), IGNORE, np.random.default_rng(0))
    assert (codes == before).all()


def test_two_views_are_averaged_in_place():
    """A network that sees the left edge alone: the mean is the same on both sides."""

    def forward(network, images):
        logits = torch.zeros(len(images), 2, *images.shape[1:3])
        logits[:, 1, :, 0] = 4.0
        return logits

    chances = probabilities(torch.nn.Identity(), [np.zeros((2, 5, 3), np.uint8)], forward,
                            "softmax")  # fmt: skip
    edge, middle = 1 / (1 + np.exp(-4.0)), 0.5
    expected = [(edge + middle) / 2, middle, middle, middle, (edge + middle) / 2]
    np.testing.assert_allclose(chances[0, 1, 0].numpy(), expected, rtol=1e-6)
