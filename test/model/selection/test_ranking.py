import numpy as np
import pytest

from segnet_model.inference.predictor import Predictor
from segnet_model.scenes import Drive
from segnet_model.selection.ranking import Candidate, evenly_spaced, information, select

BAYESIAN = "bayesian_segnet_basic_drives"


def plain(brightness):
    return np.full((12, 16, 3), brightness, np.float32)


def different(count):
    """Looks that are all about as unlike each other."""
    return list(np.random.default_rng(0).random((count, 12, 16, 3), np.float32))


def test_the_least_sure_come_first_where_all_are_unlike_and_far_apart():
    looks, scores = different(20), np.full(20, 0.1)
    scores[[8, 0, 16, 4, 12]] = 0.9, 0.8, 0.7, 0.6, 0.5
    candidates = [Candidate(str(i), 100.0 * i, scores[i], looks[i]) for i in range(20)]
    assert [each.name for each in select(candidates, 5)] == ["8", "0", "16", "4", "12"]


def test_the_same_view_is_not_chosen_twice():
    """Ten unsure frames of one wall, at times far apart, and two sure ones of other places."""
    looks = different(2)
    wall = [Candidate(f"wall{i}", 60.0 * i, 0.9, plain(0.5)) for i in range(10)]
    others = [Candidate(f"other{i}", 700.0 + 60 * i, 0.2, looks[i]) for i in range(2)]
    assert {each.name for each in select([*wall, *others], 3)} == {"wall0", "other0", "other1"}


def test_neighbors_in_time_are_not_both_chosen():
    looks = different(40)
    candidates = [Candidate(str(i), 0.1 * i, 1.0 if i < 20 else 0.5, looks[i]) for i in range(40)]
    times = sorted(each.time for each in select(candidates, 4))
    assert min(np.diff(times)) > 0.5  # evenly they would be 1 s apart
    assert max(times) > 2.0  # some of the surer second half too


def test_nothing_like_what_is_labeled_already():
    looks = different(3)
    candidates = [Candidate(str(i), 10.0 * i, 0.9 - 0.2 * i, looks[i]) for i in range(3)]
    assert [each.name for each in select(candidates, 1, known=[looks[0]])] == ["1"]


def test_fewer_than_wanted_and_none():
    assert select([], 5) == []
    one = Candidate("a", 0.0, 0.0, plain(0.1))
    assert select([one], 5) == [one]


def test_scores_are_the_mean_mutual_information():
    image = Drive(4000).frame(0).image
    predictor = Predictor.load(BAYESIAN, "cpu", uncertainty="mc", samples=3)
    prediction = predictor.predict_unscaled(image[None])
    assert information(predictor, image) == pytest.approx(
        prediction.mutual_information.mean().item()
    )
    single = Predictor.load(BAYESIAN, "cpu")
    expected = single.predict_unscaled(image[None]).uncertainty.mean().item()
    assert information(single, image) == pytest.approx(expected)


def test_frames_to_measure_on_are_evenly_spaced():
    assert evenly_spaced(list("abcdefghi"), 3) == ["a", "e", "i"]
    assert evenly_spaced(list("ab"), 5) == ["a", "b"]
    assert evenly_spaced([], 5) == evenly_spaced(list("ab"), 0) == []
