from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from math import inf, nan

import numpy as np
import pytest

from segnet_model.base.errors import DatasetError, SettingsError
from segnet_model.base.tables import OF_WEIGHTS, USUAL_BOUND, AnswerSettings
from segnet_model.cli import main
from segnet_model.datasets.folder import open_split
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.evaluation.drivable import (
    BOUNDS,
    LEAST_AREA,
    Areas,
    DrivableQuality,
    RiskCurve,
    areas_at,
    fit_bound,
)
from segnet_model.evaluation.evaluate import Evaluation, evaluate_all
from segnet_model.evaluation.fitting import calibrate
from segnet_model.evaluation.fitting_exports import calibrate_onnx
from segnet_model.images.files import read_image, write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.inference.segmentation import Segmentation
from segnet_model.labels import LabelSet
from segnet_model.weights.bounds import Bound
from segnet_model.weights.checkpoint import load_weights, replace_info
from segnet_model.weights.tensors import read_tensors

LABELS = LabelSet.load("camvid")
SKY, ROAD, VOID = 0, 3, 11
PIXELS = 10_000


def image_at(bounds, wrong_from):
    """Areas of an image whose first 8,000 pixels are road, and wrong_from a tenth of them."""
    return [Areas(8000, 800 * (u >= wrong_from), 9000, PIXELS) for u in bounds]


def test_areas_count_labeled_pixels_alone():
    truth = np.array([[ROAD, ROAD, SKY, VOID]], np.uint8)
    area = np.array([[255, 0, 255, 255]], np.uint8)
    assert Areas.count(area, truth, LABELS) == Areas(2, 1, 2, 3)


@pytest.mark.parametrize(
    ("areas", "loss"),
    [
        (Areas(200, 10, 300, 1000), 0.05),
        (Areas(0, 0, 300, 1000), 0.0),
        (Areas(2, 1, 300, 1000), 1 / (1000 * LEAST_AREA)),  # not a half: the area is tiny
        (Areas(0, 0, 0, 0), 0.0),  # an image without labels
    ],
)
def test_the_loss_of_an_image(areas, loss):
    assert areas.loss == pytest.approx(loss)


def test_quality_of_two_images():
    quality = DrivableQuality()
    for areas in (Areas(100, 10, 180, 1000), Areas(300, 0, 420, 1000)):
        quality.update(areas)
    assert quality.risk == pytest.approx(0.05)
    assert quality.precision == pytest.approx(390 / 400)
    assert quality.recall == pytest.approx(390 / 600)


def test_without_images_nothing_is_known():
    quality = DrivableQuality()
    assert np.isnan([quality.risk, quality.precision, quality.recall]).all()


def test_the_bound_of_a_toy_whose_answer_is_known():
    # 300 images go wrong from 0.2 on, 500 from 0.6 on and 199 never, by 0.1 each. The risk on
    # [0.2, 0.6) is (300 * 0.1 + 1) / 1000 = 0.031, from 0.6 on (800 * 0.1 + 1) / 1000 = 0.081.
    bounds = np.linspace(0, 1, 11)
    curve = RiskCurve(bounds)
    for count, wrong_from in ((300, 0.2), (500, 0.6), (199, 2.0)):
        for _ in range(count):
            curve.update(image_at(bounds, wrong_from))
    np.testing.assert_allclose(curve.risks, np.repeat([0.001, 0.031, 0.081], [2, 4, 5]))
    found = {risk: curve.fit(risk).max_uncertainty for risk in (0.002, 0.031, 0.08, 0.081, 0.5)}
    assert found == {0.002: 0.1, 0.031: 0.5, 0.08: 0.5, 0.081: 1.0, 0.5: 1.0}
    assert curve.fit(0.031).kept == pytest.approx((8000 * 999 - 800 * 300) / (9000 * 999))


AREAS = ((100, 0), (100, 50), (900, 50))


def test_a_loss_counts_at_every_higher_bound():
    curve = RiskCurve(np.array([0.0, 0.5, 1.0]))
    for _ in range(9):  # wrong at 0.5 alone: the share falls where the area grows
        curve.update(
            [Areas(100, 0, 900, 1000), Areas(100, 50, 900, 1000), Areas(900, 50, 900, 1000)]
        )
    np.testing.assert_allclose(curve.risks, [0.1, 0.55, 0.55])


