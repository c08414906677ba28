import numpy as np
import pytest

from segnet_model.base.errors import ImageError
from segnet_model.evaluation.metrics import ConfusionMatrix


def test_figures_by_hand():
    """Truth 0 0 0 1 1 2, found 0 0 1 1 0 2, and an ignored pixel: counted on paper."""
    matrix = ConfusionMatrix(4, ignore_id=255)
    matrix.update(np.array([0, 0, 1, 1], np.uint8), np.array([0, 0, 0, 1], np.uint8))
    matrix.update(np.array([0, 2, 3], np.uint8), np.array([1, 2, 255], np.uint8))
    np.testing.assert_allclose(matrix.iou, [2 / 4, 1 / 3, 1, np.nan])
    np.testing.assert_allclose(matrix.accuracy, [2 / 3, 1 / 2, 1, np.nan])
    assert matrix.mean_iou == pytest.approx((1 / 2 + 1 / 3 + 1) / 3)
    assert matrix.mean_accuracy == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert matrix.pixel_accuracy == pytest.approx(4 / 6)


def test_nothing_counted_is_nan_and_no_warning(recwarn):
    matrix = ConfusionMatrix(2, ignore_id=255)
    matrix.update(np.zeros(3, np.uint8), np.full(3, 255, np.uint8))
    assert np.isnan([matrix.mean_iou, matrix.mean_accuracy, matrix.pixel_accuracy]).all()
    assert not recwarn.list


def test_what_does_not_fit_is_refused():
    matrix = ConfusionMatrix(2, ignore_id=255)
    with pytest.raises(ImageError, match=r"\(3,\).*\(4,\)"):
        matrix.update(np.zeros(3, np.uint8), np.zeros(4, np.uint8))
    with pytest.raises(ImageError, match="one of the 2 classes"):
        matrix.update(np.array([2], np.uint8), np.array([0], np.uint8))


def test_a_class_that_the_truth_cannot_have_is_wrong_but_not_measured():
    """Truth 0 0 0 1, found 0 2 2 1: class 2 costs class 0 two of three pixels, and is no zero."""
    matrix = ConfusionMatrix(3, 255, measurable=np.array([True, True, False]))
    matrix.update(np.array([0, 2, 2, 1], np.uint8), np.array([0, 0, 0, 1], np.uint8))
    np.testing.assert_allclose(matrix.iou, [1 / 3, 1, np.nan])
    np.testing.assert_allclose(matrix.precision, [1, 1, np.nan])
    assert (matrix.mean_iou, matrix.pixel_accuracy) == (pytest.approx(2 / 3), 0.5)


def test_what_is_predicted_as_nothing_is_missed():
    """Truth 0 0 1 1, found 0 nothing 1 1, and an ignored pixel."""
    matrix = ConfusionMatrix(2, 255)
    found = np.array([0, 255, 1, 1, 255], np.uint8)
    matrix.update(found, np.array([0, 0, 1, 1, 255], np.uint8))
    assert (matrix.iou.tolist(), matrix.accuracy.tolist()) == ([0.5, 1], [0.5, 1])
    assert (matrix.pixel_accuracy, matrix.pixels.tolist()) == (0.75, [2, 2])
    twice = ConfusionMatrix(2, 255)
    twice.add(matrix)
    twice.add(matrix)
    assert (twice.missed.tolist(), twice.counts.tolist()) == ([2, 0], [[2, 0], [0, 4]])


def test_a_group_of_classes_counts_as_one():
    """Truth 0 0 1 2 2, found 1 2 1 0 2: of 0 and 1, two of three are found, and are right."""
    matrix = ConfusionMatrix(3, 255)
    matrix.update(np.array([1, 2, 1, 0, 2], np.uint8), np.array([0, 0, 1, 2, 2], np.uint8))
    assert matrix.of_group(np.array([True, True, False])) == pytest.approx((2 / 3, 2 / 3))
