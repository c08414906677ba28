"""Weights of rare classes, by hand."""

import numpy as np

from segnet_model.datasets.folder import open_split
from segnet_model.images.files import write_png
from segnet_model.labels import LabelSet
from segnet_model.training.class_weights import count_classes, enet, median_frequency


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
    counts = count_classes(folder)
    assert set(counts.missing) == set(folder.label_set.names) - {"Sky", "Building", "Road"}
    seen = counts.pixels > 0
    np.testing.assert_allclose(median_frequency(counts)[seen], expected[seen], rtol=1e-6)
    # ENet's: of all 30 labeled pixels, sky and building have 11 each and road 8.
    shares = np.array([11, 11, 0, 8, 0, 0, 0, 0, 0, 0, 0]) / 30
    np.testing.assert_allclose(enet(counts), 1 / np.log(1.02 + shares), rtol=1e-6)
    assert 1.4 < enet(counts).min() < enet(counts).max() < 51