def test_new_images_keep_the_promise():
    """The mean loss of a new image stays below the risk, over many draws of calibrations."""
    rng = np.random.default_rng(0)
    risk, losses, bounds = 0.1, [], np.linspace(0, 1, 21)
    for _ in range(400):
        curve, wrong_from = RiskCurve(bounds), rng.uniform(0, 1, 31)
        for each in wrong_from[:-1]:
            curve.update([Areas(8000, 8000 * (u >= each), 9000, PIXELS) for u in bounds])
        best = np.flatnonzero(curve.risks <= risk)[-1]
        losses.append(float(bounds[best] >= wrong_from[-1]))
    assert 0.03 < np.mean(losses) <= risk


@pytest.mark.parametrize(
    ("images", "risk", "message"),
    [
        (1, 0.01, "needs at least 99 labeled images, and there are 1; give more, or --risk 0.5"),
        (98, 0.01, "at least 99 labeled images, and there are 98; give more, or --risk 0.011"),
        (18, 0.05, "at least 19"),
    ],
)
def test_too_few_images_are_refused(images, risk, message):
    curve = RiskCurve()
    for _ in range(images):
        curve.update(image_at(BOUNDS, 2.0))
    with pytest.raises(DatasetError, match=message):
        curve.fit(risk)


def test_as_few_images_as_the_promise_needs_are_enough():
    curve = RiskCurve()
    for _ in range(99):
        curve.update(image_at(BOUNDS, 2.0))
    assert curve.fit(0.01) == Bound(USUAL_BOUND, 0.01, 8000 / 9000, 99)


def test_a_promise_that_no_bound_keeps_is_refused_with_one_that_can_be():
    curve = RiskCurve()
    for _ in range(199):
        curve.update(image_at(BOUNDS, 0.0))
    with pytest.raises(DatasetError, match=r"these 199 images --risk 0\.105 can be promised"):
        curve.fit(0.01)
    assert curve.fit(0.105).max_uncertainty == USUAL_BOUND


def test_a_bound_that_leaves_nothing_drivable_is_refused():
    curve = RiskCurve(np.array([0.0, 1.0]))
    for _ in range(199):
        curve.update([Areas(0, 0, 9000, PIXELS), Areas(8000, 4000, 9000, PIXELS)])
    with pytest.raises(DatasetError, match=r"a tenth of the ground drivable.* --risk 0\.503"):
        curve.fit(0.01)


def test_images_without_ground_or_a_blind_network_are_refused():
    curve = RiskCurve(np.array([0.0, 1.0]))
    for _ in range(99):
        curve.update([Areas(0, 0, 0, PIXELS)] * 2)
    with pytest.raises(DatasetError, match="no pixel of these images is of a drivable class"):
        curve.fit(0.01)
    curve.update([Areas(0, 0, 9000, PIXELS)] * 2)
    with pytest.raises(DatasetError, match="finds 0 % of the drivable ground"):
        curve.fit(0.01)


@pytest.mark.parametrize("beside", [0, 90])
def test_images_in_which_only_ground_is_labeled_promise_nothing(beside):
    """Nothing that the network may call ground could be wrong in them, however many there are."""
    curve = RiskCurve(np.array([0.1, 0.5]))
    for _ in range(999):
        curve.update([Areas(8000, 0, PIXELS - beside, PIXELS)] * 2)
    with pytest.raises(
        DatasetError, match="% of the labeled pixels .* label what is beside it too"
    ):
        curve.fit(risk=0.01)
    enough = RiskCurve(np.array([0.1, 0.5]))
    for _ in range(999):
        enough.update([Areas(8000, 0, PIXELS - 100, PIXELS)] * 2)
    assert enough.fit(risk=0.01).max_uncertainty == 0.5


