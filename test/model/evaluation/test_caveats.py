"""What is said of figures that say little."""

import numpy as np
import pytest

from segnet_model.cli import main
from segnet_model.evaluation.caveats import FEW_IMAGES, caveats, few_images
from segnet_model.evaluation.metrics import ConfusionMatrix
from segnet_model.images.files import write_png


def _measured(*truths):
    matrix = ConfusionMatrix(3, 255)
    for truth in truths:
        matrix.update(np.zeros(len(truth), np.uint8), np.array(truth, np.uint8))
    return matrix


@pytest.mark.parametrize(("images", "begins"), [(1, "1 image says little"), (2, "2 images say")])
def test_few_images_say_little(images, begins):
    assert few_images(images).startswith(begins)


def test_enough_images_have_no_caveat():
    assert not few_images(FEW_IMAGES)
    assert not caveats(FEW_IMAGES, _measured([0, 1, 2]), np.array([5, 5, 5]))


def test_one_labeled_class_is_no_test():
    assert "no test" in caveats(50, _measured([0, 0, 255]), np.array([50, 0, 0]))[0]


def test_a_slip_of_the_pen_is_no_second_class():
    """As a pixel at the border, which a tool has drawn."""
    found = caveats(50, _measured([0] * 4999 + [1]), np.array([50, 1, 0]))
    assert found[0].startswith("one class has 99.98% of the labeled pixels, which is no test")
    assert not caveats(50, _measured([0] * 99 + [1]), np.array([50, 50, 0]))


def test_classes_in_few_images_are_counted():
    found = caveats(50, _measured([0, 1, 2]), np.array([50, 2, 1]))
    assert found[0].startswith("2 of the 3 classes are in fewer than 3 images")


def test_the_command_and_the_page_say_so(dataset, weights, tmp_path, capsys):
    for path in (dataset / "valannot").iterdir():
        write_png(path, np.full((64, 96), 3, np.uint8))
    assert main(["evaluate", str(weights), str(dataset), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "note: 2 images say little" in said
    assert "note: one class alone is labeled, which is no test" in said
    page = (tmp_path / "out" / "report.html").read_text()
    assert "2 images say little" in page
    assert "which is no test" in page
