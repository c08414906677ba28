import base64

import cv2
import numpy as np

from segnet_model.evaluation.evaluate import FrameScore
from segnet_model.evaluation.report.pictures import WRONG, errors, pictures
from segnet_model.evaluation.report.worst import KeptFrame


def kept(networks=1):
    truth = np.array([[0, 1, 255]] * 2, np.uint8)
    labels = np.array([[0, 0, 0]] * 2, np.uint8)
    image = np.full((2, 3, 3), 200, np.uint8)
    unsure = np.array([[0, 1, 0.5]] * 2, np.float32)
    score = (FrameScore(0.5, 0.25, 2 / 3),)
    return KeptFrame(
        "x", score * networks, image, truth, (labels,) * networks, (unsure,) * networks
    )


def decoded(picture):
    data = base64.b64decode(picture.uri.split(",", 1)[1])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_errors_are_red_what_is_unknown_dark_and_the_rest_gray():
    frame = kept()
    drawn = errors(frame, frame.labels[0], 255)
    assert drawn[0].tolist() == [[196] * 3, list(WRONG), [50] * 3]


def test_labels_come_in_exactly_their_classes_colors(labels):
    by_title = {each.title: each for each in pictures(kept(), labels)}
    assert [*by_title] == ["image", "truth", "prediction", "errors", "uncertainty"]
    np.testing.assert_array_equal(decoded(by_title["truth"]), labels.colorize(kept().truth))
    np.testing.assert_array_equal(
        decoded(by_title["prediction"]), labels.colorize(kept().labels[0])
    )
    assert by_title["image"].size == (2, 3)


def test_two_networks_have_a_row_each(labels):
    drawn = [(each.title, each.network) for each in pictures(kept(2), labels)]
    assert drawn[:4] == [("image", None), ("prediction", 0), ("errors", 0), ("uncertainty", 0)]
    assert drawn[4:] == [("truth", None), ("prediction", 1), ("errors", 1), ("uncertainty", 1)]