def test_areas_are_those_of_the_mask():
    labels = np.full((40, 40), ROAD, np.uint8)
    uncertainty = np.zeros((40, 40), np.float32)
    uncertainty[:, :10] = 0.3
    truth = labels.copy()
    truth[:, :20] = SKY
    found = Segmentation(labels, 1 - uncertainty, uncertainty)
    areas = list(areas_at(found, truth, LABELS, [0.2, 0.3]))
    assert areas == [Areas(1200, 400, 800, 1600), Areas(1600, 800, 800, 1600)]
    margin = AnswerSettings(drivable_margin=20)
    assert [each.drivable < 1200 for each in areas_at(found, truth, LABELS, [0.2], margin)] == [
        True
    ]


# A network that is certain of the road it was taught, and a data set of it.


@pytest.fixture(scope="module")
def taught(shared_dataset, tmp_path_factory):
    """Weights that tell sky from road, and a data set with 24 labeled images in val."""
    root = tmp_path_factory.mktemp("taught")
    options = ["--learning-rate", "0.01", "--epochs", "12", "--batch-size", "2", "--workers", "1"]
    network = ["--network", "segnet_basic", "--set", "features=8"]
    assert main(["train", str(shared_dataset), "--out", str(root / "run"), *network, *options]) == 0
    data = root / "data"
    for kind in ("val", "valannot"):
        (data / kind).mkdir(parents=True)
        for index in range(24):
            source = shared_dataset / ("train" + kind[3:]) / f"{index % 6}.png"
            (data / kind / f"{index:03}.png").write_bytes(source.read_bytes())
    return root / "run" / "weights.safetensors", data


@pytest.fixture(scope="module")
def calibrated(taught):
    """These weights after `segnet calibrate --risk 0.05`, and the text that it printed."""
    out = taught[1] / "calibrated.safetensors"
    with redirect_stdout(StringIO()) as text:
        files = [str(taught[0]), str(taught[1])]
        assert main(["calibrate", *files, "--out", str(out), "--risk", "0.05"]) == 0
    return out, text.getvalue()


def test_the_command_fits_a_bound_and_says_what_it_promises(taught, calibrated):
    out, text = calibrated
    info = load_weights(out)[1]
    bound = info.bounds["none"]
    assert (bound.risk, bound.images) == (0.05, 24)
    assert "at most 5 % of the drivable area is wrong (calibrated on 24 images)" in text
    assert f"{100 * bound.kept:.1f} % of the ground stays drivable" in text
    before, after = read_tensors(taught[0]), read_tensors(out)
    assert all((before[name] == after[name]).all() for name in before)
    assert Predictor.load(out).bound == bound.max_uncertainty


def test_the_bound_is_the_highest_that_keeps_the_promise(taught, calibrated):
    """The same, from the masks at every bound without running maxima: losses here only grow."""
    predictor = Predictor.load(calibrated[0])
    folder = open_split(taught[1], "val", LABELS)
    losses = []
    for index in range(6):
        image, truth = folder.read(index)
        areas = areas_at(predictor.predict(image), truth, LABELS, BOUNDS)
        losses.append([each.loss for each in areas])
    risks = (4 * np.sum(losses, 0) + 1) / 25
    best = np.flatnonzero(np.maximum.accumulate(risks) <= 0.05)[-1]
    assert predictor.bound == pytest.approx(BOUNDS[best], abs=0.06)
    assert fit_bound(predictor, folder, 0.5).max_uncertainty == USUAL_BOUND


def test_evaluation_shows_what_became_of_the_promise(taught, calibrated, tmp_path, capsys):
    arguments = ["evaluate", str(calibrated[0]), str(taught[1])]
    assert main(arguments) == 0
    assert "risk promised 5 %" in (text := capsys.readouterr().out)
    assert ": kept" in text
    # Elsewhere half of the road is taken for granted and is not.
    for path in (taught[1] / "valannot").iterdir():
        other = tmp_path / "other" / "valannot" / path.name
        other.parent.mkdir(parents=True, exist_ok=True)
        labels = read_image(path)[..., 0].copy()
        labels[:, :48] = SKY
        write_png(other, labels)
    (tmp_path / "other" / "val").symlink_to(taught[1] / "val")
    assert main([*arguments[:2], str(tmp_path / "other")]) == 0
    assert "broken: these images are of another kind" in capsys.readouterr().out
    assert main([*arguments, "--max-uncertainty", "0.3"]) == 0
    text = capsys.readouterr().out
    assert "drivable area at max_uncertainty 0.3" in text
    assert "promised" not in text


