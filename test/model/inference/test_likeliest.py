import cv2
import numpy as np
import pytest

from segnet_model.inference import likeliest
from segnet_model.inference.likeliest import most_likely
from segnet_model.scenes import Drive

TIE = 1e-6  # between two probabilities, where rounding decides


def class_after_class(probabilities, size):
    """Every class at full size: (C, height, width)."""
    return np.stack(
        [cv2.resize(p, size[::-1], interpolation=cv2.INTER_LINEAR) for p in probabilities]
    )


def check(probabilities, size):
    planes = class_after_class(probabilities, size)
    confidence, labels = most_likely(probabilities, size)
    assert (labels.dtype, labels.shape) == (np.uint8, size)
    np.testing.assert_allclose(confidence, planes.max(0), atol=1e-6, rtol=0)
    first, second = np.sort(np.pad(planes, ((1, 0), (0, 0), (0, 0))), 0)[-1:-3:-1]
    clear = first - second > TIE
    assert clear.mean() > 0.999
    np.testing.assert_array_equal(labels[clear], planes.argmax(0)[clear])
    return labels


def blobs(classes, shape, seed=0, sharpness=12.0):
    """Probabilities of classes with smooth borders, as a network's are."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(size=(classes, 6, 8)).astype(np.float32)
    logits = class_after_class(coarse, shape) * sharpness
    powers = np.exp(logits - logits.max(0))
    return (powers / powers.sum(0)).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((62, 110), (540, 960)), ((62, 110), (360, 640)), ((45, 60), (367, 481)),
     ((30, 40), (30, 900)), ((30, 40), (20, 1700)), ((1, 16), (64, 90)), ((12, 1), (90, 64))],
)  # fmt: skip
@pytest.mark.parametrize("classes", [1, 2, 14])
def test_labels_are_those_of_every_class_at_full_size(shape, size, classes):
    labels = check(blobs(classes, shape), size)
    assert len(np.unique(labels)) > (classes > 1)


def test_a_rendered_street_is_the_same_to_the_last_pixel():
    truth = cv2.resize(Drive(7).frame(0).labels, (220, 124), interpolation=cv2.INTER_NEAREST)
    soft = [cv2.GaussianBlur((truth == i).astype(np.float32), (0, 0), 1.5) for i in range(11)]
    check(np.stack(soft), (1080, 1920))


def test_a_class_that_no_corner_has_wins_between_two():
    left, right = np.array([0.5, 0.05, 0.45]), np.array([0.05, 0.5, 0.45])
    p = np.empty((3, 2, 40), np.float32)
    p[..., :20], p[..., 20:] = left[:, None, None], right[:, None, None]
    labels = check(p, (32, 640))
    np.testing.assert_array_equal(np.unique(labels[:, 310:330]), [0, 1, 2])


def test_of_equal_classes_the_first_wins_on_borders_too():
    p = np.zeros((4, 2, 40), np.float32)
    p[1:3, :, :20], p[3, :, 20:] = 0.5, 1
    labels = most_likely(p, (32, 640))[1]
    assert (labels[:, :310] == 1).all()
    assert 2 not in labels


def test_what_is_not_a_number_stays_so_and_spoils_no_other_cell():
    p = blobs(3, (20, 30))
    p[:, 4, 7] = np.nan
    confidence = most_likely(p, (160, 240))[0]
    unknown = np.isnan(confidence)
    assert unknown[32:40, 56:64].all()
    assert not unknown[:24].any()
    assert not unknown[:, 72:].any()


def test_noise_takes_whole_classes_since_every_cell_has_a_border(monkeypatch):
    monkeypatch.delattr(likeliest, "_Border")
    p = np.random.default_rng(0).random((5, 31, 55), np.float32)
    check(p / p.sum(0), (270, 480))
