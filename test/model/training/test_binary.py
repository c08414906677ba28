"""Two classes from one channel: the same path as many classes, end to end."""

import numpy as np
import pytest
import yaml

from segnet_model.base.errors import SettingsError
from segnet_model.datasets.folder import open_split
from segnet_model.evaluation.assess import evaluate
from segnet_model.images.files import read_image, write_png
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.training.settings import AugmentSettings, TrainSettings
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import load_weights

STILL = AugmentSettings(scale_min=1, scale_max=1, brightness=0, contrast=0, saturation=0, hue=0)


@pytest.fixture
def lawn(tmp_path):
    """Green below a line, grey above it; some pixels without truth."""
    labels = LabelSet.from_dict(
        {
            "name": "lawn",
            "classes": [
                {"name": "other", "color": [90, 90, 90]},
                {"name": "lawn", "color": [0, 160, 0], "drivable": True},
            ],
        }
    )
    root = tmp_path / "lawn"
    rng = np.random.default_rng(1)
    for split, count in (("train", 8), ("val", 2)):
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir(parents=True)
        for index in range(count):
            truth = np.zeros((64, 96), np.uint8)
            truth[int(rng.integers(16, 48)) :] = 1
            image = labels.colorize(truth) + rng.integers(0, 40, (64, 96, 3)).astype(np.uint8)
            truth[:2] = labels.ignore_id
            write_png(root / split / f"{index}.png", image)
            write_png(root / f"{split}annot" / f"{index}.png", truth)
    (root / "labels.yaml").write_text(yaml.safe_dump(labels.to_dict()))
    return root


@pytest.mark.parametrize("loss", ["cross_entropy", "dice", "cross_entropy+dice"])
def test_learns_from_one_channel(lawn, tmp_path, loss):
    settings = TrainSettings(
        network_settings={"features": 8}, labels=str(lawn / "labels.yaml"), input_size=(64, 96),
        activation="sigmoid", loss=loss, epochs=12, batch_size=2, learning_rate=1e-2, augment=STILL,
    )  # fmt: skip
    path = train(lawn, tmp_path / "run", settings)
    network, info = load_weights(path)
    assert (info.activation, network.classifier.out_channels) == ("sigmoid", 1)
    predictor = Predictor.load(path)
    matrix = evaluate(predictor, open_split(lawn, "val", info.labels))
    assert matrix.mean_iou > 0.9
    found = predictor.predict(read_image(lawn / "val" / "0.png"))
    assert found.confidence.min() >= 0.5  # of two, the likelier one
    assert set(np.unique(found.labels)) == {0, 1}


def test_more_classes_than_two_are_refused(dataset, tmp_path):
    with pytest.raises(SettingsError, match="for two classes"):
        train(dataset, tmp_path / "run", TrainSettings(activation="sigmoid"))