def test_too_few_images_keep_the_temperature_and_say_so(dataset, weights, capsys):
    assert main(["calibrate", str(weights), str(dataset)]) == 0
    text = capsys.readouterr().out
    assert "max_uncertainty 0.5, without a promise: a promise of 0.01 needs at least 99" in text
    info = load_weights(weights)[1]
    assert info.temperatures.keys() == {"none"}
    assert not info.bounds


def test_an_old_bound_goes_where_a_new_one_is_refused(dataset, weights, small_info):
    old = replace(small_info, bounds={"none": Bound(0.2, 0.01, 0.9, 100)})
    replace_info(weights, weights, old)
    assert Predictor.load(weights).bound == 0.2
    assert main(["calibrate", str(weights), str(dataset)]) == 0
    assert Predictor.load(weights).bound == USUAL_BOUND


@pytest.mark.parametrize("risk", ["0", "1", "-0.1", "nan"])
def test_a_risk_that_is_no_share_is_refused(dataset, weights, capsys, risk):
    with pytest.raises(SystemExit) as caught:
        main(["calibrate", str(dataset), str(weights), f"--risk={risk}"])
    assert caught.value.code == 2
    expected = f"argument --risk: {risk} is out of range; give more than 0 and less than 1"
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1, nan, inf])
def test_a_library_refuses_such_risks_before_its_work(dataset, weights, risk):
    folder, predictor = open_split(dataset, "val", LABELS), Predictor.load(weights)
    curve = RiskCurve()
    curve.update(image_at(curve.bounds, 0.5))
    for fit in (
        lambda: curve.fit(risk), lambda: fit_bound(predictor, folder, risk),
        lambda: calibrate(weights, folder, risk), lambda: calibrate_onnx(weights, folder, risk),
    ):  # fmt: skip
        with pytest.raises(SettingsError, match="give more than 0 and less than 1"):
            fit()


def test_weights_without_a_drivable_class_are_refused(dataset, weights, small_info):
    nothing = replace(small_info, labels=LABELS.with_drivable(()))
    folder = open_split(dataset, "val", LABELS)
    predictor = Predictor(TorchEngine(nothing.build(), nothing))
    with pytest.raises(DatasetError, match="no class of these weights is drivable"):
        fit_bound(predictor, folder, 0.5)


def test_a_bayesian_network_gets_a_bound_for_each_method(dataset, bayesian, capsys):
    assert main(["calibrate", str(bayesian), str(dataset), "--risk", "0.9"]) == 0
    info = load_weights(bayesian)[1]
    text = capsys.readouterr().out
    for way in ("none", "mc"):
        assert f"\n{way:<10}max_uncertainty 0." in text  # one column, however long the name
        assert way in info.bounds or f"{way:<10}max_uncertainty 0.5, without a promise" in text


def test_the_settings_come_before_the_weights(small_info, dataset):
    promise = Bound(0.25, 0.01, 0.9, 100)
    for asked, bound, promised in ((OF_WEIGHTS, 0.25, 0.01), (0.4, 0.4, None), (0.25, 0.25, 0.01)):
        evaluation = Evaluation(LABELS, None, AnswerSettings(max_uncertainty=asked), promise)
        assert (evaluation.bound, evaluation.promised_risk) == (bound, promised)
    assert Evaluation(LABELS).bound == USUAL_BOUND


def test_evaluations_have_the_drivable_figures(small_info, dataset):
    folder = open_split(dataset, "val", LABELS)
    info = replace(small_info, bounds={"none": Bound(0.9, 0.01, 0.9, 100)})
    (found,) = evaluate_all([Predictor(TorchEngine(info.build(), info))], folder)
    figures = found.figures()
    assert (figures["max_uncertainty"], figures["promised_risk"]) == (0.9, 0.01)
    assert 0 <= figures["drivable_risk"] <= 1
