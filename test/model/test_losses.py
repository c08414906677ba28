import numpy as np
import torch
import torch.nn.functional as F

from segnet_model.data.camvid import open_split
from segnet_model.data.files import write_png
from segnet_model.labels import LabelSet
from segnet_model.losses import cross_entropy, median_frequency_weights


def test_median_frequency_by_hand(tmp_path):
    """Sky fills 3/4 of one image of two, road 1/4 of both, building all of the rest."""
    for name, above in (("a", 0), ("b", 1)):
        labels = np.full((4, 4), above, np.uint8)
        labels[3] = 3
        labels[0, 0] = 11
        for folder in ("train", "trainannot"):
            (tmp_path / folder).mkdir(exist_ok=True)
            write_png(tmp_path / folder / f"{name}.png", labels)
    folder = open_split(tmp_path, "train", LabelSet.load("camvid"))
    expected = np.zeros(11)
    # Frequencies: sky 11/15, building 11/15, road 8/30; the median is 11/15.
    expected[[0, 1, 3]] = 1, 1, (11 / 15) / (8 / 30)
    np.testing.assert_allclose(median_frequency_weights(folder), expected, rtol=1e-6)
    np.testing.assert_allclose(median_frequency_weights(folder, 0.5), expected**0.5, rtol=1e-6)


def test_equals_pytorchs_weighted_mean():
    logits = torch.randn(2, 11, 4, 5)
    labels = torch.randint(0, 12, (2, 4, 5))
    weights = torch.rand(11)
    expected = F.cross_entropy(logits, labels, weights, ignore_index=11)
    torch.testing.assert_close(cross_entropy(logits, labels, weights, 11), expected)


def test_nothing_labelled_costs_nothing():
    logits = torch.randn(1, 3, 2, 2, requires_grad=True)
    loss = cross_entropy(logits, torch.full((1, 2, 2), 255), torch.ones(3), 255)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0
