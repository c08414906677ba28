import numpy as np
import pytest

from segnet_model.base.errors import ImageError
from segnet_model.evaluation.boundary import BoundaryF1

SIZE = (120, 160)  # the diagonal is 200, so the tolerance 1.5 pixels


def square(left, size=SIZE):
    labels = np.zeros(size, np.uint8)
    labels[40:80, left : left + 40] = 1
    return labels


def score(prediction, truth):
    outlines = BoundaryF1(3, 255)
    outlines.update(prediction, truth)
    return outlines


def test_the_same_outlines_are_perfect():
    assert score(square(60), square(60)).scores[:2].tolist() == [1, 1]
    assert score(square(60), square(60)).mean == 1


def test_a_shift_within_the_tolerance_is_none():
    assert score(square(61), square(60)).mean == pytest.approx(1, abs=0.01)


def test_a_square_that_is_moved_loses_its_sides():
    """Of 156 outline pixels of the square, the upper and lower sides still lie on the true ones."""
    found = score(square(70), square(60)).scores[1]
    # 30 of 40 pixels of each horizontal side overlap, and 1.5 pixels more are near.
    assert found == pytest.approx((2 * 31 + 2) / 156, abs=0.03)


def test_a_class_that_is_never_seen_or_predicted_has_no_score():
    scores = score(square(60), square(60)).scores
    assert np.isnan(scores[2])


def test_a_class_that_is_missed_or_made_up_scores_zero():
    empty = np.zeros(SIZE, np.uint8)
    assert score(empty, square(60)).scores[1] == 0
    assert score(square(60), empty).scores[1] == 0


def test_unknown_pixels_make_no_outline():
    truth = square(60)
    truth[:, :60] = 255  # up to the square's left side
    prediction = square(60)
    prediction[:, :60] = 2  # whatever is said there
    assert score(prediction, truth).mean == 1


def test_other_shapes_are_refused():
    with pytest.raises(ImageError, match="but the truth is"):
        score(square(0), square(0, (100, 160)))


def test_a_class_that_the_truth_cannot_have_gets_no_score():
    found = square(60)
    found[:20] = 2
    outlines = BoundaryF1(3, 255, measurable=np.array([True, True, False]))
    outlines.update(found, square(60))
    every = BoundaryF1(3, 255)
    every.update(found, square(60))
    np.testing.assert_array_equal(outlines.scores[:2], every.scores[:2])
    assert np.isnan(outlines.scores[2])
    assert outlines.mean == np.mean(every.scores[:2]) > every.mean
