"""Calibration of a data set that breaks while it is read."""

from __future__ import annotations

import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.fitting import calibrate
from segnet_model.labels import LabelSet


def breaking(path, share):
    """A report of progress that empties a file from a share on."""
    return lambda done: path.write_bytes(b"") if done >= share else None


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("split", ["val", "valannot"])
def test_a_file_that_breaks_between_two_passes_is_no_lack_of_images(dataset, weights, split, share):
    folder, before = open_split(dataset, "val", LabelSet.load("camvid")), weights.read_bytes()
    path = dataset / split / "0.png"
    with pytest.raises(DatasetError, match=str(path)):
        calibrate(weights, folder, 0.9, breaking(path, share), device="cpu")
    assert weights.read_bytes() == before
