import json

import cv2
import numpy as np
import pytest
import yaml
from painter import COLORS, NAMES, painter, true_logits

from segnet_model.base.tables import AnswerSettings
from segnet_model.cli import main
from segnet_model.images.files import read_image, write_png
from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import confidence, stats
from segnet_model.inference.predictor import Predictor
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD

pytest.importorskip("onnxruntime")
IMAGENET = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}


@pytest.fixture
def yard(tmp_path):
    """A folder with the painter's label set and an image of a wall above a path."""
    classes = [{"name": n, "color": list(c)} for n, c in zip(NAMES, COLORS, strict=True)]
    (tmp_path / "yard.yaml").write_text(yaml.safe_dump({"name": "yard", "classes": classes}))
    image = np.repeat(np.array(COLORS[:2], np.uint8), 32, 0)[:, None].repeat(96, 1)
    write_png(tmp_path / "yard.png", image)
    return tmp_path


@pytest.fixture
def adopt(yard):
    def run(model, *options):
        (yard / "model.onnx").write_bytes(model.SerializeToString())
        return main([
            "adopt", str(yard / "model.onnx"), "--labels", str(yard / "yard.yaml"),
            "--out", str(yard / "weights.onnx"), *map(str, options),
        ])  # fmt: skip

    return run


def test_a_network_is_adopted_and_its_picture_drawn(adopt, yard, capsys):
    assert adopt(painter(**IMAGENET), "--image", yard / "yard.png", "--drivable", "path",
                 "--license", "MIT") == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "wall 50%, path 50%" in said
    assert "guessed: ImageNet's" in said
    picture = cv2.imread(str(yard / "weights.png"))
    assert picture.shape == (64, 96, 3)
    info = Predictor.load(yard / "weights.onnx").info
    assert (info.network, info.license) == ("model", "MIT")
    assert [each.name for each in info.labels.classes if each.drivable] == ["path"]
    assert main(["predict", str(yard / "weights.onnx"), str(yard / "yard.png"), "--out",
                 str(yard / "out")]) == 0  # fmt: skip
    mask = cv2.imread(str(yard / "out/masks/yard.png"), cv2.IMREAD_GRAYSCALE)
    assert (mask == np.arange(2).repeat(32)[:, None]).all()


@pytest.fixture
def ids_only(adopt, yard):
    assert adopt(painter(**IMAGENET, end="argmax"), "--drivable", "path") == 0
    return yard / "weights.onnx"


def test_ids_alone_are_said_and_stay_unknown(capsys, ids_only, yard):
    said = capsys.readouterr().out
    assert "the graph: ArgMax" in said
    assert "confidence and uncertainty are unknown, and nothing is drivable unless" in said
    predictor = Predictor.load(ids_only)
    image = read_image(yard / "yard.png")
    for bound, drivable in ((0.5, 0), (0.99, 0), (1.0, 32 * 96)):
        answer = Answer(
            image, predictor.predict(image), predictor.info.labels,
            AnswerSettings(max_uncertainty=bound, drivable_min_area=0.0),
        )  # fmt: skip
        assert np.count_nonzero(answer.drivable) == drivable
        assert answer.drivable[:32].max() == 0
    assert not confidence(answer).any()
    assert np.isnan(stats(answer)["mean_confidence"])
    assert answer.summary.largest in NAMES
    assert np.isnan(answer.summary.unsure)


def test_ids_alone_are_measured_without_figures_of_confidence(ids_only, yard, capsys, caplog):
    data = yard / "data"
    for folder in ("val", "valannot"):
        (data / folder).mkdir(parents=True)
    write_png(data / "val/a.png", read_image(yard / "yard.png"))
    write_png(
        data / "valannot/a.png", np.arange(2, dtype=np.uint8).repeat(32)[:, None].repeat(96, 1)
    )
    (data / "labels.yaml").write_text((yard / "yard.yaml").read_text())
    assert main(["evaluate", str(ids_only), str(data), "--out", str(yard / "report")]) == 0
    figures = json.loads((yard / "report/evaluation.json").read_text())
    assert figures["miou"] == 1
    assert figures["ece"] is None
    assert figures["pavpu"] is None
    assert figures["auroc"] == {"entropy": None}
    assert (yard / "report/report.html").exists()
    assert "ECE -" in capsys.readouterr().out
    assert "answers ids alone" in caplog.text


@pytest.mark.parametrize(
    ("command", "mend"),
    [
        (
            ["predict", "WEIGHTS", "FOLDER", "--out", "out", "--refine", "crf"],
            "choose refine 'none'",
        ),
        (["predict", "WEIGHTS", "FOLDER", "--out", "out", "--uncertainty", "mc"], "dropout"),
        (["prelabel", "WEIGHTS", "FOLDER", "--out", "o.zip", "--unsure", "0.4"], "leave --unsure"),
        (
            ["select", "FOLDER", "WEIGHTS", "--uncertainty", "none", "--out", "out"],
            "select with weights that give",
        ),
    ],
    ids=lambda each: each[0],
)
def test_ids_alone_do_not_do_for_what_needs_uncertainty(
    command, mend, ids_only, yard, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    places = {"WEIGHTS": str(ids_only), "FOLDER": str(yard)}
    assert main([places.get(each, each) for each in command]) == 2
    assert mend in capsys.readouterr().err


def test_nothing_is_left_of_what_was_refused(adopt, yard, capsys):
    assert adopt(painter(**IMAGENET, more=["aux"])) == 2
    assert "segnet adopt: " in (said := capsys.readouterr().err)
    assert "choose one with --output: answer" in said
    assert {each.name for each in yard.iterdir()} == {"model.onnx", "yard.yaml", "yard.png"}
    assert adopt(painter(**IMAGENET), "--output", "answer", "--out", yard / "model.onnx") == 2
    assert "give another file" in capsys.readouterr().err


def test_an_adopted_network_is_calibrated(adopt, yard, capsys):
    """Labels drawn at temperature 2 from the network's own logits give that temperature back."""
    assert adopt(painter(**IMAGENET)) == 0
    rng, data = np.random.default_rng(4), yard / "data"
    for folder in ("val", "valannot"):
        (data / folder).mkdir(parents=True)
    (data / "labels.yaml").write_text((yard / "yard.yaml").read_text())
    for index in range(4):
        image = rng.integers(0, 256, (64, 96, 3), np.uint8)
        drawn = true_logits(image) / 2 + rng.gumbel(size=(64, 96, 5))  # the largest is a draw
        write_png(data / f"val/{index}.png", image)
        write_png(data / f"valannot/{index}.png", drawn.argmax(-1).astype(np.uint8))
    assert main(["calibrate", str(yard / "weights.onnx"), str(data)]) == 0
    assert "temperature" in capsys.readouterr().out
    predictor = Predictor.load(yard / "weights.onnx")
    assert predictor.info.temperature("none") == pytest.approx(2, abs=0.1)
    powers = np.exp(true_logits(image) / predictor.info.temperature("none"))
    expected = (powers / powers.sum(-1, keepdims=True)).max(-1)
    np.testing.assert_allclose(predictor.predict(image).confidence, expected, atol=1e-3)


def test_ids_alone_cannot_be_calibrated(ids_only, yard, dataset, capsys):
    labels = str(yard / "yard.yaml")
    assert main(["calibrate", str(ids_only), str(dataset), "--labels", labels]) == 2
    assert "adopt the network again with --answers logits" in capsys.readouterr().err
